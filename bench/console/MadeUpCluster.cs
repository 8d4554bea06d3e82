using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.WebConsole;

namespace Headwater.Bench.Browsing;

/// <summary>A cluster of any size, and a full history of it, as a browser gets them from a busy gateway.</summary>
static class MadeUpCluster
{
    /// <summary>A quarter of an hour of each figure that a busy gateway has.</summary>
    public static void Fill(History history, int servers)
    {
        var chance = new Random(1);
        var from = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 900_000;
        string[] names = ["statements", "reads", "replica_reads", "writes", "errors", "retries", "position_waits", "log_waits", "write_holds", "cache_lookups", "cache_hits", "sessions", "read_p50", "read_p95", "read_p99", "write_p50", "write_p95", "write_p99",
            .. Enumerable.Range(0, 12).Select(static reason => $"reason.{(Core.Routing.RouteReason)reason}"), .. Enumerable.Range(2, servers).SelectMany(static server => new[] { $"server.db{server}.lag", $"server.db{server}.statements", $"server.db{server}.transactions" })];
        for (var second = 0; second < 900; second++) history.Add(from + 1000 * second, [.. names.Select(name => (name, Math.Round(chance.NextDouble() * 1000, 1)))]);
    }

    public static ClusterView ViewOf(int count)
    {
        var primary = Server(1, ServerRole.Primary, null);
        return new ClusterView
        {
            Cluster = "made-up",
            Epoch = new Epoch(3),
            Version = 1,
            Primary = primary,
            Reason = "db1 is the appointed primary of epoch 3",
            Servers = [primary, .. Enumerable.Range(2, count - 1).Select(number => Server(number, ServerRole.Replica, primary.Address))],
        };
    }

    static ServerView Server(int number, ServerRole role, ServerAddress? source)
    {
        var (id, address) = (new ServerId($"db{number}"), new ServerAddress("10.0.0." + number, 3306));
        var state = new ServerState(id, 1);
        Position.TryParse($"0-1-{5_000_000 - 3 * number}", out var position);
        state.Timeline.Add(new PositionSample(Instant.Zero, Instant.Zero, position));
        return new ServerView
        {
            State = state,
            Address = address,
            Role = role,
            Health = ServerHealth.Up,
            Replicating = role == ServerRole.Replica,
            Reason = role == ServerRole.Primary ? "db1 is the appointed primary of epoch 3" : "replicates from db1",
            Lag = role == ServerRole.Replica ? TimeSpan.FromMilliseconds(number) : null,
            Number = (uint)number,
            LastAnswer = new Observation
            {
                Server = new WatchedServer(id, address),
                AskedAt = Instant.Zero,
                AnsweredAt = Instant.Zero,
                ReadOnly = role == ServerRole.Replica,
                Links = source is null ? [] : [new ReplicationLink { SourceHost = source.Host, SourcePort = source.Port, SourceNumber = 1, Receiving = LinkState.Running, Applying = true }],
            },
        };
    }
}
