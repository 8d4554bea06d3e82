using System.Numerics;

namespace Headwater.Demo;

/// <summary>
/// Counts by duration, in buckets that are at most 1/16 wide: any number of writers, no lock. <see cref="Take"/> empties it
/// into percentiles, so each look is about the time since the last one.
/// </summary>
internal sealed class Latencies
{
    const int Steps = 16;
    readonly long[] _buckets = new long[64 * Steps];
    long _all;

    public long All => Volatile.Read(ref _all);

    public void Add(TimeSpan took)
    {
        var microseconds = Math.Max(1, (long)took.TotalMicroseconds);
        Interlocked.Increment(ref _buckets[BucketOf(microseconds)]);
        Interlocked.Increment(ref _all);
    }

    public Percentiles Take()
    {
        var counts = new long[_buckets.Length];
        for (var i = 0; i < counts.Length; i++) counts[i] = Interlocked.Exchange(ref _buckets[i], 0);
        var total = counts.Sum();
        return new Percentiles(total, At(counts, total, 0.50), At(counts, total, 0.95), At(counts, total, 0.99));
    }

    static TimeSpan At(long[] counts, long total, double share)
    {
        if (total == 0) return TimeSpan.Zero;
        var rank = (long)Math.Ceiling(total * share);
        var bucket = 0;
        for (long seen = counts[0]; seen < rank; seen += counts[bucket]) bucket++;
        return TimeSpan.FromMicroseconds(UpperEdge(bucket));
    }

    // Below 16 µs a bucket each; above, the four bits after the leading one choose within the power of two.
    static int BucketOf(long microseconds)
    {
        var power = 63 - BitOperations.LeadingZeroCount((ulong)microseconds);
        return power < 4 ? (int)microseconds : (power - 3) * Steps + (int)((microseconds >> (power - 4)) & (Steps - 1));
    }

    static double UpperEdge(int bucket) =>
        bucket < Steps ? bucket : (Steps + bucket % Steps + 1) * Math.Pow(2, bucket / Steps - 1);
}

/// <summary>How many, and how long half, 95 % and 99 % of them took at most.</summary>
internal readonly record struct Percentiles(long Count, TimeSpan P50, TimeSpan P95, TimeSpan P99);
