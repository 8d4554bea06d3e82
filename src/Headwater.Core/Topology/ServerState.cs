using Headwater.Core.Positions;

namespace Headwater.Core.Topology;

/// <summary>
/// A server's identity and what moves fast about it, kept across views: readers on any thread follow <see cref="Timeline"/>.
/// A new incarnation (rebuilt, rewound, or restarted without proof that nothing was lost) is a new object, so that a session that
/// remembers "I read from that one" cannot mistake it for the old one.
///
/// It is also where the side that waits for positions and the side that looks at servers meet, without knowing each other:
/// a waiter says what it waits for (<see cref="Demand"/>), the watcher looks sooner and says when the server has advanced.
/// </summary>
public sealed class ServerState(ServerId id, int incarnation)
{
    public ServerId Id { get; } = id;
    public int Incarnation { get; } = incarnation;

    /// <summary>Samples of what the server shows at least and has logged at most.</summary>
    public PositionTimeline Timeline { get; } = new();

    /// <summary>
    /// What the server is known to show besides its samples: a commit's OK proves that this commit and all before it in the log are
    /// visible there; a successful MASTER_GTID_WAIT proves as much of a replica.
    /// </summary>
    public HighWaterMark Acknowledged { get; } = new();

    int _openStatements;

    /// <summary>Backends of it that sessions of this process have now, for a statement or for longer; on a primary, what may still write.</summary>
    public int OpenStatements => Volatile.Read(ref _openStatements);

    public void CountOpen(int change) => Interlocked.Add(ref _openStatements, change);

    /// <summary>The thread ids of its greetings, which tell another process of the same address from this one.</summary>
    public ThreadIds Threads { get; } = new();

    long _heardAt;

    /// <summary>When the server last answered anybody here; a probe that is late on a busy machine is no proof against it.</summary>
    public Instant HeardAt => new(Volatile.Read(ref _heardAt));

    public void Heard(Instant at) => Volatile.Write(ref _heardAt, at.Ticks);

    /// <summary>Called by waiters on any thread; the watcher subscribes. The argument is the position waited for, empty for "a fresh sample, please".</summary>
    public event Action<Position>? Demanded;

    /// <summary>Called by the watcher's thread after a sample was added; waiters subscribe and must not block.</summary>
    public event Action<ServerState>? Advanced;

    /// <summary>True when the server is proven to show all that <paramref name="needed"/> names.</summary>
    public bool Shows(in Position needed)
    {
        if (needed.IsEmpty) return true;
        var latest = Timeline.Latest;
        if (latest is not null && latest.Position.Covers(in needed)) return true;
        for (var i = 0; i < needed.DomainCount; i++)
        {
            var gtid = needed[i];
            if (Acknowledged.SequenceOf(gtid.Domain) < gtid.Sequence
                && (latest is null || latest.Position.SequenceOf(gtid.Domain) < gtid.Sequence)) return false;
        }
        return true;
    }

    public void Demand(in Position needed) => Demanded?.Invoke(needed);

    public void Advance(PositionSample sample)
    {
        Timeline.Add(sample);
        Advanced?.Invoke(this);
    }
}
