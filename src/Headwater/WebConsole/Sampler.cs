using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Http;

namespace Headwater.WebConsole;

/// <summary>What each server did in the last second.</summary>
readonly record struct ServerRates(double Statements, double Reads, double Transactions);

/// <summary>Turns counters that only grow into what happened in each second. One owner: the console's loop.</summary>
sealed class Sampler(GatewayStatistics statistics)
{
    static readonly (string Name, Func<GatewayCounters, long> Of)[] Counted =
    [
        ("statements", static counters => counters.Statements),
        ("reads", static counters => counters.Reads),
        ("replica_reads", static counters => counters.ReadsOnReplicas),
        ("writes", static counters => counters.Writes),
        ("errors", static counters => counters.Errors),
        ("retries", static counters => counters.Retries),
        ("refused", static counters => counters.Refused),
        ("position_waits", static counters => counters.PositionWaits),
        ("log_waits", static counters => counters.LogWaits),
        ("write_holds", static counters => counters.WriteHolds),
        ("queued_total", static counters => counters.Queued),
        ("cache_lookups", static counters => counters.CacheLookups),
        ("cache_hits", static counters => counters.CacheHits),
    ];

    GatewayCounters? _counters;
    LatencyHistogram _reads = new(), _writes = new();
    Dictionary<string, long> _reasons = [];
    Dictionary<LevelKind, (long Reads, long OnReplicas)> _levels = [];
    Dictionary<string, (long Statements, long Reads, ulong Sequence)> _servers = [];

    public IReadOnlyDictionary<string, ServerRates> Rates { get; private set; } = new Dictionary<string, ServerRates>();

    /// <summary>The figures since the last call, which was <paramref name="seconds"/> ago; the first one has nothing to compare with.</summary>
    public IReadOnlyList<(string Name, double Figure)> Next(ClusterView view, int sessions, double seconds)
    {
        var figures = new List<(string, double)>(64);
        var counters = statistics.Counters();
        var before = _counters ?? counters;
        _counters = counters;
        foreach (var (name, of) in Counted) figures.Add((name, Math.Max(0, of(counters) - of(before)) / seconds));
        figures.Add(("sessions", sessions));
        Latencies(figures, "read", ref _reads, statistics.ReadLatency());
        Latencies(figures, "write", ref _writes, statistics.WriteLatency());
        Reasons(figures, seconds);
        Levels(figures, seconds);
        Servers(figures, view, seconds);
        return figures;
    }

    static void Latencies(List<(string, double)> figures, string kind, ref LatencyHistogram before, LatencyHistogram now)
    {
        var second = now.Since(before);
        before = now;
        foreach (var (name, share) in (ReadOnlySpan<(string, double)>)[("p50", 0.5), ("p95", 0.95), ("p99", 0.99)])
            figures.Add(($"{kind}_{name}", second.Count > 0 ? second.Percentile(share) * 1000 : double.NaN));
    }

    void Reasons(List<(string, double)> figures, double seconds)
    {
        var now = statistics.ByReason().ToDictionary(static row => row.Reason, static row => row.Count);
        foreach (var (reason, count) in now) figures.Add(($"reason.{GatewayMetrics.Snake(reason)}", Math.Max(0, count - _reasons.GetValueOrDefault(reason)) / seconds));
        _reasons = now;
    }

    void Levels(List<(string, double)> figures, double seconds)
    {
        var now = statistics.ByLevel().Where(static row => row.Reads > 0).ToDictionary(static row => row.Level, static row => (row.Reads, row.OnReplicas));
        foreach (var (level, (reads, onReplicas)) in now)
        {
            var before = _levels.GetValueOrDefault(level);
            figures.Add(($"level.{ClusterMetrics.Word(level)}.reads", Math.Max(0, reads - before.Reads) / seconds));
            figures.Add(($"level.{ClusterMetrics.Word(level)}.replicas", Math.Max(0, onReplicas - before.OnReplicas) / seconds));
        }
        _levels = now;
    }

    void Servers(List<(string, double)> figures, ClusterView view, double seconds)
    {
        var now = new Dictionary<string, (long Statements, long Reads, ulong Sequence)>();
        var rates = new Dictionary<string, ServerRates>();
        var ran = statistics.Servers().ToDictionary(static server => server.Server);
        foreach (var server in view.Servers)
        {
            var name = server.Id.Name;
            var own = ran.GetValueOrDefault(name);
            (long Statements, long Reads, ulong Sequence) current = (own?.Statements ?? 0, own?.Reads ?? 0, SequenceOf(server));
            var before = _servers.TryGetValue(name, out var known) ? known : current;
            now[name] = current;
            // A pool that was made anew counts from 0, and a server that was rewound stands before.
            var rate = new ServerRates(Math.Max(0, current.Statements - before.Statements) / seconds, Math.Max(0, current.Reads - before.Reads) / seconds,
                current.Sequence > before.Sequence && before.Sequence > 0 ? (current.Sequence - before.Sequence) / seconds : 0);
            rates[name] = rate;
            figures.Add(($"server.{name}.statements", rate.Statements));
            figures.Add(($"server.{name}.transactions", rate.Transactions));
            if (server.Role == ServerRole.Replica) figures.Add(($"server.{name}.lag", server.Lag?.TotalMilliseconds ?? double.NaN));
        }
        (_servers, Rates) = (now, rates);
    }

    static ulong SequenceOf(ServerView server)
    {
        var applied = server.State.Timeline.Applied;
        ulong sum = 0;
        for (var i = 0; i < applied.DomainCount; i++) sum += applied[i].Sequence;
        return sum;
    }
}
