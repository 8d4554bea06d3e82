using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Headwater.Commands;
using Headwater.Control.Failover;
using Headwater.Core.Failover;
using Headwater.Core.Topology;
using Headwater.Gateway.Transport;
using Headwater.Handover;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Servers;

namespace Headwater.IntegrationTests.Handover;

/// <summary>A gateway before real servers whose process is replaced while clients work.</summary>
public sealed class UpgradeTests : IAsyncLifetime
{
    static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(20) };
    static CancellationToken Ct => TestContext.Current.CancellationToken;
    static string Program => Path.Combine(AppContext.BaseDirectory, "headwater");
    readonly string _directory = Directory.CreateTempSubdirectory("hw-").FullName;
    readonly ServerAddress _gateway = new("127.0.0.1", FreePort.Next());
    readonly int _http = FreePort.Next();
    readonly HashSet<int> _pids = [];
    RealServer[] _servers = [];
    ChildProcess? _serve;

    string ConfigPath => Path.Combine(_directory, "headwater.yaml");
    string SocketPath => Path.Combine(_directory, "sql.sock");

    public async ValueTask InitializeAsync()
    {
        _servers = await Task.WhenAll(RealServer.StartAsync(1, "--binlog-row-metadata=FULL"), RealServer.StartAsync(2, "--read-only=1", "--binlog-row-metadata=FULL"));
        await _servers[1].FollowAsync(_servers[0]);
        await WriteConfigAsync();
        _serve = ChildProcess.Start(Program, ["serve", "--config", ConfigPath], _directory + ".log");
        await Eventually.HoldsAsync(async () => _serve.HasExited ? throw new InvalidOperationException(_serve.LogTail()) : await PrimaryAsync() == "db1");
        await using var session = await ConnectAsync();
        await session.QueryMultiAsync("CREATE DATABASE d; CREATE TABLE d.t (id INT AUTO_INCREMENT PRIMARY KEY, v INT NOT NULL) ENGINE=InnoDB; INSERT INTO d.t (v) VALUES (1)", Ct);
    }

    Task WriteConfigAsync(string more = "", string listener = "") => File.WriteAllTextAsync(ConfigPath, string.Create(CultureInfo.InvariantCulture, $$"""
        state_directory: {{_directory}}
        servers:
        {{string.Join('\n', _servers.Select(static server => $"  - {{ name: db{server.Id}, address: \"127.0.0.1:{server.Port}\" }}"))}}
        monitor: { user: monitor, password: "{{RealServer.Password}}" }
        control: { mode: act, rpo: best-effort, replication_user: monitor, replication_password: "{{RealServer.Password}}" }
        listeners: [ "127.0.0.1:{{_gateway.Port}}", { socket: "{{SocketPath}}" }{{listener}} ]
        http: { address: "127.0.0.1:{{_http}}" }
        feed: { enabled: true }
        drain: 0s
        {{more}}

        """), Ct);

    [Fact]
    public async Task A_new_process_takes_over_and_no_client_notices()
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var coming = ComeAndGoAsync(end.Token);
        await using var plain = await ConnectAsync();
        await plain.QueryAsync("USE d", Ct);
        await using var session = await ConnectAsync();
        await session.QueryMultiAsync("USE d; CREATE TEMPORARY TABLE mine (a INT); INSERT INTO mine VALUES (7)", Ct);
        var prepared = await session.PrepareAsync("SELECT v FROM t WHERE id = ?", Ct);
        await session.QueryAsync("BEGIN", Ct);
        await session.QueryAsync("INSERT INTO t (v) VALUES (2)", Ct);
        var number = (await session.QueryAsync("SELECT CONNECTION_ID()", Ct)).Scalar;
        var before = await PidAsync();

        Assert.Equal(ExitCode.Ok, await UpgradeAsync());

        var after = await PidAsync();
        Assert.NotEqual(before, after);
        // What was begun there goes on there: a transaction, a temporary table, a prepared statement.
        await session.QueryAsync("COMMIT", Ct);
        Assert.Equal("7", (await session.QueryAsync("SELECT a FROM mine", Ct)).Scalar);
        Assert.Equal("1", $"{(await prepared.ExecuteAsync([1L], Ct)).Scalar}");
        await using var late = await ConnectAsync();
        Assert.Equal("2", (await late.QueryAsync("SELECT COUNT(*) FROM d.t WHERE v IN (1, 2)", Ct)).Scalar);
        await using (var bySocket = await ServerConnection.ConnectAsync(new ServerAddress("localhost", 0, SocketPath), new ServerLogin("monitor", RealServer.Password), Ct))
            Assert.Equal("1", (await bySocket.QueryAsync("SELECT 1", Ct)).Scalar);

        // Who is connected to the new one, or to one that comes after it, reaches the sessions of the old one.
        Assert.Equal(ExitCode.Ok, await UpgradeAsync());
        await late.DisposeAsync();
        await using var latest = await ConnectAsync();
        var sleeping = session.QueryAsync("SELECT SLEEP(30), a FROM mine", Ct);
        await Eventually.HoldsAsync(async () => (await _servers[0].ExecuteAsync("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE info LIKE 'SELECT SLEEP(30)%'")).Scalar != "0");
        await latest.QueryAsync($"KILL QUERY {number}", Ct);
        var interrupted = await Record.ExceptionAsync(() => sleeping);
        Assert.True(interrupted is null or ServerException { Code: 1317 }, interrupted?.ToString());
        Assert.Equal(1094, (await Assert.ThrowsAsync<ServerException>(() => latest.QueryAsync("KILL QUERY 4000000", Ct))).Code);

        // The primary is changed by the new one, and a session of the old one writes on.
        await session.DisposeAsync();
        var (changed, said) = await AskAsync("switchover");
        Assert.True(changed, said);
        await plain.QueryAsync("INSERT INTO t (v) VALUES (3)", Ct);
        Assert.Equal("1", (await plain.QueryAsync("SELECT COUNT(*) FROM t WHERE v = 3", Ct)).Scalar);
        Assert.Equal("db2", await PrimaryAsync());
        using (var status = await StatusAsync())
            Assert.Equal(after, status!.RootElement.GetProperty("predecessor").GetProperty("pid").GetInt32());

        await end.CancelAsync();
        Assert.True(await coming > 10);
        await plain.DisposeAsync();
        await Eventually.HoldsAsync(() => Task.FromResult(!Lives(before) && !Lives(after)));
        await Eventually.HoldsAsync(async () => (await StatusAsync())?.RootElement.TryGetProperty("predecessor", out _) == false);
    }

    [Fact]
    public async Task One_that_does_not_come_up_changes_nothing()
    {
        var before = await PidAsync();
        await WriteConfigAsync("surprise: true");
        Assert.Equal(ExitCode.Failed, await UpgradeAsync());
        // One that comes as far as listening.
        using (var taken = new TcpListener(System.Net.IPAddress.Loopback, 0))
        {
            taken.Start();
            await WriteConfigAsync(listener: $", \"127.0.0.1:{((System.Net.IPEndPoint)taken.LocalEndpoint).Port}\"");
            Assert.Equal(ExitCode.Failed, await UpgradeAsync());
        }
        await WriteConfigAsync();
        await using (var bySocket = await ServerConnection.ConnectAsync(new ServerAddress("localhost", 0, SocketPath), new ServerLogin("monitor", RealServer.Password), Ct))
            Assert.Equal("1", (await bySocket.QueryAsync("SELECT 1", Ct)).Scalar);

        // One that breaks off after it was given the journal and the log.
        using (var link = Link.To(Succession.PathIn(_directory)))
        {
            link.Tell(new Message.Take(Message.CurrentFormat, Environment.ProcessId, "9.9"));
            var (offer, descriptors) = (await link.NextAsync(Ct))!.Value;
            Assert.IsType<Message.Offer>(offer);
            DescriptorPassing.Close(descriptors);
            link.Tell(new Message.Yield());
            await UntilAsync<Message.Yielded>(link);
            link.Tell(new Message.Accept());
            await UntilAsync<Message.Accepted>(link);
        }
        // One that says, in the midst of it, what is not understood.
        using (var link = Link.To(Succession.PathIn(_directory)))
        {
            link.Tell(new Message.Take(Message.CurrentFormat, Environment.ProcessId, "9.9"));
            var (_, descriptors) = (await link.NextAsync(Ct))!.Value;
            DescriptorPassing.Close(descriptors);
            link.Tell(new Message.Yield());
            await UntilAsync<Message.Yielded>(link);
            link.Tell(new Message.Recorded(RecordLine.Of(new ControlRecord()) with { AppointedAt = "nowhere" }, 1));
            await UntilAsync<Message.Refused>(link);
        }
        // Who connects in between waits, and is served by the one that was there.
        await using (var session = await ConnectAsync()) Assert.Equal("1", (await session.QueryAsync("SELECT COUNT(*) FROM d.t", Ct)).Scalar);
        Assert.Equal(before, await PidAsync());
        var (changed, said) = await AskAsync("switchover");
        Assert.True(changed, said);
        await Eventually.HoldsAsync(async () => (await StatusAsync())!.RootElement.GetProperty("feed").GetProperty("following").GetBoolean());

        // Another format of these messages is refused in words.
        using (var link = Link.To(Succession.PathIn(_directory)))
        {
            link.Tell(new Message.Take(Message.CurrentFormat + 1, Environment.ProcessId, "9.9"));
            Assert.Contains("stop this process", Assert.IsType<Message.Refused>((await link.NextAsync(Ct))!.Value.Message).Sentence, StringComparison.Ordinal);
        }
        await using var stays = await ConnectAsync();
        await stays.QueryAsync("SELECT 1", Ct);
        Assert.Equal(ExitCode.Ok, await UpgradeAsync());
        var after = await PidAsync();
        Assert.NotEqual(before, after);

        // Where the gateway is stopped, what is left of the old process is not left behind.
        using (var stop = Process.Start("kill", ["-TERM", $"{after}"])) await stop.WaitForExitAsync(Ct);
        await Eventually.HoldsAsync(() => Task.FromResult(!Lives(after) && !Lives(before)));
    }

    static async Task UntilAsync<T>(Link link)
    {
        while (await link.NextAsync(Ct) is var (message, _))
            if (message is T) return;
        Assert.Fail($"{typeof(T).Name} has not come");
    }

    /// <returns>How many connections were opened and used; none may fail.</returns>
    async Task<int> ComeAndGoAsync(CancellationToken end)
    {
        for (var times = 0; ; times++)
        {
            if (end.IsCancellationRequested) return times;
            await using var connection = await ConnectAsync();
            await connection.QueryAsync("SELECT COUNT(*) FROM d.t", Ct);
            // Each keeps its port for a minute after it was closed, and other tests need some too.
            await Task.Delay(10, Ct);
        }
    }

    Task<ServerConnection> ConnectAsync() => ServerConnection.ConnectAsync(_gateway, new ServerLogin("monitor", RealServer.Password), Ct);

    async Task<int> UpgradeAsync()
    {
        await using var upgrade = ChildProcess.Start(Program, ["upgrade", "--dir", _directory], _directory + ".upgrade.log");
        await upgrade.WaitForExitAsync(Ct);
        return upgrade.ExitCode;
    }

    async Task<int> PidAsync()
    {
        using var status = await StatusAsync();
        var pid = status!.RootElement.GetProperty("pid").GetInt32();
        _pids.Add(pid);
        return pid;
    }

    async Task<string?> PrimaryAsync()
    {
        using var status = await StatusAsync();
        return status is not null && status.RootElement.TryGetProperty("primary", out var primary) ? primary.GetString() : null;
    }

    async Task<JsonDocument?> StatusAsync()
    {
        try
        {
            return JsonDocument.Parse(await Http.GetStringAsync(new Uri($"http://127.0.0.1:{_http}/api/status"), Ct));
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    async Task<(bool Done, string Sentences)> AskAsync(string wish)
    {
        using var answer = await Http.PostAsync(new Uri($"http://127.0.0.1:{_http}/api/control/{wish}"), null, Ct);
        using var outcome = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Ct));
        return (outcome.RootElement.GetProperty("applied").GetBoolean(), string.Join("; ", outcome.RootElement.GetProperty("sentences").EnumerateArray().Select(static sentence => sentence.GetString())));
    }

    static bool Lives(int pid) => Directory.Exists($"/proc/{pid}");

    public async ValueTask DisposeAsync()
    {
        if (await StatusAsync() is not null) await PidAsync();
        foreach (var pid in _pids.Where(Lives))
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
        if (_serve is not null) await _serve.DisposeAsync();
        foreach (var server in _servers) await server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
