using System.Globalization;
using Headwater.Core.Topology;

namespace Headwater.Http;

/// <summary>What the cluster view says, as metrics.</summary>
static class ClusterMetrics
{
    public static void Write(PrometheusText text, ClusterView view)
    {
        var cluster = ("cluster", view.Cluster);
        text.Begin("headwater_cluster_epoch");
        text.Sample(view.Epoch.Number, cluster);
        text.Begin("headwater_cluster_view_changes_total");
        text.Sample(view.Version, cluster);
        text.Begin("headwater_cluster_has_primary");
        text.Sample(view.Primary is null ? 0 : 1, cluster);

        text.Begin("headwater_server_up");
        foreach (var server in view.Servers) text.Sample(server.Health == ServerHealth.Up ? 1 : 0, Server(server));
        text.Begin("headwater_server_info");
        foreach (var server in view.Servers)
            text.Sample(1, Server(server), ("role", Word(server.Role)), ("health", Word(server.Health)), ("tags", server.Tags == ServerTags.None ? "" : Word(server.Tags)),
                ("zone", server.Zone), ("version", server.Capabilities?.Version ?? ""));
        text.Begin("headwater_server_weight");
        foreach (var server in view.Servers) text.Sample(server.Weight, Server(server));
        text.Begin("headwater_server_replicating");
        foreach (var server in view.Servers)
            if (server.Role == ServerRole.Replica) text.Sample(server.Replicating ? 1 : 0, Server(server));
        text.Begin("headwater_server_lag_seconds");
        foreach (var server in view.Servers)
            if (server is { Role: ServerRole.Replica, Lag: { } lag }) text.Sample(lag.TotalSeconds, Server(server));
        text.Begin("headwater_server_lag_transactions");
        foreach (var server in view.Servers)
            if (Behind(server, view) is { } behind) text.Sample(behind, Server(server));
        text.Begin("headwater_server_position_sequence");
        foreach (var server in view.Servers)
        {
            var applied = server.State.Timeline.Applied;
            for (var i = 0; i < applied.DomainCount; i++)
                text.Sample(applied[i].Sequence, Server(server), ("domain", applied[i].Domain.ToString(CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>Transactions that the primary has logged and a replica is not known to show; null while either is unknown.</summary>
    public static ulong? Behind(ServerView server, ClusterView view) =>
        server is { Role: ServerRole.Replica, State.Timeline.Latest: { } latest } && view.Primary?.State.Timeline.Latest is { } primary
            ? latest.Position.Behind(primary.Logged) : null;

    public static (string, string) Server(ServerView server) => ("server", server.Id.Name);

    public static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant().Replace(", ", ",", StringComparison.Ordinal);
}
