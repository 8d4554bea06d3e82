namespace Headwater.Core.Positions;

/// <summary>One look at a server's position: it was <see cref="Position"/> at some instant between asking and being answered.</summary>
public sealed record PositionSample(Instant AskedAt, Instant AnsweredAt, Position Position);

/// <summary>
/// The last samples of one server's position, oldest first. One writer, any number of readers, no locks:
/// samples are immutable and published by reference, and a reader that is overtaken by the ring sees a newer sample,
/// which is only ever later and so never unsafe where it is used.
///
/// A sample is a <i>lower bound</i> of what the server has applied from <c>AnsweredAt</c> on, and an <i>upper bound</i>
/// of what it had applied at any instant before <c>AskedAt</c>. Both uses below rest on this and on nothing else.
/// </summary>
public sealed class PositionTimeline
{
    const int Capacity = 256; // a power of two; at 10 ms a sample, 2.5 s of history
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

    /// <summary>What the server has applied at least, now and for as long as it is neither rebuilt nor rewound.</summary>
    public Position Applied => Latest?.Position ?? Position.Empty;

    /// <summary>Adds a sample; samples come in the order in which they were asked.</summary>
    public void Add(PositionSample sample)
    {
        Volatile.Write(ref _ring[_count & (Capacity - 1)], sample);
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>
    /// The earliest remembered sample asked at or after <paramref name="instant"/>: its position covers everything the server
    /// had shown to anybody by then. Null when none was asked since.
    /// </summary>
    public PositionSample? FirstAskedSince(Instant instant)
    {
        var count = Volatile.Read(ref _count);
        PositionSample? found = null;
        for (var i = count - 1; i >= 0 && i >= count - Capacity + 1; i--)
        {
            var sample = Volatile.Read(ref _ring[i & (Capacity - 1)])!;
            if (sample.AskedAt < instant) break;
            found = sample;
        }
        return found;
    }

    /// <summary>Newest first; for rates and for people.</summary>
    public IEnumerable<PositionSample> NewestFirst()
    {
        var count = Volatile.Read(ref _count);
        for (var i = count - 1; i >= 0 && i >= count - Capacity + 1; i--)
            yield return Volatile.Read(ref _ring[i & (Capacity - 1)])!;
    }
}
