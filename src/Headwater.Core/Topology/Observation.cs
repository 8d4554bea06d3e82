using System.Collections.Immutable;
using Headwater.Core.Positions;

namespace Headwater.Core.Topology;

/// <summary>A server that we are told to look at, with what only its operator knows.</summary>
public sealed record WatchedServer(ServerId Id, ServerAddress Address)
{
    public ServerTags Tags { get; init; }
    public double Weight { get; init; } = 1;
    public string Zone { get; init; } = "";
}

public enum ProbeOutcome : byte
{
    Answered,

    /// <summary>The name or the network is not there, or the connection broke.</summary>
    Unreachable,

    /// <summary>The host is there and says that nobody listens: the server's process is gone, which no waiting makes truer.</summary>
    Closed,

    /// <summary>The connection stands or was accepted, and no answer came in time.</summary>
    Silent,

    /// <summary>The server answered with an error: wrong password, too many connections.</summary>
    Refused,

    /// <summary>It lives, and cannot say what it is asked while its receiver waits for room on the disk.</summary>
    Full,
}

public enum LinkState : byte
{
    Stopped,
    Connecting,
    Running,
}

/// <summary>One replication link, a row of SHOW ALL SLAVES STATUS.</summary>
public sealed record ReplicationLink
{
    public string Name { get; init; } = "";
    public required string SourceHost { get; init; }
    public required int SourcePort { get; init; }

    /// <summary>Master_Server_Id; 0 until the link has been connected once.</summary>
    public uint SourceNumber { get; init; }

    /// <summary>Slave_IO_Running: No, Connecting (or Preparing), Yes.</summary>
    public LinkState Receiving { get; init; }

    /// <summary>Gtid_IO_Pos: what has been received, applied or not. Empty until the link has been connected once.</summary>
    public Position Received { get; init; }

    /// <summary>Master_Log_File and Read_Master_Log_Pos: the same as a place in the source's log.</summary>
    public LogPlace ReceivedTo { get; init; }

    /// <summary>Slave_received_heartbeats. Grows while the source lives and has nothing to send.</summary>
    public long Heartbeats { get; init; }

    /// <summary>Slave_SQL_Running.</summary>
    public bool Applying { get; init; }

    /// <summary>Last_IO_Error or Last_SQL_Error; empty when there is none.</summary>
    public string Error { get; init; } = "";

    /// <summary>The error is that the source was not reached: the receiver goes on trying by itself, and one that does not was told to stop.</summary>
    public bool Unreached { get; init; }

    /// <summary>What somebody has to see to before it can go on; empty when there is nothing.</summary>
    public string Broken => Unreached ? "" : Error;

    /// <summary>SQL_Delay: how long it deliberately waits before it applies.</summary>
    public TimeSpan Delay { get; init; }
}

/// <summary>Semi-synchronous replication as a server has it. Source: https://mariadb.com/kb/en/semisynchronous-replication/ .</summary>
public sealed record SemiSync
{
    /// <summary>rpl_semi_sync_master_enabled: its commits wait for an acknowledgement.</summary>
    public bool Waits { get; init; }

    /// <summary>Rpl_semi_sync_master_status: they still do; off after a timeout, when it has become asynchronous.</summary>
    public bool Waiting { get; init; }

    /// <summary>Rpl_semi_sync_master_clients.</summary>
    public int Acknowledgers { get; init; }

    /// <summary>Rpl_semi_sync_master_wait_sessions: commits that wait now.</summary>
    public int WaitingCommits { get; init; }

    /// <summary>rpl_semi_sync_slave_enabled: it acknowledges what it receives, from the next start of its receiver on.</summary>
    public bool Acknowledges { get; init; }

    /// <summary>Rpl_semi_sync_master_no_tx: commits that ended without an acknowledgement, as one does whose session is killed while it waits; others see it then.</summary>
    public long Unacknowledged { get; init; }

    /// <summary>Rpl_semi_sync_slave_status: it does so now.</summary>
    public bool Acknowledging { get; init; }
}

/// <summary>What one probe of one server said, with the time it was true. Only the first four members mean anything unless it answered.</summary>
public sealed record Observation
{
    public required WatchedServer Server { get; init; }
    public required Instant AskedAt { get; init; }
    public required Instant AnsweredAt { get; init; }
    public ProbeOutcome Outcome { get; init; }

    /// <summary>What went wrong, in the server's or the system's words; no secrets.</summary>
    public string Failure { get; init; } = "";

    /// <summary>@@server_id.</summary>
    public uint Number { get; init; }

    /// <summary>@@gtid_domain_id: the domain in which it writes.</summary>
    public uint Domain { get; init; }
    public ServerCapabilities? Capabilities { get; init; }
    public bool ReadOnly { get; init; }

    /// <summary>SHOW STATUS LIKE 'Uptime'.</summary>
    public TimeSpan Uptime { get; init; }

    /// <summary>The thread id that the server greeted the probe's connection with; 0 when it is not known.</summary>
    public uint ThreadId { get; init; }

    /// <summary>The probe ran on a connection that was made since the last probe that was answered.</summary>
    public bool NewConnection { get; init; }

    /// <summary>Its position was seen to go backwards since the probe before, by who samples it.</summary>
    public bool WentBack { get; init; }

    /// <summary>@@log_slave_updates: what it applies as a replica stands in its own log too.</summary>
    public bool LogsReplicated { get; init; } = true;
    public Position BinlogPosition { get; init; }
    public Position SlavePosition { get; init; }

    /// <summary>@@gtid_binlog_state: how far each server ever wrote in this log.</summary>
    public ImmutableArray<Gtid> BinlogState { get; init; } = [];

    /// <summary>How far each server ever wrote in its history, by its own log and by what it has applied; a server may be named twice in a domain.</summary>
    public IEnumerable<Gtid> History
    {
        get
        {
            foreach (var gtid in BinlogState) yield return gtid;
            for (var i = 0; i < SlavePosition.DomainCount; i++) yield return SlavePosition[i];
        }
    }
    public ImmutableArray<ReplicationLink> Links { get; init; } = [];

    /// <summary>
    /// Sessions that are in the middle of a commit. Asked of a server that can be written to when its log has not moved since the look before; else 0, as a log that moves is written.
    /// </summary>
    public int Committing { get; init; }

    /// <summary>One of them waits for room on the disk. MariaDB looks for it again after a minute: https://mariadb.com/kb/en/mysys-library/ (my_write, MY_WAIT_IF_FULL).</summary>
    public bool DiskFull { get; init; }

    /// <summary>Null where the server has no semi-synchronous replication.</summary>
    public SemiSync? SemiSync { get; init; }
}

/// <summary>The primary that a controller has appointed: where there is a controller, nobody is found to be the primary, the record says it.</summary>
/// <param name="Primary">Null: nobody yet, and nobody is looked for either, since another process appoints.</param>
/// <param name="Closed">Why writes wait although it may be writable: it is being replaced. Null: they go to it.</param>
public sealed record Appointment(ServerId? Primary, Epoch Epoch, string? Closed)
{
    /// <summary>Its <c>@@server_id</c>; 0 when it is not known.</summary>
    public uint Number { get; init; }

    /// <summary>What it had when it was appointed: its history, also where the last look at it was before that.</summary>
    public Position At { get; init; }

    /// <summary>How far each server had ever written in its history by then; empty when it is not known.</summary>
    public ImmutableArray<Gtid> History { get; init; } = [];

    /// <summary>See <see cref="ClusterView.RingWriters"/>.</summary>
    public ImmutableArray<CoWriter> RingWriters { get; init; } = [];

    /// <summary>See <see cref="ClusterView.Inherited"/>.</summary>
    public Inheritance? Inherited { get; init; }
}

public sealed record DiscoveryOptions
{
    public required string Cluster { get; init; }

    /// <summary>A server that has not answered for this long is down; until then a glitch changes nothing.</summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>Null: no controller, or none has found a primary yet.</summary>
    public Appointment? Appointed { get; init; }

    /// <summary>
    /// True: the servers are kept as a ring, and each may replicate from the one before it and write in a domain of its own. False: as a tree, in which nobody that replicates is written to.
    /// Null: nobody keeps them, so what is seen decides.
    /// </summary>
    public bool? IsRing { get; init; }

    /// <summary>The gateway's own zone: of several members of a ring that can be written to, it writes to one there.</summary>
    public string Zone { get; init; } = "";

    /// <summary>A replica further behind gets no new statements until it is within half of it. Null: the level of each read alone decides.</summary>
    public TimeSpan? MaxLag { get; init; }
}
