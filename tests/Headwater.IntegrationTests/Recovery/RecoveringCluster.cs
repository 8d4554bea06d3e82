using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Headwater.Configuration;
using Headwater.Core.Topology;
using Headwater.Http;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Logging;
using Headwater.Servers;
using Microsoft.Extensions.Logging;

namespace Headwater.IntegrationTests.Recovery;

/// <summary>Two real servers under a controller. It promises best effort unless asked for more, so that a primary can be killed with a tail that was acknowledged.</summary>
sealed class RecoveringCluster : IAsyncDisposable
{
    static readonly string[] Safe = ["--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1", "--binlog-row-metadata=FULL", "--character-set-server=utf8mb4"];
    readonly string _directory, _promise;
    readonly HeadwaterLog _log;
    readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(3) };
    readonly int _httpPort = FreePort.Next(), _port = FreePort.Next();
    Composition? _composition;

    RecoveringCluster(RealServer[] servers, string directory, string promise)
    {
        (Servers, _directory, _promise) = (servers, directory, promise);
        _log = new HeadwaterLog(new LogConfig(LogLevel.Error, LogFormat.Text), TimeProvider.System);
    }

    public RealServer[] Servers { get; }
    public RealServer Old => Servers[0];
    public RealServer New => Servers[1];
    public string Tails => Path.Combine(_directory, "tails");
    public ClusterView View => _composition!.View.Current;

    public static async Task<RecoveringCluster> StartAsync(string recover, string promise = "best-effort")
    {
        var servers = await Task.WhenAll(RealServer.StartAsync(1, Safe), RealServer.StartAsync(2, [.. Safe, "--read-only=1"]));
        await servers[1].FollowAsync(servers[0]);
        var cluster = new RecoveringCluster(servers, Directory.CreateTempSubdirectory("headwater-recover-").FullName, promise);
        await cluster.ControlAsync(recover);
        return cluster;
    }

    /// <summary>Starts gateway and controller anew, as after a crash of theirs.</summary>
    public async Task ControlAsync(string recover)
    {
        if (_composition is not null)
        {
            await _composition.StopAsync();
            await _composition.DisposeAsync();
        }
        var password = RealServer.Password.Replace("'", "''", StringComparison.Ordinal);
        var reading = ConfigFile.Parse($"""
            cluster: recovering
            state_directory: {_directory}
            drain: 0s
            servers:
              - address: 127.0.0.1:{Old.Port}
                name: db1
              - address: 127.0.0.1:{New.Port}
                name: db2
            listeners:
              - address: 127.0.0.1:{_port}
            monitor:
              user: monitor
              password: '{password}'
            control:
              mode: act
              rpo: {_promise}
              recover: {recover}
              replication_user: monitor
              replication_password: '{password}'
            http:
              address: 127.0.0.1:{_httpPort}
            """, "test", _directory);
        if (reading.Config is not { } config) throw new InvalidOperationException(string.Join('\n', reading.Problems));
        _composition = new Composition(config, _log, TimeProvider.System, static () => new OutcomeJson(false, []), null);
        await _composition.StartAsync(default);
        await UntilAsync(() => View.Primary is not null && View.Servers.Count(static server => server.Health == ServerHealth.Up) >= 1, "a primary");
    }

    public Reachable Gateway => new("127.0.0.1", _port);

    public Task<ServerConnection> GatewayAsync(string? schema = "shop") =>
        ServerConnection.ConnectAsync(new ServerAddress("127.0.0.1", _port), new ServerLogin("monitor", RealServer.Password, schema), default);

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

    public async Task<JsonElement> PostAsync(string action)
    {
        using var response = await _http.PostAsync(new Uri($"http://127.0.0.1:{_httpPort}/api/control/{action}"), null);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    public async Task<RecoverJson> RecoverAsync(string arguments = "")
    {
        using var response = await _http.PostAsync(new Uri($"http://127.0.0.1:{_httpPort}/api/control/recover?{arguments}"), null);
        return JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(), ApiJson.Default.RecoverJson)!;
    }

    public async Task<string> FindingsAsync() => await _http.GetStringAsync(new Uri($"http://127.0.0.1:{_httpPort}/api/control"));

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
        if (_composition is not null) await _composition.DisposeAsync();
        foreach (var server in Servers) await server.DisposeAsync();
        _http.Dispose();
        _log.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
