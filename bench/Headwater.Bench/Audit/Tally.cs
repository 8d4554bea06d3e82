using System.Diagnostics;

namespace Headwater.Bench.Audit;

/// <summary>A read that showed what it must not.</summary>
sealed record Violation(string Level, string Kind, string What);

/// <summary>What one auditing session counted at one level; summed at the end, so that nobody waits for anybody.</summary>
sealed class Tally
{
    public const int MaxServers = 32;

    /// <summary>Counted where the read did not ask who answers it.</summary>
    public const int NotTold = MaxServers - 1;
    const int Buckets = 32;
    readonly long[] _byServer = new long[MaxServers];

    // Ages in powers of two of microseconds.
    readonly long[] _ages = new long[Buckets];

    public long Reads { get; private set; }
    public long Stale { get; private set; }
    public long Torn { get; private set; }
    public long Future { get; private set; }

    /// <summary>Shows less than level session would have to; says how hard the audit was where nothing of the kind is promised.</summary>
    public long BelowSession { get; private set; }
    public long OldestTicks { get; private set; }
    public long Violations => Stale + Torn + Future;
    public IReadOnlyList<long> ByServer => _byServer;

    public void Read(int server, long ageTicks)
    {
        Reads++;
        _byServer[Math.Clamp(server, 0, MaxServers - 1)]++;
        OldestTicks = Math.Max(OldestTicks, ageTicks);
        var microseconds = (long)(ageTicks * 1e6 / Stopwatch.Frequency);
        _ages[microseconds <= 0 ? 0 : Math.Min(Buckets - 1, 1 + (int)Math.Log2(microseconds))]++;
    }

    public void IsStale() => Stale++;
    public void IsTorn() => Torn++;
    public void IsFuture() => Future++;
    public void IsBelowSession() => BelowSession++;

    public void Add(Tally other)
    {
        Reads += other.Reads;
        Stale += other.Stale;
        Torn += other.Torn;
        Future += other.Future;
        BelowSession += other.BelowSession;
        OldestTicks = Math.Max(OldestTicks, other.OldestTicks);
        for (var i = 0; i < _byServer.Length; i++) _byServer[i] += other._byServer[i];
        for (var i = 0; i < _ages.Length; i++) _ages[i] += other._ages[i];
    }

    /// <summary>Reads that showed something older than the newest acknowledged.</summary>
    public long Old => Reads - _ages[0];
}
