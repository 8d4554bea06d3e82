using System.Text.Json.Serialization;
using Headwater.Core.Topology;
using Headwater.Gateway;

namespace Headwater.Http;

/// <summary>/api/status: the whole picture on one page.</summary>
/// <param name="Alerts">What is amiss by the rules of alerts; left out while nothing is.</param>
/// <param name="Violations">Left out while there is none.</param>
/// <param name="Predecessor">The process that served before an upgrade, as long as it has sessions; left out where there is none.</param>
/// <param name="Ring">The members of a ring, in the order in which a transaction travels; left out where there is none.</param>
sealed record StatusJson(string Version, int Pid, string Machine, DateTimeOffset Started, string? Config, bool Ready, string Reason, string Cluster, long Epoch, long ViewVersion,
    string? Primary, string ClusterReason, IReadOnlyList<ServerJson> Servers, IReadOnlyList<string> Listeners, ControllerJson? Controller = null, IReadOnlyList<string>? Ring = null, FeedJson? Feed = null, ViolationsJson? Violations = null, IReadOnlyList<FiringJson>? Alerts = null, PredecessorJson? Predecessor = null);

/// <summary>The process from which this one took over.</summary>
sealed record PredecessorJson(int Pid, string Version, int Sessions);

/// <summary>What the controller is about; left out where there is none. <paramref name="Change"/>: the change of primary under way, in a sentence. <paramref name="Lease"/>: who acts, where several controllers share a lease.</summary>
sealed record ControllerJson(string Rpo, bool Paused, IReadOnlyList<string> InMaintenance, string? Change, IReadOnlyList<FindingJson> Findings, string? Lease = null, double? RpoBoundSeconds = null);

/// <summary>One server of the view. Lag is left out while it is unknown.</summary>
sealed record ServerJson(string Name, string Address, string? Socket, string Role, string Health, string Reason, IReadOnlyList<string> Tags, double Weight, string Zone, string? Version,
    bool Replicating, string? Source, double? LagSeconds, ulong? LagTransactions, string Position, int Incarnation)
{
    public static ServerJson Of(ServerView server, ClusterView view)
    {
        var applied = server.State.Timeline.Applied;
        var isReplica = server.Role == ServerRole.Replica;
        return new ServerJson(server.Id.Name, $"{server.Address.Host}:{server.Address.Port}", server.Address.Socket, ClusterMetrics.Word(server.Role),
            ClusterMetrics.Word(server.Health), server.Reason,
            [.. new[] { ServerTags.Analytics, ServerTags.Backup, ServerTags.Delayed, ServerTags.Witness }.Where(tag => server.Tags.HasFlag(tag)).Select(ClusterMetrics.Word)],
            server.Weight, server.Zone, server.Capabilities?.Version, server.Replicating, server.Source, isReplica ? server.Lag?.TotalSeconds : null,
            ClusterMetrics.Behind(server, view), applied.ToString(), server.State.Incarnation);
    }

    public static IReadOnlyList<ServerJson> All(ClusterView view) => [.. view.Servers.Select(server => Of(server, view))];
}

/// <summary>/api/stats: what was counted since the start.</summary>
sealed record StatsJson(GatewayCounters Counters, int SessionsOpen, int SessionsHolding, IReadOnlyList<LevelJson> Levels, IReadOnlyDictionary<string, long> Routes,
    IReadOnlyList<ServerFigures> Servers, LatencyJson ReadLatency, LatencyJson WriteLatency)
{
    public static StatsJson Of(GatewayStatistics statistics) => new(statistics.Counters(), statistics.SessionsOpen, statistics.SessionsHolding,
        [.. statistics.ByLevel().Select(static row => new LevelJson(ClusterMetrics.Word(row.Level), row.Reads, row.OnReplicas))],
        statistics.ByReason().ToDictionary(static row => GatewayMetrics.Snake(row.Reason), static row => row.Count),
        statistics.Servers(), LatencyJson.Of(statistics.ReadLatency()), LatencyJson.Of(statistics.WriteLatency()));
}

sealed record LevelJson(string Level, long Reads, long OnReplicas);

sealed record LatencyJson(long Count, double SumSeconds, double P50Seconds, double P95Seconds, double P99Seconds)
{
    public static LatencyJson Of(LatencyHistogram histogram) =>
        new(histogram.Count, histogram.SumSeconds, histogram.Percentile(0.5), histogram.Percentile(0.95), histogram.Percentile(0.99));
}

/// <summary>The outcome of a request to change something, or an error: one sentence a line.</summary>
sealed record OutcomeJson(bool Applied, IReadOnlyList<string> Sentences);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusJson))]
[JsonSerializable(typeof(IReadOnlyList<ServerJson>))]
[JsonSerializable(typeof(StatsJson))]
[JsonSerializable(typeof(IReadOnlyList<SessionFigures>))]
[JsonSerializable(typeof(IReadOnlyList<DigestSummary>))]
[JsonSerializable(typeof(OutcomeJson))]
[JsonSerializable(typeof(RecoverJson))]
[JsonSerializable(typeof(RebuildJson))]
[JsonSerializable(typeof(ControlJson))]
[JsonSerializable(typeof(AuditJson))]
[JsonSerializable(typeof(ReadAuditJson))]
[JsonSerializable(typeof(AlertsJson))]
sealed partial class ApiJson : JsonSerializerContext;
