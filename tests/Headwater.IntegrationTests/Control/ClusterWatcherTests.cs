using System.Diagnostics;
using Headwater.Control;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Headwater.IntegrationTests.Control;

/// <summary>A primary, two replicas, and a watcher of them; each test has its own, because each harms them.</summary>
public sealed class ClusterWatcherTests : IAsyncLifetime
{
    readonly Published<ClusterView> _view = new(new ClusterView { Cluster = "test" });
    readonly Published<Accounts> _accounts = new(Accounts.None);
    readonly Published<Catalogue> _catalogue = new(Catalogue.Unknown);
    RealServer[] _servers = [];
    ClusterWatcher _watcher = null!;
    Task _running = Task.CompletedTask;

    static CancellationToken Ct => TestContext.Current.CancellationToken;
    ClusterView View => _view.Current;
    ServerView Db(int number) => View.Servers.Single(server => server.Id.Name == $"db{number}");

    public async ValueTask InitializeAsync()
    {
        _servers = await RealServer.StartClusterAsync(2);
        _watcher = new ClusterWatcher(Options(_servers), _view, _accounts, _catalogue, TimeProvider.System, NullLoggerFactory.Instance);
        _running = _watcher.RunAsync(Ct);
        await UntilAsync(() => View.Primary is not null && Db(2).Replicating && Db(3).Replicating && View.Servers.All(static s => s.Health == ServerHealth.Up && s.State.Timeline.Latest is not null), 20_000);
    }

    static WatchOptions Options(IEnumerable<RealServer> servers) => new()
    {
        Cluster = "test",
        Monitor = servers.First().Login,
        Servers = [.. servers.Select(static s => new WatchedServer(new ServerId($"db{s.Id}"), s.Address))],
    };

    public async ValueTask DisposeAsync()
    {
        await _watcher.DisposeAsync();
        await _running;
        foreach (var server in _servers) await server.DisposeAsync();
    }

    [Fact]
    public async Task Roles_are_found_and_each_server_has_two_connections_at_most()
    {
        Assert.Equal("db1", View.Primary!.Id.Name);
        Assert.Equal((ServerRole.Replica, "db1"), (Db(2).Role, View.Servers.Single(s => s.Source is not null && s.Id == Db(2).Id).Source!.Replace($"127.0.0.1:{_servers[0].Port}", "db1", StringComparison.Ordinal)));
        Assert.Equal(1, View.Epoch.Number);
        Assert.Contains("MariaDB", Db(1).Capabilities!.Version, StringComparison.Ordinal);
        foreach (var server in _servers)
            Assert.InRange(long.Parse((await server.ExecuteAsync("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER='monitor' AND COMMAND<>'Binlog Dump' AND ID<>CONNECTION_ID()")).Scalar!, System.Globalization.CultureInfo.InvariantCulture), 1, 2);
    }

    [Fact]
    public async Task A_demand_wakes_its_waiter_soon_after_the_replica_has_applied()
    {
        await using var writer = await _servers[0].ConnectAsync();
        await using var reader = await _servers[1].ConnectAsync();
        await writer.QueryMultiAsync("SET session_track_system_variables='last_gtid'; CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)", Ct);
        var delays = new List<double>();
        for (var id = 0; id < 50; id++)
        {
            var woken = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            var gtid = (await writer.QueryAsync($"INSERT INTO d.t VALUES ({id})", Ct)).LastGtid!;
            var begun = Stopwatch.GetTimestamp();
            Assert.True(Position.TryParse(gtid, out var needed));
            var state = Db(2).State;
            void Advanced(ServerState server)
            {
                if (server.Shows(in needed)) woken.TrySetResult(Stopwatch.GetTimestamp());
            }
            state.Advanced += Advanced;
            state.Demand(in needed);
            Advanced(state);
            var at = await woken.Task.WaitAsync(TimeSpan.FromSeconds(5), Ct);
            state.Advanced -= Advanced;
            Assert.Equal("1", (await reader.QueryAsync($"SELECT COUNT(*) FROM d.t WHERE id={id}", Ct)).Scalar);
            delays.Add(Stopwatch.GetElapsedTime(begun, at).TotalMilliseconds);
        }
        delays.Sort();
        TestContext.Current.TestOutputHelper!.WriteLine($"woken after {delays[25]:0.00} ms (median), {delays[47]:0.00} ms (p95), {delays[^1]:0.00} ms (largest)");
        Assert.InRange(delays[25], 0, 25);
    }

    [Fact]
    public async Task What_the_primary_has_logged_is_soon_proven_visible_there()
    {
        await using var writer = await _servers[0].ConnectAsync();
        await writer.QueryMultiAsync("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1); FLUSH BINARY LOGS", Ct);
        Assert.True(Position.TryParse((await writer.QueryAsync("SELECT @@gtid_binlog_pos", Ct)).Scalar!, out var logged));
        await UntilAsync(() => Db(1).State.Shows(in logged), 2000);
        await writer.QueryAsync("INSERT INTO d.t VALUES (2)", Ct);
        Assert.True(Position.TryParse((await writer.QueryAsync("SELECT @@gtid_binlog_pos", Ct)).Scalar!, out logged));
        Db(1).State.Demand(in logged);
        await UntilAsync(() => Db(1).State.Shows(in logged), 500);
    }

    [Fact]
    public async Task A_stopped_replica_gets_nothing_new_and_is_never_0_behind_and_comes_back()
    {
        await _servers[1].ExecuteAsync("STOP SLAVE SQL_THREAD");
        await UntilAsync(() => Db(2).Health == ServerHealth.Draining, 1000);
        Assert.False(Db(2).Replicating);
        Assert.Null(Db(2).Lag);
        Assert.Contains("applier has stopped", Db(2).Reason, StringComparison.Ordinal);
        await _servers[0].ExecuteAsync("CREATE DATABASE d");
        await UntilAsync(() => Db(2).Lag > TimeSpan.FromMilliseconds(600) && Db(3).Lag < TimeSpan.FromMilliseconds(300), 3000);
        await _servers[1].ExecuteAsync("START SLAVE");
        await UntilAsync(() => Db(2) is { Health: ServerHealth.Up, Replicating: true } && Db(2).Lag < TimeSpan.FromMilliseconds(300), 3000);
        Assert.Equal(1, Db(2).State.Incarnation);
    }

    [Fact]
    public async Task A_switchover_is_followed_and_begins_an_epoch()
    {
        await _servers[0].ExecuteAsync("SET GLOBAL read_only=1");
        await UntilAsync(() => View.Primary is null, 1000);
        Assert.Contains("read_only", View.Reason, StringComparison.Ordinal);
        await _servers[1].ExecuteAsync("STOP SLAVE");
        await _servers[1].ExecuteAsync("RESET SLAVE ALL");
        await _servers[1].ExecuteAsync("SET GLOBAL read_only=0");
        await _servers[2].ExecuteAsync("STOP SLAVE");
        await _servers[2].ExecuteAsync($"CHANGE MASTER TO MASTER_PORT={_servers[1].Port}");
        await _servers[2].ExecuteAsync("START SLAVE");
        await _servers[0].FollowAsync(_servers[1]);
        await UntilAsync(() => View.Primary?.Id.Name == "db2" && Db(1).Replicating && Db(3).Replicating, 5000);
        Assert.Equal(2, View.Epoch.Number);
        Assert.Equal((1, 1), (Db(1).State.Incarnation, Db(2).State.Incarnation));
    }

    [Fact]
    public async Task The_primary_stays_the_primary_when_another_server_becomes_writable()
    {
        await _servers[1].ExecuteAsync("STOP SLAVE");
        await _servers[1].ExecuteAsync("RESET SLAVE ALL");
        await _servers[1].ExecuteAsync("SET GLOBAL read_only=0");
        await UntilAsync(() => Db(2) is { Health: ServerHealth.Draining } && View.Reason.Contains("db2 can be written to as well", StringComparison.Ordinal), 2000);
        Assert.Equal(("db1", 1L), (View.Primary!.Id.Name, View.Epoch.Number));
    }

    [Fact]
    public async Task A_killed_server_is_out_within_a_second_and_comes_back_as_another_incarnation()
    {
        var begun = Stopwatch.StartNew();
        await _servers[1].KillAsync();
        await UntilAsync(() => Db(2).Health == ServerHealth.Down, 1000);
        TestContext.Current.TestOutputHelper!.WriteLine($"a killed server was out after {begun.ElapsedMilliseconds} ms: {Db(2).Reason}");
        Assert.InRange(begun.ElapsedMilliseconds, 0, 1000);
        await _servers[1].StartAgainAsync();
        await UntilAsync(() => Db(2) is { Health: ServerHealth.Up, Replicating: true, State.Incarnation: 2, State.Timeline.Latest: not null }, 5000);
        Assert.Equal(1, View.Epoch.Number);
    }

    [Fact]
    public async Task A_hung_server_is_out_within_a_second_and_comes_back_as_itself()
    {
        // Of a server that is younger than its silence it cannot be told whether it was restarted, and in doubt it is another incarnation.
        await UntilAsync(() => Db(3).LastAnswer!.Uptime > TimeSpan.FromSeconds(4), 10_000);
        var begun = Stopwatch.StartNew();
        _servers[2].Freeze();
        await UntilAsync(() => Db(3).Health == ServerHealth.Down, 1500);
        TestContext.Current.TestOutputHelper!.WriteLine($"a hung server was out after {begun.ElapsedMilliseconds} ms: {Db(3).Reason}");
        Assert.InRange(begun.ElapsedMilliseconds, 0, 1000);
        _servers[2].Thaw();
        await UntilAsync(() => Db(3) is { Health: ServerHealth.Up, State.Incarnation: 1 }, 3000);
    }

    [Fact]
    public async Task A_hung_primary_leaves_none_and_comes_back_in_the_same_epoch()
    {
        _servers[0].Freeze();
        await UntilAsync(() => View.Primary is null, 1500);
        Assert.Equal(ServerHealth.Up, Db(2).Health);
        _servers[0].Thaw();
        await UntilAsync(() => View.Primary is not null, 3000);
        Assert.Equal(1, View.Epoch.Number);
    }

    [Fact]
    public async Task A_restarted_primary_that_lost_nothing_is_another_incarnation_in_the_same_epoch()
    {
        await _servers[0].StopAsync();
        await UntilAsync(() => View.Primary is null, 1000);
        await _servers[0].StartAgainAsync();
        await UntilAsync(() => View.Primary is { State.Incarnation: 2 }, 5000);
        Assert.Equal(1, View.Epoch.Number);
    }

    [Fact]
    public async Task A_rewound_primary_is_another_incarnation_and_begins_an_epoch()
    {
        await _servers[0].ExecuteAsync("CREATE DATABASE d");
        await UntilAsync(() => !Db(1).State.Timeline.Applied.IsEmpty, 2000);
        await _servers[0].ExecuteAsync("RESET MASTER");
        await UntilAsync(() => Db(1).State.Incarnation >= 2 && View.Epoch.Number == 2, 2000);
    }

    [Fact]
    public async Task A_new_account_is_learnt_when_a_login_fails_without_it()
    {
        await UntilAsync(() => _accounts.Current.All.Any(static a => a.User == "monitor"), 3000);
        await _servers[0].ExecuteAsync("CREATE USER fresh@'10.%' IDENTIFIED BY 'x'");
        await _servers[0].ExecuteAsync("CREATE USER two@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('x') OR unix_socket ACCOUNT LOCK");
        await Task.Delay(150, Ct); // no more often than every 100 ms
        var begun = Stopwatch.StartNew();
        _watcher.RefreshAccounts();
        await UntilAsync(() => _accounts.Current.All.Any(static a => a.User == "fresh"), 1000);
        TestContext.Current.TestOutputHelper!.WriteLine($"a new account was known after {begun.ElapsedMilliseconds} ms");
        var account = _accounts.Current.All.Single(static a => a.User == "fresh");
        Assert.Equal(("10.%", "mysql_native_password", false), (account.Host, account.Plugin, account.Locked));
        Assert.Equal(System.Security.Cryptography.SHA1.HashData(Headwater.Wire.MySql.NativePassword.Sha1Of("x")), account.Authentication);
        Assert.Equal([("mysql_native_password", true), ("unix_socket", true)], _accounts.Current.All.Where(static a => a.User == "two").Select(static a => (a.Plugin, a.Locked)));
        // root@localhost of a fresh installation has the hash "invalid": that is no empty password.
        Assert.DoesNotContain(_accounts.Current.All, static a => a is { User: "mariadb.sys", Locked: false });
    }

    [Fact]
    public async Task A_new_function_and_a_view_over_it_are_known_soon()
    {
        await UntilAsync(() => !_catalogue.Current.IsUnknown, 5000);
        await _servers[0].ExecuteAsync("CREATE DATABASE d");
        await _servers[0].ExecuteAsync("CREATE FUNCTION d.bump() RETURNS INT DETERMINISTIC RETURN GET_LOCK('x', 0)");
        await _servers[0].ExecuteAsync("CREATE VIEW d.v AS SELECT d.bump() AS b");
        await UntilAsync(() => _catalogue.Current.Routines.Contains("bump") && _catalogue.Current.ImpureViews.Contains("v"), 3000);
    }

    [Fact]
    public async Task A_replica_that_registers_with_the_primary_joins_by_itself()
    {
        await using var fourth = await RealServer.StartAsync(4, "--read-only=1");
        await fourth.FollowAsync(_servers[0]);
        await UntilAsync(() => View.Servers.Any(s => s.Id.Name == $"127.0.0.1:{fourth.Port}" && s is { Role: ServerRole.Replica, Replicating: true, Health: ServerHealth.Up }), 8000);
    }

    [Fact]
    public async Task Other_options_are_taken_over_and_servers_that_stay_keep_their_state()
    {
        var before = Db(1).State;
        _watcher.Apply(Options(_servers[..2]) with { JoinFound = false });
        await UntilAsync(() => View.Servers.Length == 2, 2000);
        Assert.Same(before, Db(1).State);
        _watcher.Apply(Options(_servers));
        await UntilAsync(() => View.Servers.Length == 3 && Db(3).Health == ServerHealth.Up, 3000);
    }

    async Task UntilAsync(Func<bool> seen, int milliseconds)
    {
        for (var waited = Stopwatch.StartNew(); ;)
        {
            if (seen()) return;
            if (waited.ElapsedMilliseconds > milliseconds)
                Assert.Fail($"not seen within {milliseconds} ms; the view is: {View.Reason}; {string.Join("; ", View.Servers.Select(static s => $"{s.Id} {s.Role} {s.Health} {s.Reason} lag {s.Lag} at {s.State.Timeline.Applied} incarnation {s.State.Incarnation}"))}");
            await Task.Delay(2, Ct);
        }
    }
}
