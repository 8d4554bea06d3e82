using Headwater.Core.Topology;

namespace Headwater.Up;

/// <summary>How a replica is tied to its primary.</summary>
internal static class ReplicaLink
{
    /// <summary>
    /// What a server runs before it lets anybody in. The link is written anew at each start, so that it follows a moved port
    /// or another primary; nothing is lost by it, as in GTID mode MariaDB throws its relay log away at a restart in any case
    /// and asks again from what it has applied (https://mariadb.com/kb/en/gtid/ ).
    /// </summary>
    public static string InitFile(EmbeddedServer server, EmbeddedServer primary, AccountRecord replication)
    {
        if (server.Role == ServerRole.Primary) return "RESET SLAVE ALL;\n";
        // What a server has is what its own log says, be it applied, copied from the primary at rest or committed here. The
        // primary refuses a position that its history does not know, so a replica that went its own way is found at once.
        return "SET GLOBAL gtid_slave_pos = IF(@@GLOBAL.gtid_binlog_pos = '', @@GLOBAL.gtid_slave_pos, @@GLOBAL.gtid_binlog_pos);\n"
            + $"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.Record.Port}, MASTER_USER='{replication.User}', "
            + $"MASTER_PASSWORD='{replication.Password}', MASTER_CONNECT_RETRY=1, MASTER_HEARTBEAT_PERIOD=0.5, MASTER_USE_GTID=slave_pos;\n";
    }

    /// <summary>Starts the link and waits until the primary has accepted the replica's position. Returns null, or why this replica cannot follow this primary with the data it has.</summary>
    public static async Task<string?> StartAsync(EmbeddedServer replica, AccountRecord administrator, TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        await using var connection = await replica.ConnectAsync(administrator, ct);
        await connection.QueryAsync("START SLAVE", ct);
        var until = time.GetTimestamp() + (long)(patience.TotalSeconds * time.TimestampFrequency);
        while (true)
        {
            var status = await connection.QueryAsync("SHOW SLAVE STATUS", ct);
            string Said(string column) => status.Rows.Count == 0 ? "" : status.Value(0, column) ?? "";
            if (Said("Last_SQL_Errno") is not ("0" or "")) return $"applying failed with error {Said("Last_SQL_Errno")}: {Said("Last_SQL_Error")}";
            // 1236: the primary's log does not have what the replica asks for, or has another history there.
            if (Said("Last_IO_Errno") == "1236") return Said("Last_IO_Error");
            // The I/O thread says Yes before it has asked for its position; a file name comes with the primary's first event.
            if (Said("Slave_IO_Running") == "Yes" && Said("Slave_SQL_Running") == "Yes" && Said("Master_Log_File") != "") return null;
            if (time.GetTimestamp() > until)
                throw new UpException($"{replica.Name} did not connect to the primary within {patience.TotalSeconds:0} s: {Said("Last_IO_Error")}\nThe end of {replica.Folder.Log}:\n{replica.LogTail()}");
            await Task.Delay(TimeSpan.FromMilliseconds(4), time, ct);
        }
    }
}
