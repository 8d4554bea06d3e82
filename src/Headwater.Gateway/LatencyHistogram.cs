using System.Diagnostics;
using System.Numerics;

namespace Headwater.Gateway;

/// <summary>
/// Latencies in logarithmic buckets, eight to each power of two of microseconds: any percentile within 9 %. One writer.
/// The idea is HdrHistogram's (http://hdrhistogram.org), kept to what is needed here: fixed memory, one increment per value.
/// </summary>
public sealed class LatencyHistogram
{
    const int PerOctave = 8, Octaves = 32;
    readonly long[] _buckets = new long[PerOctave * Octaves];
    long _sumMicroseconds;

    public long Count { get; private set; }
    public double SumSeconds => Volatile.Read(ref _sumMicroseconds) / 1e6;

    public void Add(long stopwatchTicks)
    {
        var microseconds = Math.Max(1, (ulong)(stopwatchTicks * 1_000_000L / Stopwatch.Frequency));
        _buckets[BucketOf(microseconds)]++;
        _sumMicroseconds += (long)microseconds;
        Count++;
    }

    static int BucketOf(ulong microseconds)
    {
        var octave = BitOperations.Log2(microseconds);
        var within = octave <= 3 ? (int)((microseconds << (3 - octave)) & 7) : (int)((microseconds >> (octave - 3)) & 7);
        return Math.Min(octave * PerOctave + within, PerOctave * Octaves - 1);
    }

    /// <summary>Upper edge of a bucket in seconds.</summary>
    static double EdgeSeconds(int bucket) => Math.Pow(2, bucket / PerOctave) * (1 + (bucket % PerOctave + 1) / (double)PerOctave) / 1e6;

    public void AddTo(LatencyHistogram sum)
    {
        for (var i = 0; i < _buckets.Length; i++) sum._buckets[i] += Volatile.Read(ref _buckets[i]);
        sum.Count += Count;
        sum._sumMicroseconds += Volatile.Read(ref _sumMicroseconds);
    }

    /// <summary>What was added since <paramref name="before"/> was taken.</summary>
    public LatencyHistogram Since(LatencyHistogram before)
    {
        var difference = new LatencyHistogram { Count = Count - before.Count, _sumMicroseconds = _sumMicroseconds - before._sumMicroseconds };
        for (var i = 0; i < _buckets.Length; i++) difference._buckets[i] = _buckets[i] - before._buckets[i];
        return difference;
    }

    /// <summary>The latency in seconds that a <paramref name="share"/> (0 to 1) of all stays within; 0 when there are none.</summary>
    public double Percentile(double share)
    {
        if (Count == 0) return 0;
        var wanted = (long)Math.Ceiling(Count * share);
        long seen = 0;
        for (var i = 0; i < _buckets.Length; i++)
        {
            seen += _buckets[i];
            if (seen >= wanted) return EdgeSeconds(i);
        }
        return EdgeSeconds(_buckets.Length - 1);
    }

    /// <summary>How many stayed within <paramref name="seconds"/>; for cumulative buckets as Prometheus wants them.</summary>
    public long CountWithin(double seconds)
    {
        long within = 0;
        for (var i = 0; i < _buckets.Length && EdgeSeconds(i) <= seconds; i++) within += _buckets[i];
        return within;
    }
}
