using System.Text.Json;
using Headwater.Core.Auditing;
using Headwater.Core.Positions;
using Headwater.Gateway;

namespace Headwater.Http;

/// <summary>What the gateway counts, as metrics. Reasons are labels, positions and statements never: a label's values must be few.</summary>
static class GatewayMetrics
{
    // From below a loopback round trip to the longest that anybody waits for; seconds.
    static readonly double[] LatencyBounds = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    public static void Write(PrometheusText text, GatewayStatistics statistics)
    {
        var counters = statistics.Counters();
        Counter(text, "headwater_statements_total", counters.Statements);
        text.Begin("headwater_reads_total");
        foreach (var (level, reads, onReplicas) in statistics.ByLevel())
        {
            text.Sample(onReplicas, ("level", ClusterMetrics.Word(level)), ("answered_by", "replica"));
            text.Sample(reads - onReplicas, ("level", ClusterMetrics.Word(level)), ("answered_by", "primary"));
        }
        Counter(text, "headwater_writes_total", counters.Writes);
        text.Begin("headwater_routes_total");
        foreach (var (reason, count) in statistics.ByReason()) text.Sample(count, ("reason", Snake(reason)));
        Counter(text, "headwater_errors_total", counters.Errors);
        Counter(text, "headwater_slow_statements_total", counters.Slow);
        Counter(text, "headwater_retries_total", counters.Retries);
        Counter(text, "headwater_reads_refused_by_replica_total", counters.RefusedByReplica);
        Counter(text, "headwater_position_waits_total", counters.PositionWaits);
        Counter(text, "headwater_log_waits_total", counters.LogWaits);
        Counter(text, "headwater_write_holds_total", counters.WriteHolds);
        Counter(text, "headwater_queued_total", counters.Queued);
        Counter(text, "headwater_refused_total", counters.Refused);
        Counter(text, "headwater_sessions_opened_total", counters.SessionsOpened);
        Counter(text, "headwater_logins_failed_total", counters.LoginsFailed);
        Counter(text, "headwater_backends_opened_total", counters.BackendsOpened);
        Counter(text, "headwater_settings_laid_total", counters.SettingsLaid);
        Counter(text, "headwater_settings_reset_total", counters.SettingsReset);
        Counter(text, "headwater_statements_prepared_total", counters.StatementsPrepared);
        Counter(text, "headwater_reactor_allocated_bytes_total", statistics.ReactorAllocatedBytes());

        if (statistics.Kept is { } kept)
        {
            Counter(text, "headwater_cache_lookups_total", counters.CacheLookups);
            Counter(text, "headwater_cache_hits_total", counters.CacheHits);
            Counter(text, "headwater_cache_merged_total", counters.CacheMerged);
            Counter(text, "headwater_cache_filled_total", counters.CacheFilled);
            Counter(text, "headwater_cache_invalidated_total", counters.CacheInvalidated);
            Counter(text, "headwater_cache_evicted_total", kept.Evicted);
            text.Begin("headwater_cache_results");
            text.Sample(kept.Results);
            text.Begin("headwater_cache_bytes");
            text.Sample(kept.Bytes);
        }
        if (statistics.Audited is { Count: > 0 } audited)
        {
            text.Begin("headwater_audited_reads_total");
            foreach (var (verdict, count) in audited) text.Sample(count, ("verdict", Snake(verdict.ToString())));
            Counter(text, "headwater_read_violations_total", audited.Single(static one => one.Verdict == AuditVerdict.Violated).Count);
        }
        text.Begin("headwater_buffers_outstanding");
        text.Sample(statistics.BuffersOutstanding());
        text.Begin("headwater_sessions");
        text.Sample(statistics.SessionsOpen);
        text.Begin("headwater_sessions_holding");
        text.Sample(statistics.SessionsHolding);
        var servers = statistics.Servers();
        text.Begin("headwater_server_busy");
        foreach (var server in servers) text.Sample(server.Busy, ("server", server.Server));
        text.Begin("headwater_server_backends");
        foreach (var server in servers) text.Sample(server.Backends, ("server", server.Server));
        text.Begin("headwater_server_queued");
        foreach (var server in servers) text.Sample(server.Queued, ("server", server.Server));

        text.Begin("headwater_statement_seconds");
        Buckets(text, "read", statistics.ReadLatency());
        Buckets(text, "write", statistics.WriteLatency());
    }

    /// <summary>PositionCovered → position_covered.</summary>
    public static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    static void Counter(PrometheusText text, string name, long value)
    {
        text.Begin(name);
        text.Sample(value);
    }

    static void Buckets(PrometheusText text, string kind, LatencyHistogram histogram) =>
        text.Buckets(LatencyBounds, histogram.CountWithin, histogram.Count, histogram.SumSeconds, ("kind", kind));
}
