using System.Text.Json.Serialization;
using Headwater.Core.Topology;

namespace Headwater.Http;

/// <summary>/api/status: the whole picture on one page.</summary>
sealed record StatusJson(string Version, int Pid, string Machine, DateTimeOffset Started, string? Config, bool Ready, string Reason, string Cluster, long Epoch, long ViewVersion,
    string? Primary, string ClusterReason, IReadOnlyList<ServerJson> Servers, IReadOnlyList<string> Listeners);

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
            [.. new[] { ServerTags.Analytics, ServerTags.Backup, ServerTags.Delayed }.Where(tag => server.Tags.HasFlag(tag)).Select(ClusterMetrics.Word)],
            server.Weight, server.Zone, server.Capabilities?.Version, server.Replicating, server.Source, isReplica ? server.Lag?.TotalSeconds : null,
            isReplica && view.Primary is { } primary ? applied.Behind(primary.State.Timeline.Applied) : null, applied.ToString(), server.State.Incarnation);
    }

    public static IReadOnlyList<ServerJson> All(ClusterView view) => [.. view.Servers.Select(server => Of(server, view))];
}

/// <summary>The outcome of a request to change something, or an error: one sentence a line.</summary>
sealed record OutcomeJson(bool Applied, IReadOnlyList<string> Sentences);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusJson))]
[JsonSerializable(typeof(IReadOnlyList<ServerJson>))]
[JsonSerializable(typeof(OutcomeJson))]
sealed partial class ApiJson : JsonSerializerContext;
