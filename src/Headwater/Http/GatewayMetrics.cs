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
        Counter(text, "headwater_statements_total", "Statements taken from clients.", counters.Statements);
        text.Counter("headwater_reads_total", "Plain reads, by level and by what answered them.");
        foreach (var (level, reads, onReplicas) in statistics.ByLevel())
        {
            text.Sample(onReplicas, ("level", ClusterMetrics.Word(level)), ("answered_by", "replica"));
            text.Sample(reads - onReplicas, ("level", ClusterMetrics.Word(level)), ("answered_by", "primary"));
        }
        Counter(text, "headwater_writes_total", "Statements that needed the primary by what they are.", counters.Writes);
        text.Counter("headwater_routes_total", "Statements by why they went where they went.");
        foreach (var (reason, count) in statistics.ByReason()) text.Sample(count, ("reason", Snake(reason)));
        Counter(text, "headwater_errors_total", "Error answers to clients, the servers' own included.", counters.Errors);
        Counter(text, "headwater_slow_statements_total", "Statements that took longer than log.slow.", counters.Slow);
        Counter(text, "headwater_retries_total", "Statements repeated elsewhere, unseen by the client.", counters.Retries);
        Counter(text, "headwater_reads_refused_by_replica_total", "Reads that a read-only replica refused and the primary answered: the classifier was wrong.", counters.RefusedByReplica);
        Counter(text, "headwater_position_waits_total", "Reads that waited for a copy to catch up.", counters.PositionWaits);
        Counter(text, "headwater_log_waits_total", "Reads that waited for the log to prove a copy fresh.", counters.LogWaits);
        Counter(text, "headwater_write_holds_total", "Statements that waited because no primary was known.", counters.WriteHolds);
        Counter(text, "headwater_queued_total", "Statements that waited for a free backend.", counters.Queued);
        Counter(text, "headwater_refused_total", "Sessions and statements refused because a limit was reached.", counters.Refused);
        Counter(text, "headwater_sessions_opened_total", "Sessions since the start.", counters.SessionsOpened);
        Counter(text, "headwater_logins_failed_total", "Logins that failed.", counters.LoginsFailed);
        Counter(text, "headwater_backends_opened_total", "Connections made to servers.", counters.BackendsOpened);
        Counter(text, "headwater_settings_laid_total", "Times a session's settings had to be laid on a backend that had others.", counters.SettingsLaid);
        Counter(text, "headwater_settings_reset_total", "Times a backend was reset for another session.", counters.SettingsReset);
        Counter(text, "headwater_statements_prepared_total", "Prepared statements prepared on a backend.", counters.StatementsPrepared);
        Counter(text, "headwater_reactor_allocated_bytes_total", "Managed memory that the threads which move bytes have allocated: it stands still while they only relay.", statistics.ReactorAllocatedBytes());

        if (statistics.Kept is { } kept)
        {
            Counter(text, "headwater_cache_lookups_total", "Reads whose result may be kept.", counters.CacheLookups);
            Counter(text, "headwater_cache_hits_total", "Reads that a kept result answered.", counters.CacheHits);
            Counter(text, "headwater_cache_merged_total", "Reads that waited for the same one under way.", counters.CacheMerged);
            Counter(text, "headwater_cache_filled_total", "Results that were kept.", counters.CacheFilled);
            Counter(text, "headwater_cache_invalidated_total", "Kept results that were found to be true no more, as the log had touched what they depend on.", counters.CacheInvalidated);
            Counter(text, "headwater_cache_evicted_total", "Kept results that had to leave for others.", kept.Evicted);
            text.Gauge("headwater_cache_results", "Results that are kept now.");
            text.Sample(kept.Results);
            text.Gauge("headwater_cache_bytes", "Bytes that they take.");
            text.Sample(kept.Bytes);
        }
        if (statistics.Audited is { Count: > 0 } audited)
        {
            text.Counter("headwater_audited_reads_total", "Reads of replicas and kept results that were looked at again, by what came of it.");
            foreach (var (verdict, count) in audited) text.Sample(count, ("verdict", Snake(verdict.ToString())));
            Counter(text, "headwater_read_violations_total", "Reads that were answered otherwise than the primary's history has it at the position that they stood for. Must be 0.",
                audited.Single(static one => one.Verdict == AuditVerdict.Violated).Count);
        }
        text.Gauge("headwater_buffers_outstanding", "Buffers that are rented now; with no session open there are none, or one leaks.");
        text.Sample(statistics.BuffersOutstanding());
        text.Gauge("headwater_sessions", "Sessions open now.");
        text.Sample(statistics.SessionsOpen);
        text.Gauge("headwater_sessions_holding", "Sessions that hold a backend now: an open transaction, a temporary table, a lock, a cursor.");
        text.Sample(statistics.SessionsHolding);
        var servers = statistics.Servers();
        text.Gauge("headwater_server_busy", "Statements that run on the server now.");
        foreach (var server in servers) text.Sample(server.Busy, ("server", server.Server));
        text.Gauge("headwater_server_backends", "Connections to the server now.");
        foreach (var server in servers) text.Sample(server.Backends, ("server", server.Server));
        text.Gauge("headwater_server_queued", "Statements that wait for a free backend of the server now.");
        foreach (var server in servers) text.Sample(server.Queued, ("server", server.Server));

        text.Histogram("headwater_statement_seconds", "From sending a statement to its server to the end of the answer, by kind.");
        Buckets(text, "read", statistics.ReadLatency());
        Buckets(text, "write", statistics.WriteLatency());
    }

    /// <summary>PositionCovered → position_covered.</summary>
    public static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    static void Counter(PrometheusText text, string name, string help, long value)
    {
        text.Counter(name, help);
        text.Sample(value);
    }

    static void Buckets(PrometheusText text, string kind, LatencyHistogram histogram) =>
        text.Buckets(LatencyBounds, histogram.CountWithin, histogram.Count, histogram.SumSeconds, ("kind", kind));
}
