using Headwater.Core.Topology;
using Headwater.Gateway;

namespace Headwater.Demo;

/// <summary>What the gateway says of itself, as totals since it started; the screen shows the difference between two looks.</summary>
internal sealed record DemoFigures
{
    public static readonly DemoFigures None = new();

    public long ReadsOnReplicas { get; init; }
    public long ReadsOnPrimary { get; init; }

    public static DemoFigures Of(GatewayStatistics statistics)
    {
        var counters = statistics.Counters();
        return new DemoFigures { ReadsOnReplicas = counters.ReadsOnReplicas, ReadsOnPrimary = counters.Reads - counters.ReadsOnReplicas };
    }
}

/// <summary>Everything the demo shows at one instant, over the time since the last look.</summary>
internal sealed record DemoSnapshot
{
    public required TimeSpan Over { get; init; }
    public required Percentiles Writes { get; init; }
    public required Percentiles ReReads { get; init; }
    public required Percentiles Timelines { get; init; }
    public required Percentiles Analyses { get; init; }
    public required long StaleReads { get; init; }
    public required long BackwardReads { get; init; }
    public required long Errors { get; init; }
    public required string LastTrouble { get; init; }

    /// <summary>Something went wrong since the last look.</summary>
    public bool TroubleIsNew { get; init; }

    /// <summary>Share of the reads that replicas answered; null when there were none.</summary>
    public required double? OnReplicas { get; init; }
    public required ClusterView View { get; init; }
}
