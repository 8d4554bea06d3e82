using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Headwater.Control.Failover;
using Headwater.Core.Topology;
using Headwater.Core.Verify;
using Headwater.Http;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Servers;
using Headwater.Verify;

namespace Headwater.IntegrationTests.Rebuild;

/// <summary>Three real servers under a controller, and a load through the gateway that never stops.</summary>
sealed class RebuildingCluster : IAsyncDisposable
{
    static readonly string[] Settings = ["--binlog-row-metadata=FULL", "--character-set-server=utf8mb4", "--rpl-semi-sync-slave-kill-conn-timeout=1", "--event-scheduler=ON"];
    readonly GatewayHere _gateway = new("rebuilding") { File = "headwater.yaml" };
    readonly CancellationTokenSource _end = new();
    readonly List<RealServer> _servers = [];
    Task<int> _load = Task.FromResult(0);

    public RealServer this[int number] => _servers[number - 1];
    public ClusterView View => _gateway.View;

    public static async Task<RebuildingCluster> StartAsync(string rebuild)
    {
        var cluster = new RebuildingCluster();
        foreach (var server in await Task.WhenAll(Enumerable.Range(1, 3).Select(static id => StartServerAsync(id)))) cluster._servers.Add(server);
        await cluster[1].ExecuteAsync("SET GLOBAL read_only=OFF");
        foreach (var id in (int[])[2, 3]) await cluster[id].FollowAsync(cluster[1]);
        await cluster.ControlAsync(rebuild);
        await cluster[1].ExecuteAsync("CREATE DATABASE load_");
        await cluster[1].ExecuteAsync("CREATE TABLE load_.t (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL, text VARCHAR(100)) CHARSET utf8mb4");
        await cluster[1].ExecuteAsync("INSERT INTO load_.t (n, text) SELECT seq, MD5(seq) FROM load_.seq_1_to_20000");
        await cluster.UntilAsync(() => cluster.View.Servers.Count(static server => server is { Health: ServerHealth.Up, LastAnswer.SemiSync.Acknowledging: true }) == 2, "two replicas that acknowledge");
        cluster._load = cluster.WriteAsync();
        return cluster;
    }

    public static Task<RealServer> StartServerAsync(int id) => RealServer.StartAsync(id, [.. Settings, "--read-only=1"]);

    public void Add(RealServer server) => _servers.Add(server);

    /// <summary>Starts gateway and controller anew, as after a crash of theirs.</summary>
    public async Task ControlAsync(string rebuild)
    {
        await _gateway.StartAsync(_servers.Take(3), $"control: {{ mode: act, rebuild: {rebuild}, replication_user: monitor, replication_password: {GatewayHere.Quoted} }}");
        await UntilAsync(() => View.Primary is not null, "a primary");
    }

    public Task EndControlAsync() => _gateway.StopAsync();

    /// <summary>Each commit is one that a client was told of; how many there were.</summary>
    async Task<int> WriteAsync()
    {
        var written = 0;
        ServerConnection? client = null;
        while (!_end.IsCancellationRequested)
            try
            {
                client ??= await _gateway.ConnectAsync("load_", _end.Token);
                await client.QueryAsync(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO t (n, text) VALUES ({written}, 'new')"), _end.Token);
                await client.QueryAsync(string.Create(CultureInfo.InvariantCulture, $"UPDATE t SET n = n + 1 WHERE id = {written * 7919 % 15_000 + 2}"), _end.Token);
                written += 2;
                await Task.Delay(5, _end.Token);
            }
            catch (OperationCanceledException)
            {
                // It was told to end.
            }
            catch (Exception e) when (e is ServerException or ServerUnreachableException && !_gateway.IsReady)
            {
                if (client is not null) await client.DisposeAsync();
                client = null;
                await Task.Delay(50);
            }
        if (client is not null) await client.DisposeAsync();
        return written;
    }

    public async Task<int> EndLoadAsync()
    {
        await _end.CancelAsync();
        return await _load;
    }

    public async Task<RebuildJson> PostAsync(string action) => JsonSerializer.Deserialize(await _gateway.PostAsync($"/api/control/{action}"), ApiJson.Default.RebuildJson)!;

    public async Task<IReadOnlyList<FindingJson>> FindingsAsync() => JsonSerializer.Deserialize(await _gateway.GetAsync("/api/control"), ApiJson.Default.ControlJson)!.Findings;

    public async Task<string> UntilFoundAsync(string rule, Func<string, bool> says)
    {
        var found = "";
        await UntilAsync(() => (found = FindingsAsync().Result.FirstOrDefault(finding => finding.Rule == rule && says(finding.Sentence))?.Sentence ?? "").Length > 0, $"a finding of {rule}");
        return found;
    }

    /// <summary>It follows, serves and acknowledges.</summary>
    public Task UntilWellAsync(string name) => UntilAsync(() => View.Servers.FirstOrDefault(server => server.Id.Name == name) is { Replicating: true, Health: ServerHealth.Up, LastAnswer: { ReadOnly: true, SemiSync.Acknowledging: true } }, $"{name} to follow and to acknowledge");

    public async Task AssertEqualAsync()
    {
        await EndLoadAsync();
        var position = (await this[1].ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar;
        foreach (var server in _servers.Skip(1)) Assert.Equal("0", (await server.ExecuteAsync($"SELECT MASTER_GTID_WAIT('{position}', 20)")).Scalar);
        var report = await new VerifyRun(Door(this[1]), [.. _servers.Skip(1).Select(Door)], new VerifyOptions(), new VerifyProgress(TimeProvider.System)).RunAsync(default);
        var text = new StringWriter();
        VerifyText.Print(report, applied: false, text);
        Assert.True(report.Equal, text.ToString());
        Assert.NotEmpty(report.Tables);

        static ServerDoor Door(RealServer server) => new($"db{server.Id}", server.Address, server.Login, server.Login);
    }

    string History => string.Join('\n', Journal.ReadAll(_gateway.StateDirectory).Where(static entry => entry.Kind != "record").Select(static entry => $"{entry.At:mm:ss.fff} {entry.Kind} {entry.Rule} {entry.Server} {entry.Sentence}"));

    public async Task UntilAsync(Func<bool> reached, string what)
    {
        for (var clock = Stopwatch.StartNew(); !reached(); await Task.Delay(20))
            if (clock.Elapsed > TimeSpan.FromSeconds(40))
                throw new InvalidOperationException($"waited 40 s for {what}; {string.Join("; ", View.Servers.Select(static server => $"{server.Id} {server.Role} {server.Health} {server.Reason}"))}\n{History}");
    }

    public async ValueTask DisposeAsync()
    {
        await EndLoadAsync();
        await _gateway.DisposeAsync();
        foreach (var server in _servers) await server.DisposeAsync();
        _end.Dispose();
    }
}
