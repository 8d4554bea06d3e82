namespace Headwater.Servers;

/// <summary>
/// What a session's <c>state</c> says while it commits, and conditions over <c>information_schema.PROCESSLIST</c> made of it. Sources: sql/mysqld.cc (stage_*), and
/// https://mariadb.com/kb/en/general-thread-states/ .
/// </summary>
public static class ThreadStates
{
    /// <summary>It gets its changes into the log, or waits in the queue for that.</summary>
    public const string InCommit = "Commit";

    /// <summary>What it writes finds no room on the disk. It looks again after a minute, or when it is killed.</summary>
    public const string OutOfRoom = "Waiting for someone to free space";

    /// <summary>It waits for a replica's acknowledgement, for all of its group of commits.</summary>
    public const string UnacknowledgedBegin = "Waiting for semi-sync ACK";

    /// <summary>A whole group of commits waits for this one.</summary>
    public const string GroupWaits = "(IFNULL(state, '') LIKE '" + UnacknowledgedBegin + "%' OR IFNULL(state, '') = '" + OutOfRoom + "')";

    /// <summary>It is in the midst of a commit.</summary>
    public const string IsCommitting = "(IFNULL(state, '') = '" + InCommit + "' OR " + GroupWaits + ")";

    /// <summary>A replica's receiver that finds no room for its relay log.</summary>
    public const string ReceiverOutOfRoom = "command = 'Slave_IO' AND state = '" + OutOfRoom + "'";
}
