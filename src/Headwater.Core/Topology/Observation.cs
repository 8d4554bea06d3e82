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

    /// <summary>Slave_SQL_Running.</summary>
    public bool Applying { get; init; }

    /// <summary>Last_IO_Error or Last_SQL_Error; empty when there is none.</summary>
    public string Error { get; init; } = "";

    /// <summary>SQL_Delay: how long it deliberately waits before it applies.</summary>
    public TimeSpan Delay { get; init; }
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
    public ServerCapabilities? Capabilities { get; init; }
    public bool ReadOnly { get; init; }

    /// <summary>SHOW STATUS LIKE 'Uptime'.</summary>
    public TimeSpan Uptime { get; init; }

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
    public ImmutableArray<ReplicationLink> Links { get; init; } = [];

    /// <summary>SHOW SLAVE HOSTS: replicas that have registered here and said where they listen (report_host).</summary>
    public ImmutableArray<ServerAddress> RegisteredReplicas { get; init; } = [];
}

public sealed record DiscoveryOptions
{
    public required string Cluster { get; init; }

    /// <summary>A server that has not answered for this long is down; until then a glitch changes nothing.</summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>A replica further behind gets no new statements until it is within half of it. Null: the level of each read alone decides.</summary>
    public TimeSpan? MaxLag { get; init; }
}
