using System.Diagnostics;
using System.Text.Json;
using Headwater.Core.Topology;
using Headwater.Http;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Servers;

namespace Headwater.IntegrationTests.Recovery;

/// <summary>Two real servers under a controller. It promises best effort unless asked for more, so that a primary can be killed with a tail that was acknowledged.</summary>
sealed class RecoveringCluster : IAsyncDisposable
{
    static readonly string[] Safe = ["--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1", "--binlog-row-metadata=FULL", "--character-set-server=utf8mb4"];
    readonly GatewayHere _gateway = new("recovering");
    readonly string _promise;

    RecoveringCluster(RealServer[] servers, string promise) => (Servers, _promise) = (servers, promise);

    public RealServer[] Servers { get; }
    public RealServer Old => Servers[0];
    public RealServer New => Servers[1];
    public string Tails => Path.Combine(_gateway.StateDirectory, "tails");
    public ClusterView View => _gateway.View;

    public static async Task<RecoveringCluster> StartAsync(string recover, string promise = "best-effort")
    {
        var servers = await Task.WhenAll(RealServer.StartAsync(1, Safe), RealServer.StartAsync(2, [.. Safe, "--read-only=1"]));
        await servers[1].FollowAsync(servers[0]);
        var cluster = new RecoveringCluster(servers, promise);
        await cluster.ControlAsync(recover);
        return cluster;
    }

    /// <summary>Starts gateway and controller anew, as after a crash of theirs.</summary>
    public async Task ControlAsync(string recover)
    {
        await _gateway.StartAsync(Servers, $"""
            control:
              mode: act
              rpo: {_promise}
              recover: {recover}
              replication_user: monitor
              replication_password: {GatewayHere.Quoted}
            """);
        await UntilAsync(() => View.Primary is not null && View.Servers.Count(static server => server.Health == ServerHealth.Up) >= 1, "a primary");
    }

    public Reachable Gateway => new(_gateway.Address.Host, _gateway.Address.Port);

    public string Console => _gateway.Console;

    public Task<ServerConnection> GatewayAsync(string? schema = "shop") => _gateway.ConnectAsync(schema);

    /// <summary>From now on nothing of what is written reaches the replica, and nobody mends that.</summary>
    public async Task CutAsync()
    {
        var position = (await Old.ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar;
        await New.ExecuteAsync($"SELECT MASTER_GTID_WAIT('{position}', 20)");
        await PostAsync("pause");
        await New.ExecuteAsync("STOP SLAVE IO_THREAD");
    }

    /// <summary>The old primary is gone for good as far as the controller knows, and the replica takes its place.</summary>
    public async Task KillAndReplaceAsync()
    {
        await Old.KillAsync();
        await PostAsync("resume");
        await UntilAsync(() => View.Primary is { } primary && primary.Id.Name == "db2", "db2 to be the primary");
    }

    public async Task ReturnAsync()
    {
        // It comes back as a server that was a primary does, unless somebody sees to it: here its operator does.
        await Old.StartAgainAsync();
        await Old.ExecuteAsync("SET GLOBAL read_only=ON");
    }

    public async Task<JsonElement> PostAsync(string action) => JsonSerializer.Deserialize<JsonElement>(await _gateway.PostAsync($"/api/control/{action}"));

    public async Task<RecoverJson> RecoverAsync(string arguments = "") => JsonSerializer.Deserialize(await _gateway.PostAsync($"/api/control/recover?{arguments}"), ApiJson.Default.RecoverJson)!;

    public Task<string> FindingsAsync() => _gateway.GetAsync("/api/control");

    public async Task UntilFollowsAsync()
    {
        await UntilAsync(() => View.Servers.FirstOrDefault(static server => server.Id.Name == "db1") is { Replicating: true, Health: ServerHealth.Up, LastAnswer.ReadOnly: true }, "db1 to follow");
        var position = (await New.ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar;
        if ((await Old.ExecuteAsync($"SELECT MASTER_GTID_WAIT('{position}', 20)")).Scalar != "0") throw new InvalidOperationException($"db1 does not reach {position}");
    }

    public async Task UntilAsync(Func<bool> reached, string what)
    {
        for (var clock = Stopwatch.StartNew(); !reached(); await Task.Delay(20))
            if (clock.Elapsed > TimeSpan.FromSeconds(40))
                throw new InvalidOperationException($"waited 40 s for {what}; {await FindingsAsync()} {string.Join("; ", View.Servers.Select(static server => $"{server.Id} {server.Role} {server.Health} {server.Reason}"))}");
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        foreach (var server in Servers) await server.DisposeAsync();
    }
}
