using System.Net;
using System.Text.Json;
using Headwater.Commands;
using Headwater.Configuration;
using Headwater.Core.Topology;
using Headwater.Logging;
using Headwater.Servers;
using Xunit;

namespace Headwater.IntegrationTests.Commands;

/// <summary>What <c>headwater serve</c> does, with a file, before real servers; only the process around it is the test's own.</summary>
public sealed class ServeTests : IAsyncLifetime
{
    readonly string _directory = Directory.CreateTempSubdirectory("headwater-test-").FullName;
    readonly CancellationTokenSource _stop = new();
    readonly HttpClient _http = new();
    RealServer[] _servers = [];
    HeadwaterLog? _log;
    Task _serving = Task.CompletedTask;

    string ConfigPath => Path.Combine(_directory, "headwater.yaml");
    ServerAddress Gateway => new("localhost", 0, Path.Combine(_directory, "hw.sock"));

    public async ValueTask InitializeAsync()
    {
        _servers = await RealServer.StartClusterAsync(1);
        await File.WriteAllTextAsync(Path.Combine(_directory, "password"), RealServer.Password + "\n");
        await WriteAsync("100ms");
        var reading = ConfigFile.Read(ConfigPath);
        Assert.Empty(reading.Problems);
        _log = new HeadwaterLog(reading.Config!.Log, TimeProvider.System);
        _serving = new Serving(reading, reading.Config, _log).RunAsync(takesOver: false, _stop.Token);
        await UntilAsync(async () =>
        {
            if (_serving.IsCompleted) await _serving;
            return File.Exists(RunningGateway.PathIn(StateDirectory)) && (await _http.GetAsync(await UrlAsync("/readyz"))).StatusCode == HttpStatusCode.OK;
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        Assert.False(File.Exists(RunningGateway.PathIn(StateDirectory)));
        _log?.Dispose();
        _http.Dispose();
        foreach (var server in _servers) await server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
        _stop.Dispose();
    }

    string StateDirectory => Path.Combine(_directory, ".headwater");

    Task WriteAsync(string wait) => File.WriteAllTextAsync(ConfigPath, $$"""
        servers: [{{string.Join(", ", _servers.Select(server => $"\"127.0.0.1:{server.Port}\""))}}]
        monitor: { user: monitor, password_file: password }
        listeners: [ { socket: hw.sock } ]
        http: { address: "127.0.0.1:0" }
        reads: { wait: {{wait}} }
        drain: 1s
        """);

    Task<string> UrlAsync(string path) => Task.FromResult($"http://{RunningGateway.Find(StateDirectory).Http}{path}");

    static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var deadline = System.Diagnostics.Stopwatch.StartNew(); !await holds(); await Task.Delay(20))
            Assert.True(deadline.Elapsed < TimeSpan.FromSeconds(30), "it took more than 30 s");
    }

    [Fact]
    public async Task The_smallest_file_serves_sessions_and_a_reload_is_whole_or_nothing()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var session = await ServerConnection.ConnectAsync(Gateway, _servers[0].Login, ct);
        await session.QueryAsync("CREATE DATABASE shop", ct);
        await session.QueryAsync("CREATE TABLE shop.t (a INT PRIMARY KEY)", ct);
        await session.QueryAsync("INSERT INTO shop.t VALUES (42)", ct);
        Assert.Equal("42", (await session.QueryAsync("SELECT a FROM shop.t", ct)).Scalar);

        using (var status = JsonDocument.Parse(await _http.GetStringAsync(await UrlAsync("/api/status"), ct)))
        {
            Assert.Equal($"127.0.0.1:{_servers[0].Port}", status.RootElement.GetProperty("primary").GetString());
            Assert.Equal(["primary", "replica"], status.RootElement.GetProperty("servers").EnumerateArray().Select(static server => server.GetProperty("role").GetString()));
        }
        using (var sessions = JsonDocument.Parse(await _http.GetStringAsync(await UrlAsync("/api/sessions"), ct)))
            Assert.Contains(sessions.RootElement.EnumerateArray(), static row => row.GetProperty("user").GetString() == "monitor");
        using (var stats = JsonDocument.Parse(await _http.GetStringAsync(await UrlAsync("/api/stats"), ct)))
            Assert.True(stats.RootElement.GetProperty("counters").GetProperty("statements").GetInt64() >= 4);
        Assert.Contains("INSERT INTO", await _http.GetStringAsync(await UrlAsync("/api/digests"), ct), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\nheadwater_cluster_has_primary{cluster=\"main\"} 1\n", await _http.GetStringAsync(await UrlAsync("/metrics"), ct));

        Assert.Equal((200, "applied; changed: reads.wait."), await ReloadAsync("50ms"));
        Assert.Equal((422, "the old configuration stays in force."), await ReloadAsync("soon"));
        Assert.Equal("42", (await session.QueryAsync("SELECT a FROM shop.t", ct)).Scalar);
        await using var another = await ServerConnection.ConnectAsync(Gateway, _servers[0].Login, ct);
        Assert.Equal("1", (await another.QueryAsync("SELECT 1", ct)).Scalar);
    }

    async Task<(int Status, string End)> ReloadAsync(string wait)
    {
        await WriteAsync(wait);
        using var answer = await _http.PostAsync(await UrlAsync("/api/reload"), null);
        using var outcome = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var last = outcome.RootElement.GetProperty("sentences").EnumerateArray().Last().GetString()!;
        return ((int)answer.StatusCode, last[(last.LastIndexOf(answer.IsSuccessStatusCode ? "applied;" : "the old", StringComparison.Ordinal))..]);
    }
}
