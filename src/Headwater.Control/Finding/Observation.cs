using Headwater.Core;
using Headwater.Core.Topology;
using System.Collections.Immutable;
using Headwater.Core.Positions;

namespace Headwater.Control;


internal enum LinkThread : byte
{
    Stopped,
    Connecting,
    Running,
}

/// <summary>One replication connection of a server, as SHOW ALL SLAVES STATUS tells it.</summary>
internal sealed record ReplicationLink(
    string Host, int Port, uint SourceNumber, LinkThread Io, LinkThread Sql, TimeSpan Delay = default, string Error = "")
{
    public bool Runs => Io == LinkThread.Running && Sql == LinkThread.Running;
}

/// <summary>A server that has registered with its source, as SHOW SLAVE HOSTS tells it.</summary>
internal readonly record struct Follower(uint Number, string Host, int Port);

/// <summary>What a server said about itself.</summary>
internal sealed record ServerFacts
{
    /// <summary><c>@@server_id</c>, unique among servers that replicate from each other.</summary>
    public required uint Number { get; init; }
    public required ServerCapabilities Capabilities { get; init; }
    public bool ReadOnly { get; init; }

    /// <summary><c>@@log_slave_updates</c>: what it applies as a replica stands in its own log too.</summary>
    public bool LogsReplicated { get; init; } = true;

    /// <summary>When it was started, on our clock; told in seconds by the server, so good to about a second.</summary>
    public Instant StartedAt { get; init; }

    /// <summary>The server's id of the connection that asked: counts from 1 at each start of the server.</summary>
    public uint ConnectionId { get; init; }
    public ImmutableArray<ReplicationLink> Links { get; init; } = [];
    public ImmutableArray<Follower> Followers { get; init; } = [];
    public Position Logged { get; init; }
    public Position Applied { get; init; }

    /// <summary><c>@@gtid_binlog_state</c> with <c>@@gtid_slave_pos</c>: see <see cref="Lineage"/>.</summary>
    public ImmutableArray<Gtid> History { get; init; } = [];
}

/// <summary>What one look at one server said, with the time it was true. Without facts it is a failure, and <see cref="Failure"/> says which.</summary>
internal sealed record Observation(ServerId Server, Instant AskedAt, Instant AnsweredAt)
{
    public ServerFacts? Facts { get; init; }

    /// <summary>A half sentence: "did not answer for 700 ms", "refuses connections".</summary>
    public string Failure { get; init; } = "";

    /// <summary>True when its position was seen to go backwards since the look before.</summary>
    public bool Rewound { get; init; }
}
