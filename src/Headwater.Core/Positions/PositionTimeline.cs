namespace Headwater.Core.Positions;

/// <summary>
/// One look at a server's position, true at some instant between asking and being answered. It bounds what the server shows to
/// readers from both sides, and the two sides are different variables of the server (docs/decisions/0001-what-a-read-may-see.md):
/// <list type="bullet">
/// <item><see cref="Position"/>: from <see cref="AnsweredAt"/> on the server shows at least this. On a replica <c>@@gtid_slave_pos</c>
/// (moved after the engine's commit); on a primary what is proven visible.</item>
/// <item><see cref="Logged"/>: before <see cref="AskedAt"/> the server had shown at most this. <c>@@gtid_binlog_pos</c>, moved before the
/// engine's commit; on a replica without <c>log_slave_updates</c> what it has received.</item>
/// </list>
/// With three arguments both bounds are the same.
/// </summary>
public sealed record PositionSample(Instant AskedAt, Instant AnsweredAt, Position Position)
{
    public Position Logged { get; init; } = Position;
}

/// <summary>
/// The last samples of one server's position, oldest first. One writer, any number of readers, no locks:
/// samples are immutable and published by reference, and a reader that is overtaken by the ring sees a newer sample,
/// which is only ever later and so never unsafe where it is used.
/// </summary>
public sealed class PositionTimeline
{
    public const int Capacity = 256; // a power of two; at 10 ms a sample, 2.5 s of history
    readonly PositionSample?[] _ring = new PositionSample?[Capacity];
    long _count;

    public PositionSample? Latest
    {
        get
        {
            var count = Volatile.Read(ref _count);
            return count == 0 ? null : Volatile.Read(ref _ring[(count - 1) & (Capacity - 1)]);
        }
    }

    /// <summary>What the server shows at least, now and for as long as it is neither rebuilt nor rewound.</summary>
    public Position Applied => Latest?.Position ?? Position.Empty;

    /// <summary>Samples that <see cref="Back"/> can reach.</summary>
    public int Count => (int)Math.Min(Volatile.Read(ref _count), Capacity - 1);

    /// <summary>Adds a sample; samples come in the order in which they were asked.</summary>
    public void Add(PositionSample sample)
    {
        Volatile.Write(ref _ring[_count & (Capacity - 1)], sample);
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>The sample <paramref name="steps"/> before the latest (0 is the latest), or null when it is no longer or not yet there.</summary>
    public PositionSample? Back(int steps)
    {
        var index = Volatile.Read(ref _count) - 1 - steps;
        return index < 0 || steps >= Capacity - 1 ? null : Volatile.Read(ref _ring[index & (Capacity - 1)]);
    }

    /// <summary>
    /// The earliest remembered sample asked at or after <paramref name="instant"/>: its <see cref="PositionSample.Logged"/> covers
    /// everything the server had shown to anybody by then. Null when none was asked since.
    /// </summary>
    public PositionSample? FirstAskedSince(Instant instant)
    {
        var count = Volatile.Read(ref _count);
        if (count == 0) return null;
        // The slot at count - Capacity is the one a writer replaces next, so it is left out.
        long low = Math.Max(0, count - Capacity + 1), high = count - 1;
        var found = Volatile.Read(ref _ring[high & (Capacity - 1)])!;
        if (found.AskedAt < instant) return null;
        // The usual question is about the last few samples: step back before halving.
        // A slot that the writer has replaced meanwhile holds a newer sample: also asked since, so never a wrong answer, only a later one.
        for (var near = 0; near < 4 && high > low; near++)
        {
            var sample = Volatile.Read(ref _ring[(high - 1) & (Capacity - 1)])!;
            if (sample.AskedAt < instant) return found;
            found = sample;
            high--;
        }
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            var sample = Volatile.Read(ref _ring[middle & (Capacity - 1)])!;
            if (sample.AskedAt < instant) low = middle + 1;
            else
            {
                found = sample;
                high = middle;
            }
        }
        return found;
    }

    /// <summary>Newest first; for people.</summary>
    public IEnumerable<PositionSample> NewestFirst()
    {
        var count = Volatile.Read(ref _count);
        for (var i = count - 1; i >= 0 && i >= count - Capacity + 1; i--)
            yield return Volatile.Read(ref _ring[i & (Capacity - 1)])!;
    }
}
