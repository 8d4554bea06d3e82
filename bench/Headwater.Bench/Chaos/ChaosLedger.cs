using System.Collections.Concurrent;

namespace Headwater.Bench.Chaos;

/// <summary>What a write's session was told of it.</summary>
enum Told : byte
{
    Nothing,
    Acknowledged,

    /// <summary>Error 1180, or the connection was lost: it may be there or not.</summary>
    Unknown,

    /// <summary>Any other error: it must not be there.</summary>
    Refused,
}

/// <summary>What all sessions sent and were told, by the number of the write.</summary>
sealed class ChaosLedger
{
    readonly ConcurrentDictionary<long, Told> _writes = new();
    long _last;

    public long Next()
    {
        var number = Interlocked.Increment(ref _last);
        _writes[number] = Told.Nothing;
        return number;
    }

    public void Tell(long write, Told told) => _writes[write] = told;

    public long Count(Told told) => _writes.Values.Count(value => value == told);

    public Told Of(long write) => _writes.GetValueOrDefault(write);

    public IEnumerable<long> All(Told told) => _writes.Where(pair => pair.Value == told).Select(static pair => pair.Key);
}
