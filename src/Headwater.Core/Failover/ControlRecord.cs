using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

public enum ChangeKind : byte
{
    Failover,
    Switchover,
}

/// <summary>How far a change of primary has come. Until <see cref="Promoting"/> it can be undone by forgetting it; from there on it is carried to its end.</summary>
public enum ChangeStep : byte
{
    /// <summary>Switchover: new writes wait at the gateways, open transactions end.</summary>
    Holding,

    /// <summary>Switchover: the old primary becomes read_only.</summary>
    Closing,

    /// <summary>Failover: the replicas stop receiving, after which the old primary can acknowledge nothing any more.</summary>
    Fencing,

    /// <summary>The candidate applies all that it and others have received.</summary>
    Draining,

    /// <summary>The candidate has been appointed (in the journal) and is made writable.</summary>
    Promoting,
}

/// <summary>A change of primary under way.</summary>
public sealed record Change
{
    public required ChangeKind Kind { get; init; }
    public required ServerId From { get; init; }
    public ServerId? To { get; init; }
    public required ChangeStep Step { get; init; }

    /// <summary>What the candidate must have applied.</summary>
    public Position Goal { get; init; }

    /// <summary>Why it was begun, and of each step why it was safe; people and machines read the same.</summary>
    public required ImmutableArray<string> Proof { get; init; }
}

/// <summary>
/// What a controller must remember over its own death: written to the journal before anything is done about it, so that whoever takes over
/// carries on or undoes.
/// </summary>
public sealed record ControlRecord
{
    /// <summary>Grows with each appointment.</summary>
    public Epoch Epoch { get; init; }

    /// <summary>The one server that may be written to; null before any was found.</summary>
    public ServerId? Primary { get; init; }

    /// <summary>Its <c>@@server_id</c>: the writer's name in the GTIDs of this epoch.</summary>
    public uint Number { get; init; }

    /// <summary>What the primary had when it was appointed. What a former primary has beyond it is its tail.</summary>
    public Position AppointedAt { get; init; }

    /// <summary>How far each server had ever written in its history by then. Whoever has not met the primary yet tells a copy of a lost branch by it.</summary>
    public ImmutableArray<Gtid> History { get; init; } = [];

    /// <summary>Whoever was ever met as a member of the ring: what it wrote in its domain is of this cluster, also when it is gone.</summary>
    public ImmutableArray<CoWriter> RingWriters { get; init; } = [];

    /// <summary>The former primary's number, where it is proven that nobody was shown more than <see cref="AppointedAt"/>; else 0.</summary>
    public uint InheritedFrom { get; init; }

    /// <summary>What views are made by; the primary is null where it is for another process to find the first one.</summary>
    /// <param name="closed">Why writes wait; null: they go to the primary.</param>
    public Appointment Appointment(string? closed) =>
        new(Primary, Epoch, closed) { Number = Number, At = AppointedAt, History = History, RingWriters = RingWriters, Inherited = InheritedFrom == 0 ? null : new Inheritance(InheritedFrom, AppointedAt) };

    /// <summary>The servers that may hold the only copy of an acknowledged write: each of them must answer, and have what it had, before anybody is promoted at <see cref="LossPromise.Zero"/>.</summary>
    public ImmutableArray<ServerId> Acknowledgers { get; init; } = [];
    public Change? Change { get; init; }

    /// <summary>Servers that the controller leaves alone.</summary>
    public ImmutableArray<ServerId> InMaintenance { get; init; } = [];
    public bool Paused { get; init; }

    /// <summary>An operator lets the present primary be replaced although acknowledged writes may be lost by it. Ends with the next appointment, or when that primary answers.</summary>
    public bool LossAccepted { get; init; }
}

/// <summary>The record, and what a controller may forget when it dies.</summary>
public sealed record ControlState
{
    public ControlRecord Record { get; init; } = new();

    /// <summary>When the first look at the primary ended that was not answered; null while it answers, be it with a refusal.</summary>
    public Instant? SilentSince { get; init; }

    /// <summary>Since which look no commit gets into the primary's log although sessions are committing, and that log's end; null while commits get in, or nobody commits.</summary>
    public (ServerState Of, Position At, Instant Since)? Stalled { get; init; }
    public Instant StepAt { get; init; }

    /// <summary>When this controller first looked.</summary>
    public Instant? BegunAt { get; init; }

    /// <summary>Not before this time a change that was undone is begun again.</summary>
    public Instant NotBefore { get; init; }

    /// <summary>Since when commits wait at the same position although a replica that acknowledges has it; null while none do.</summary>
    public (Position At, Instant Since)? Stuck { get; init; }

    /// <summary>
    /// The incarnation of the primary of which all that it had shown was last seen to be on a replica, and its <see cref="SemiSync.Unacknowledged"/> then: while that does not
    /// grow, it shows nothing that is not. A restart shows what was logged and not acknowledged.
    /// </summary>
    public (ServerState Of, long Unacknowledged)? Shared { get; init; }

    /// <summary>Kept at <see cref="LossPromise.Bounded"/>; null before this epoch's primary was appointed by this controller, or has answered it.</summary>
    public LogMarks? Marks { get; init; }

    /// <summary>When each replica was remembered that is about to be told to acknowledge: until it has been told, that it does not yet is no reason to forget it.</summary>
    public ImmutableDictionary<ServerId, Instant> Telling { get; init; } = ImmutableDictionary<ServerId, Instant>.Empty;
    public ImmutableArray<Instant> Failovers { get; init; } = [];
}
