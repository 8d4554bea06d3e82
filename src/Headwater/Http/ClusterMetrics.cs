using System.Globalization;
using Headwater.Core.Topology;

namespace Headwater.Http;

/// <summary>What the cluster view says, as metrics.</summary>
static class ClusterMetrics
{
    public static void Write(PrometheusText text, ClusterView view)
    {
        var cluster = ("cluster", view.Cluster);
        text.Gauge("headwater_cluster_epoch", "Epoch of the view: grows with each change of primary.");
        text.Sample(view.Epoch.Number, cluster);
        text.Counter("headwater_cluster_view_changes_total", "Times the view was replaced.");
        text.Sample(view.Version, cluster);
        text.Gauge("headwater_cluster_has_primary", "1 while a primary is known that may be written to, else 0.");
        text.Sample(view.Primary is null ? 0 : 1, cluster);

        text.Gauge("headwater_server_up", "1 while the server gets new statements, else 0.");
        foreach (var server in view.Servers) text.Sample(server.Health == ServerHealth.Up ? 1 : 0, Server(server));
        text.Gauge("headwater_server_info", "1 for what the server is now; role, health and tags are labels.");
        foreach (var server in view.Servers)
            text.Sample(1, Server(server), ("role", Word(server.Role)), ("health", Word(server.Health)), ("tags", server.Tags == ServerTags.None ? "" : Word(server.Tags)),
                ("zone", server.Zone), ("version", server.Capabilities?.Version ?? ""));
        text.Gauge("headwater_server_weight", "The server's share of the reads, relative to the others.");
        foreach (var server in view.Servers) text.Sample(server.Weight, Server(server));
        text.Gauge("headwater_server_replicating", "1 while the replica's apply threads run, else 0. Replicas only.");
        foreach (var server in view.Servers)
            if (server.Role == ServerRole.Replica) text.Sample(server.Replicating ? 1 : 0, Server(server));
        text.Gauge("headwater_server_lag_seconds", "How long ago the primary stood where this replica stands. Absent while unknown: a stopped replica is never 0 behind.");
        foreach (var server in view.Servers)
            if (server is { Role: ServerRole.Replica, Lag: { } lag }) text.Sample(lag.TotalSeconds, Server(server));
        text.Gauge("headwater_server_lag_transactions", "Transactions of the primary that this replica has not applied, as far as both are known. Replicas only.");
        foreach (var server in view.Servers)
            if (Behind(server, view) is { } behind) text.Sample(behind, Server(server));
        text.Gauge("headwater_server_position_sequence", "Sequence number of the last transaction known to be applied (replica) or logged (primary), by GTID domain.");
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
