using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Headwater.Core.Topology;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Servers;

namespace Headwater.IntegrationTests.Failover;

/// <summary>Servers that can all be written to, each in a domain of its own unless told otherwise, and a gateway that keeps them as a ring, or only watches.</summary>
sealed class RingCluster : IAsyncDisposable
{
    readonly GatewayHere _gateway = new("ring");

    RingCluster(RealServer[] servers) => Servers = servers;

    public RealServer[] Servers { get; }
    public ClusterView View => _gateway.View;

    public static async Task<RingCluster> StartAsync(int members, bool controlled = true, bool oneDomain = false)
    {
        var servers = await Task.WhenAll(Enumerable.Range(1, members).Select(id => RealServer.StartAsync(id,
        [
            string.Create(CultureInfo.InvariantCulture, $"--gtid-domain-id={(oneDomain ? 1 : id)}"), string.Create(CultureInfo.InvariantCulture, $"--auto-increment-increment={members}"),
            string.Create(CultureInfo.InvariantCulture, $"--auto-increment-offset={id}"), "--binlog-row-metadata=FULL", "--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1",
        ])));
        // Without a controller it is somebody else who has made the ring.
        if (!controlled)
            for (var i = 0; i < members; i++) await servers[i].FollowAsync(servers[(i + members - 1) % members]);
        var cluster = new RingCluster(servers);
        await cluster._gateway.StartAsync(servers, $"control: {{ mode: {(controlled ? "act" : "off")}, shape: ring, rpo: best-effort, replication_user: monitor, replication_password: {GatewayHere.Quoted} }}");
        return cluster;
    }

    public Task<ServerConnection> GatewayAsync(string? schema = null) => _gateway.ConnectAsync(schema);

    public async Task<JsonElement> GetAsync(string path) => JsonSerializer.Deserialize<JsonElement>(await _gateway.GetAsync(path));

    public ServerView this[string name] => View.Servers.FirstOrDefault(server => server.Id.Name == name) ?? throw new InvalidOperationException($"{name} has not been looked at yet");

    public string Ring => string.Join(' ', View.Ring.Select(static id => id.Name));

    /// <summary>Every member has so many rows.</summary>
    public Task UntilAllHaveAsync(int rows, params RealServer[] of) => UntilAsync(async () =>
    {
        foreach (var server in of.Length == 0 ? Servers : of)
            if ((await server.ExecuteAsync("SELECT COUNT(*) FROM shop.t")).Scalar != rows.ToString(CultureInfo.InvariantCulture)) return false;
        return true;
    }, $"{rows} rows on every member");

    public Task UntilAsync(Func<bool> reached, string what) => UntilAsync(() => Task.FromResult(reached()), what);

    public async Task UntilAsync(Func<Task<bool>> reached, string what)
    {
        for (var clock = Stopwatch.StartNew(); !await reached(); await Task.Delay(50))
            if (clock.Elapsed > TimeSpan.FromSeconds(30))
                throw new InvalidOperationException($"waited 30 s for {what}; ring {Ring}; {string.Join("; ", View.Servers.Select(static server => $"{server.Id} {server.Role} {server.Health} follows {server.Source}: {server.Reason}"))}; {(await GetAsync("/api/status")).GetRawText()}");
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        foreach (var server in Servers) await server.DisposeAsync();
    }
}
