using Headwater.Core.Statements;

namespace Headwater.Gateway;

/// <summary>Counters of one reactor: one writer, read from anywhere (64-bit reads are atomic here; a sum may be one statement old).</summary>
internal sealed class ThreadStatistics
{
    public long Statements, Reads, ReadsOnReplicas, Writes, Errors, Retries, RefusedByReplica, PositionWaits, LogWaits, WriteHolds, Queued, Refused, Slow;
    public long SessionsOpened, LoginsFailed, BackendsOpened, SettingsLaid, SettingsReset, StatementsPrepared;

    /// <summary>Of kept results: statements that might have been answered, those that were, those that found an invalid one, joined another's read, kept their own.</summary>
    public long CacheLookups, CacheHits, CacheInvalidated, CacheMerged, CacheFilled;

    /// <summary>By RouteReason.</summary>
    public readonly long[] ByReason = new long[64];

    /// <summary>Reads by LevelKind.</summary>
    public readonly long[] ByLevel = new long[8];
    public readonly long[] ReplicaReadsByLevel = new long[8];
    public readonly LatencyHistogram ReadLatency = new();
    public readonly LatencyHistogram WriteLatency = new();

    public readonly Dictionary<StatementFacts, DigestFigures> Digests = new(ReferenceEqualityComparer.Instance);
    public const int MostDigests = 5_000;
    readonly Dictionary<string, DigestFigures> _byText = new(StringComparer.Ordinal);

    /// <summary>By the facts' identity, which is what comes often; facts that are made anew for each statement are found by their text. Null: the table is full.</summary>
    public DigestFigures? DigestOf(StatementFacts facts)
    {
        if (Digests.TryGetValue(facts, out var figures)) return figures;
        if (_byText.TryGetValue(facts.Digest, out figures)) return figures;
        if (Digests.Count >= MostDigests) return null;
        figures = new DigestFigures(facts);
        _byText[facts.Digest] = figures;
        return Digests[facts] = figures;
    }
}

/// <summary>What is known of all statements of one digest on one reactor.</summary>
internal sealed class DigestFigures(StatementFacts facts)
{
    public StatementFacts Facts => facts;
    public long Count, Errors, OnReplicas, FromCache, Rows;
    public long TotalTicks, MaxTicks;
}
