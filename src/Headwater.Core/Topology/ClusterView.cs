using System.Collections.Immutable;
using Headwater.Core.Positions;

namespace Headwater.Core.Topology;

/// <summary>Grows with each change of primary; a write carries the epoch it was routed in.</summary>
public readonly record struct Epoch(long Number)
{
    public override string ToString() => Number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>What servers differ in and the flow must know: asked for, never derived from a version in the flow.</summary>
public sealed record ServerCapabilities
{
    /// <summary>The server's own version text, shown to clients in the greeting and to people.</summary>
    public required string Version { get; init; }

    /// <summary>How a witness's version ends.</summary>
    public const string WitnessVersion = "-headwater-witness";

    public bool IsWitness => Version.EndsWith(WitnessVersion, StringComparison.Ordinal);

    /// <summary>The OK packet tells the commit's GTID: <c>last_gtid</c> through session_track_system_variables (MariaDB).</summary>
    public bool TracksLastGtid { get; init; }

    /// <summary>MASTER_GTID_WAIT is there (MariaDB).</summary>
    public bool WaitsForGtid { get; init; }

    /// <summary>Capability bits of the server's greeting (low 32: the common ones; high 32: MariaDB's extended ones).</summary>
    public ulong ProtocolCapabilities { get; init; }
}

/// <summary>One server as the view sees it. Immutable; <see cref="State"/> is the one thing in it that moves.</summary>
public sealed record ServerView
{
    public required ServerState State { get; init; }
    public ServerId Id => State.Id;
    public required ServerAddress Address { get; init; }
    public ServerRole Role { get; init; }
    public ServerTags Tags { get; init; }
    public bool IsWitness => (Tags & ServerTags.Witness) != 0;
    public ServerHealth Health { get; init; }

    /// <summary>Why role and health are what they are: one sentence for people.</summary>
    public string Reason { get; init; } = "";

    /// <summary>1 is normal; 0 gets no reads; relative share otherwise.</summary>
    public double Weight { get; init; } = 1;
    public string Zone { get; init; } = "";
    public ServerCapabilities? Capabilities { get; init; }

    /// <summary>Lag in time: how long ago the primary stood where this replica stands. Null when unknown; never 0 for a stopped replica.</summary>
    public TimeSpan? Lag { get; init; }

    /// <summary>Whether the replica's apply threads run. A stopped one is never "0 s behind".</summary>
    public bool Replicating { get; init; }

    /// <summary>The server this one replicates from, as it names it itself.</summary>
    public string? Source { get; init; }

    /// <summary>The last probe that was answered; null when none ever was. How long a server has been silent counts from it.</summary>
    public Observation? LastAnswer { get; init; }

    /// <summary>How the latest probe ended; <see cref="LastAnswer"/> may be older.</summary>
    public ProbeOutcome Outcome { get; init; }

    /// <summary>When the latest probe was begun, answered or not.</summary>
    public Instant LookedAt { get; init; }

    /// <summary>When something last came to it from its source, a transaction or a heartbeat, as far as looks can tell; null while its receiver does not run.</summary>
    public Instant? SourceHeardAt { get; init; }

    /// <summary>@@server_id, the writer's name in the GTIDs it writes; 0 when it is not known.</summary>
    public uint Number { get; init; }
}

/// <summary>The immutable picture of a cluster at an instant. Replaced whole; one writer.</summary>
public sealed record ClusterView
{
    public required string Cluster { get; init; }
    public Epoch Epoch { get; init; }

    /// <summary>When this process learnt of the epoch.</summary>
    public Instant Since { get; init; }

    /// <summary>Grows with each replacement.</summary>
    public long Version { get; init; }
    public ImmutableArray<ServerView> Servers { get; init; } = [];

    /// <summary>The primary that may be written to, or null while none is known.</summary>
    public ServerView? Primary { get; init; }

    /// <summary>Why the primary is what it is, or why there is none: one sentence.</summary>
    public string Reason { get; init; } = "";

    /// <summary>How far each server ever wrote in each domain of the primary's history (<c>@@gtid_binlog_state</c> and <c>@@gtid_slave_pos</c>); see <see cref="Lineage"/>.</summary>
    public ImmutableArray<Gtid> History { get; init; } = [];

    /// <summary>The <c>@@server_id</c> of the server that writes this epoch's history, though it may be away; 0 when it is not known.</summary>
    public uint Writer
    {
        get => field != 0 ? field : Reigning?.Number ?? 0;
        init;
    }

    /// <summary>Servers whose links lead round, in the order in which a transaction travels; empty when there are none.</summary>
    public ImmutableArray<ServerId> Ring { get; init; } = [];

    /// <summary>When <see cref="Ring"/> was first seen as it is.</summary>
    public Instant RingSince { get; init; }

    /// <summary>All of it was looked at since, so that it is no two looks at different times, one before and one after a change of primary.</summary>
    public bool RingIsSure { get; init; }

    /// <summary>Whoever writes, or ever wrote, as a member of the ring, also when it is gone.</summary>
    public ImmutableArray<CoWriter> RingWriters { get; init; } = [];

    /// <summary>Of a member of the ring, and so of this cluster's history, whoever has it yet.</summary>
    public bool IsOfRing(Gtid gtid) => RingWriters.Contains(new CoWriter(gtid.Domain, gtid.Server));

    /// <summary>Who writes beside the primary now, each in a domain of its own.</summary>
    public ImmutableArray<CoWriter> CoWriters { get; init; } = [];

    /// <summary>Whether a transaction that the history does not have yet may come into it.</summary>
    public bool MayWrite(Gtid gtid) => Writer is 0 || gtid.Server == Writer || CoWriters.Contains(new CoWriter(gtid.Domain, gtid.Server));

    /// <summary>What the epoch began with, where a controller has proven that nobody was shown more before; else null.</summary>
    public Inheritance? Inherited { get; init; }

    /// <summary>Who bears the primary's role, also while it is away, until there is another; null when nobody does.</summary>
    public ServerView? Reigning
    {
        get
        {
            if (Primary is { } primary) return primary;
            foreach (var server in Servers)
                if (server.Role == ServerRole.Primary) return server;
            return null;
        }
    }

    /// <summary>
    /// A sample of the primary that bounds what any copy had shown by <paramref name="instant"/>: whatever a copy shows, the primary has logged before. Only one asked in this epoch:
    /// before, it was a replica's, which may not have had what its predecessor showed.
    /// </summary>
    public PositionSample? BoundOf(Instant instant) => Reigning?.State.Timeline.FirstAskedSince(instant > Since ? instant : Since);
}
