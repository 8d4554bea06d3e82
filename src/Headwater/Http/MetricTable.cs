namespace Headwater.Http;

enum MetricType { Counter, Gauge, Histogram, Summary }

/// <param name="Help">What it says, as /metrics and docs/metrics.md tell it.</param>
/// <param name="Labels">What each of its samples has, and no more.</param>
sealed record Metric(string Name, MetricType Type, string Help, params string[] Labels);

/// <summary>Metrics that are written together.</summary>
sealed record MetricGroup(string Title, string Meaning, params Metric[] Metrics);

/// <summary>Every metric of /metrics. <see cref="PrometheusText"/> writes none that is not here, nor one with other labels; docs/metrics.md is made of it.</summary>
static class MetricTable
{
    public static IReadOnlyList<MetricGroup> Groups { get; } =
    [
        new("Cluster and servers", "What the cluster view says.",
            new("headwater_cluster_epoch", MetricType.Gauge, "Epoch of the view: grows with each change of primary.", "cluster"),
            new("headwater_cluster_view_changes_total", MetricType.Counter, "Times the view was replaced.", "cluster"),
            new("headwater_cluster_has_primary", MetricType.Gauge, "1 while a primary is known that may be written to, else 0.", "cluster"),
            new("headwater_server_up", MetricType.Gauge, "1 while the server gets new statements, else 0.", "server"),
            new("headwater_server_info", MetricType.Gauge, "1 for what the server is now; role, health and tags are labels.", "server", "role", "health", "tags", "zone", "version"),
            new("headwater_server_weight", MetricType.Gauge, "The server's share of the reads, relative to the others.", "server"),
            new("headwater_server_replicating", MetricType.Gauge, "1 while the replica's apply threads run, else 0. Replicas only.", "server"),
            new("headwater_server_lag_seconds", MetricType.Gauge, "How long ago the primary stood where this replica stands. Absent while unknown: a stopped replica is never 0 behind.", "server"),
            new("headwater_server_lag_transactions", MetricType.Gauge, "Transactions of the primary that this replica has not applied, as far as both are known. Replicas only.", "server"),
            new("headwater_server_position_sequence", MetricType.Gauge, "Sequence number of the last transaction known to be applied (replica) or logged (primary), by GTID domain.", "server", "domain")),
        new("The gateway", "What it has counted since its start, and what is so now. Reasons are labels, statements and positions never.",
            new("headwater_statements_total", MetricType.Counter, "Statements taken from clients."),
            new("headwater_reads_total", MetricType.Counter, "Plain reads, by level and by what answered them.", "level", "answered_by"),
            new("headwater_writes_total", MetricType.Counter, "Statements that needed the primary by what they are."),
            new("headwater_routes_total", MetricType.Counter, "Statements by why they went where they went.", "reason"),
            new("headwater_errors_total", MetricType.Counter, "Error answers to clients, the servers' own included."),
            new("headwater_slow_statements_total", MetricType.Counter, "Statements that took longer than log.slow."),
            new("headwater_retries_total", MetricType.Counter, "Statements repeated elsewhere, unseen by the client."),
            new("headwater_reads_refused_by_replica_total", MetricType.Counter, "Reads that a read-only replica refused and the primary answered: the classifier was wrong."),
            new("headwater_position_waits_total", MetricType.Counter, "Reads that waited for a copy to catch up."),
            new("headwater_log_waits_total", MetricType.Counter, "Reads that waited for the log to prove a copy fresh."),
            new("headwater_write_holds_total", MetricType.Counter, "Statements that waited because no primary was known."),
            new("headwater_queued_total", MetricType.Counter, "Statements that waited for a free backend."),
            new("headwater_refused_total", MetricType.Counter, "Sessions and statements refused because a limit was reached."),
            new("headwater_sessions_opened_total", MetricType.Counter, "Sessions since the start."),
            new("headwater_logins_failed_total", MetricType.Counter, "Logins that failed."),
            new("headwater_backends_opened_total", MetricType.Counter, "Connections made to servers."),
            new("headwater_settings_laid_total", MetricType.Counter, "Times a session's settings had to be laid on a backend that had others."),
            new("headwater_settings_reset_total", MetricType.Counter, "Times a backend was reset for another session."),
            new("headwater_statements_prepared_total", MetricType.Counter, "Prepared statements prepared on a backend."),
            new("headwater_reactor_allocated_bytes_total", MetricType.Counter, "Managed memory that the threads which move bytes have allocated: it stands still while they only relay."),
            new("headwater_cache_lookups_total", MetricType.Counter, "Reads whose result may be kept."),
            new("headwater_cache_hits_total", MetricType.Counter, "Reads that a kept result answered."),
            new("headwater_cache_merged_total", MetricType.Counter, "Reads that waited for the same one under way."),
            new("headwater_cache_filled_total", MetricType.Counter, "Results that were kept."),
            new("headwater_cache_invalidated_total", MetricType.Counter, "Kept results that were found to be true no more, as the log had touched what they depend on."),
            new("headwater_cache_evicted_total", MetricType.Counter, "Kept results that had to leave for others."),
            new("headwater_cache_results", MetricType.Gauge, "Results that are kept now."),
            new("headwater_cache_bytes", MetricType.Gauge, "Bytes that they take."),
            new("headwater_audited_reads_total", MetricType.Counter, "Reads of replicas and kept results that were looked at again, by what came of it.", "verdict"),
            new("headwater_read_violations_total", MetricType.Counter, "Reads that were answered otherwise than the primary's history has it at the position that they stood for. Must be 0."),
            new("headwater_buffers_outstanding", MetricType.Gauge, "Buffers that are rented now; with no session open there are none, or one leaks."),
            new("headwater_sessions", MetricType.Gauge, "Sessions open now."),
            new("headwater_sessions_holding", MetricType.Gauge, "Sessions that hold a backend now: an open transaction, a temporary table, a lock, a cursor."),
            new("headwater_server_busy", MetricType.Gauge, "Statements that run on the server now.", "server"),
            new("headwater_server_backends", MetricType.Gauge, "Connections to the server now.", "server"),
            new("headwater_server_queued", MetricType.Gauge, "Statements that wait for a free backend of the server now.", "server"),
            new("headwater_statement_seconds", MetricType.Histogram, "From sending a statement to its server to the end of the answer, by kind.", "kind")),
        new("The controller", "What it finds and has done.",
            new("headwater_control_change_under_way", MetricType.Gauge, "1 while a primary is being replaced or handing over, else 0."),
            new("headwater_control_paused", MetricType.Gauge, "1 while an operator has paused the controller, else 0."),
            new("headwater_control_findings", MetricType.Gauge, "What is amiss now, by rule and severity.", "rule", "severity"),
            new("headwater_control_changes_total", MetricType.Counter, "Changes of the primary that were brought to an end, by kind.", "kind"),
            new("headwater_control_changes_undone_total", MetricType.Counter, "Changes of the primary that were given up before anybody was appointed."),
            new("headwater_control_effects_total", MetricType.Counter, "What was asked of servers, by outcome.", "outcome"),
            new("headwater_control_seconds", MetricType.Summary, "How long it took. detection: from a lost primary's last answer until its replacement was begun; promotion: from there until the successor was writable; outage: both; handover: a switchover, from its beginning to its end.", "phase")),
        new("The log that is followed", "Where `feed.enabled` is true; those of sinks where there are any.",
            new("headwater_feed_following", MetricType.Gauge, "1 while the primary's log comes, else 0."),
            new("headwater_feed_bytes", MetricType.Gauge, "Bytes of the log that are kept here."),
            new("headwater_feed_proves", MetricType.Gauge, "1 while the log proves what has not changed; 0 while what it knows of the tables is not that of the log."),
            new("headwater_sink_up", MetricType.Gauge, "1 while the sink hands changes on, 0 while it is tried again.", "sink", "kind"),
            new("headwater_sink_lag_transactions", MetricType.Gauge, "Transactions in the log's copy here that the sink has not handed on.", "sink"),
            new("headwater_sink_lag_seconds", MetricType.Gauge, "How long ago the first of them came.", "sink"),
            new("headwater_sink_lag_bytes", MetricType.Gauge, "Bytes of the log's copy that the sink has not read.", "sink"),
            new("headwater_sink_sent_total", MetricType.Counter, "Changes that the other side has confirmed.", "sink"),
            new("headwater_sink_failures_total", MetricType.Counter, "Times the sink began anew from its place.", "sink")),
        new("Alerts", "What is measured for the rules and is nobody else's metric, and what is amiss.",
            new("headwater_host_cpu_percent", MetricType.Gauge, "Share of the machine's processors that is used, over the last minute."),
            new("headwater_disk_free_percent", MetricType.Gauge, "What is free of the disk that the directory is on.", "directory"),
            new("headwater_alerts", MetricType.Gauge, "What is amiss now by the rules of alerts, by rule and severity.", "rule", "severity")),
        new("The process", "What the process itself uses.",
            new("headwater_build_info", MetricType.Gauge, "1; the version is a label.", "version"),
            new("headwater_process_start_time_seconds", MetricType.Gauge, "Start of the process, in seconds since 1970 UTC."),
            new("headwater_predecessor_sessions", MetricType.Gauge, "Sessions that are still with the process from which this one took over."),
            new("headwater_process_cpu_seconds_total", MetricType.Counter, "Processor time used, by mode.", "mode"),
            new("headwater_process_resident_bytes", MetricType.Gauge, "Memory of the process that is in RAM."),
            new("headwater_process_heap_bytes", MetricType.Gauge, "Managed memory in use after the last garbage collection."),
            new("headwater_process_garbage_collections_total", MetricType.Counter, "Garbage collections, by generation.", "generation"),
            new("headwater_process_allocated_bytes_total", MetricType.Counter, "Managed memory allocated since the start."),
            new("headwater_process_open_files", MetricType.Gauge, "Open file descriptors, sockets included."),
            new("headwater_process_threads", MetricType.Gauge, "Threads of the process.")),
    ];

    static readonly Dictionary<string, Metric> _byName = Groups.SelectMany(static group => group.Metrics).ToDictionary(static metric => metric.Name);

    public static Metric Of(string name) =>
        _byName.TryGetValue(name, out var metric) ? metric : throw new ArgumentException($"{name} is not in the table of metrics", nameof(name));
}
