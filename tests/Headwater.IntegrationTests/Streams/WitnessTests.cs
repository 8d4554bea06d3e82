using System.Diagnostics;
using System.Net;
using Headwater.Configuration;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Http;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Logging;
using Headwater.Servers;
using Headwater.Streams.Store;
using Headwater.Streams.Witness;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Headwater.IntegrationTests.Streams;

/// <summary>A primary, a replica and a witness: any of them may be lost for ever.</summary>
public sealed class WitnessTests : IAsyncLifetime
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;
    static readonly string[] Safe = ["--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1", "--sync-relay-log=1"];
    readonly GatewayHere _gateway = new("three");
    readonly int _witnessPort = FreePort.Next();
    RealServer _primary = null!, _replica = null!;
    WitnessServer? _witness;

    public async ValueTask InitializeAsync()
    {
        var servers = await Task.WhenAll(RealServer.StartAsync(1, Safe), RealServer.StartAsync(2, [.. Safe, "--read-only=1"]));
        (_primary, _replica) = (servers[0], servers[1]);
        await _replica.FollowAsync(_primary);
        StartWitness();
        await _gateway.StartAsync(servers, $"control: {{ mode: act, replication_user: monitor, replication_password: {GatewayHere.Quoted} }}", ("witness", _witnessPort));
        await UntilAsync(() => AcknowledgersAsync(2), "both acknowledge");
        await ExecuteAsync("CREATE DATABASE shop");
        await ExecuteAsync("CREATE TABLE shop.t (id INT PRIMARY KEY)");
    }

    [Fact]
    public async Task Nothing_acknowledged_is_lost_with_the_primary_s_disk_while_the_only_replica_was_stopped()
    {
        using var load = new CancellationTokenSource();
        var acknowledged = new List<int>();
        var writing = WriteAsync(acknowledged, load.Token);
        await UntilAsync(() => acknowledged.Count > 50, "writes");
        await _replica.KillAsync();
        var before = acknowledged.Count;
        await UntilAsync(() => acknowledged.Count > before + 100, "writes that the witness alone acknowledges");
        await UntilAsync(() => AcknowledgersAsync(1), "the primary counts one");
        await UntilAsync(() => !_gateway.Composition.Acknowledgers.Contains("db2"), "the controller to see that the replica acknowledges nothing any more");
        before = acknowledged.Count;
        await UntilAsync(() => acknowledged.Count > before + 300, "more of them");
        await _primary.KillAsync();
        Directory.Delete(Path.Combine(_primary.Directory, "data"), recursive: true);
        await load.CancelAsync();
        await writing;

        await _replica.StartAgainAsync();
        await UntilAsync(() => _gateway.View.Primary?.Id.Name == "db2", "db2 is the primary");
        var there = (await _replica.ExecuteAsync("SELECT id FROM shop.t")).Rows.Select(static row => int.Parse(row[0]!, System.Globalization.CultureInfo.InvariantCulture)).ToHashSet();
        var lost = acknowledged.Where(id => !there.Contains(id)).ToList();
        TestContext.Current.TestOutputHelper!.WriteLine($"{acknowledged.Count} acknowledged, {lost.Count} lost");
        Assert.Empty(lost);
        Assert.True(acknowledged.Count > 400);
        // And the new primary's writes go on: the witness acknowledges them.
        await ExecuteAsync("INSERT INTO shop.t VALUES (-1)");
    }

    [Fact]
    public async Task A_witness_that_is_lost_for_ever_holds_nobody_up_and_a_new_one_takes_its_place()
    {
        await ExecuteAsync("INSERT INTO shop.t VALUES (1)");
        await _witness!.DisposeAsync();
        Directory.Delete(Path.Combine(_gateway.StateDirectory, "w"), recursive: true);
        _witness = null;
        var clock = Stopwatch.StartNew();
        await ExecuteAsync("INSERT INTO shop.t VALUES (2)");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
        StartWitness();
        await UntilAsync(() => _witness!.Sentence.EndsWith("acknowledges", StringComparison.Ordinal), "the new one acknowledges");
        await ExecuteAsync("INSERT INTO shop.t VALUES (3)");
        await UntilAsync(async () => _witness!.End.Position == await LoggedAsync(_primary), "it has what was written");
    }

    [Fact]
    public async Task A_replica_can_be_given_the_log_by_the_witness()
    {
        for (var i = 0; i < 20; i++)
        {
            await ExecuteAsync($"INSERT INTO shop.t VALUES ({i})");
            if (i % 7 == 3) await _primary.ExecuteAsync("FLUSH BINARY LOGS");
        }
        var end = await LoggedAsync(_primary);
        await UntilAsync(() => _witness!.End.Position == end, "the witness has it");
        // From where the witness began: that is what it can give.
        await using var fresh = await RealServer.StartAsync(9);
        await using var connection = await ServerConnection.ConnectAsync(new ServerAddress("127.0.0.1", _witnessPort), fresh.Login, Ct);
        var began = _witness!.Begin!.Value;
        await fresh.ExecuteAsync("RESET MASTER");
        await fresh.ExecuteAsync($"SET GLOBAL gtid_slave_pos='{began}'");
        // As every replica of a cluster that loses nothing is set: it then expects the log as from a source that waits.
        await fresh.ExecuteAsync("SET GLOBAL rpl_semi_sync_slave_enabled=ON");
        await fresh.ExecuteAsync($"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={_witnessPort}, MASTER_USER='monitor', MASTER_PASSWORD='{RealServer.Password.Replace("'", "''", StringComparison.Ordinal)}', MASTER_HEARTBEAT_PERIOD=0.2, MASTER_USE_GTID=slave_pos");
        await fresh.ExecuteAsync("START SLAVE");
        await UntilAsync(async () => (await fresh.ExecuteAsync("SELECT @@gtid_slave_pos")).Scalar == end.ToString() ? true : (await fresh.ExecuteAsync("SHOW SLAVE STATUS")) is var status && status.Value(0, "Last_IO_Error") is { Length: > 0 } error && status.Value(0, "Slave_IO_Running") == "No"
            ? throw new InvalidOperationException(error) : false, "the replica has what the witness has");
        Assert.Equal("20", (await fresh.ExecuteAsync("SELECT COUNT(*) FROM shop.t")).Scalar);
        // Heartbeats while nothing comes, then more.
        await UntilAsync(async () => int.Parse((await fresh.ExecuteAsync("SHOW STATUS LIKE 'Slave_received_heartbeats'")).Rows[0][1]!, System.Globalization.CultureInfo.InvariantCulture) > 3, "heartbeats");
        await ExecuteAsync("INSERT INTO shop.t VALUES (100)");
        await UntilAsync(async () => (await fresh.ExecuteAsync("SELECT COUNT(*) FROM shop.t")).Scalar == "21", "what came later too");
    }

    [Fact]
    public async Task Nobody_gets_in_without_an_account_and_nothing_is_asked_of_it_that_it_has_not()
    {
        var wrong = await Assert.ThrowsAsync<ServerException>(() => ServerConnection.ConnectAsync(new ServerAddress("127.0.0.1", _witnessPort), new ServerLogin("monitor", "wrong"), Ct));
        Assert.Equal(1045, wrong.Code);
        await using var connection = await ServerConnection.ConnectAsync(new ServerAddress("127.0.0.1", _witnessPort), new ServerLogin("monitor", RealServer.Password), Ct);
        Assert.Contains("no data", (await Assert.ThrowsAsync<ServerException>(() => connection.QueryAsync("SELECT * FROM shop.t", Ct))).Message, StringComparison.Ordinal);
        // An order in time, and one that comes too late, as controllers that share a lease give them.
        static string Order(string until) => $"BEGIN NOT ATOMIC IF UTC_TIMESTAMP(6) >= '{until}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'too late: the lease has ended'; END IF; END; SET GLOBAL rpl_semi_sync_slave_kill_conn_timeout = 1";
        Assert.NotNull((await connection.QueryAsync("SELECT UTC_TIMESTAMP(6)", Ct)).Scalar);
        await connection.QueryMultiAsync(Order("2999-01-01 00:00:00.000000"), Ct);
        Assert.Equal("too late: the lease has ended", (await Assert.ThrowsAsync<ServerException>(() => connection.QueryMultiAsync(Order("2020-01-01 00:00:00.000000"), Ct))).Message);
        Assert.Contains("nobody can write", (await Assert.ThrowsAsync<ServerException>(() => connection.QueryAsync("SET GLOBAL read_only = OFF", Ct))).Message, StringComparison.Ordinal);
        Assert.Equal("1", (await connection.QueryAsync("SELECT @@global.read_only", Ct)).Scalar);
        // Nobody reads from it either.
        for (var i = 0; i < 50; i++) await ExecuteAsync("SELECT COUNT(*) FROM shop.t");
    }

    void StartWitness() => _witness = new WitnessServer(new WitnessOptions
    {
        Listen = new IPEndPoint(IPAddress.Loopback, _witnessPort),
        ServerId = 77,
        Store = new LogStoreOptions { Directory = Path.Combine(_gateway.StateDirectory, "w") },
        Accounts = [new WitnessAccount("monitor", RealServer.Password)],
    }, TimeProvider.System, NullLoggerFactory.Instance);

    async Task WriteAsync(List<int> acknowledged, CancellationToken ct)
    {
        await using var connection = await _gateway.ConnectAsync(ct: ct);
        try
        {
            for (var id = 1; !ct.IsCancellationRequested; id++)
            {
                await connection.QueryAsync($"INSERT INTO shop.t VALUES ({id})", ct);
                lock (acknowledged) acknowledged.Add(id);
            }
        }
        catch (Exception ended) when (ended is ServerException or ServerUnreachableException or OperationCanceledException)
        {
            // The primary is gone: what was not acknowledged is nobody's loss.
        }
    }

    async Task<bool> AcknowledgersAsync(int count) =>
        (await _primary.ExecuteAsync("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'")).Rows[0][1] == count.ToString(System.Globalization.CultureInfo.InvariantCulture);

    async Task<QueryResult> ExecuteAsync(string sql)
    {
        await using var connection = await _gateway.ConnectAsync(ct: Ct);
        return await connection.QueryAsync(sql, Ct);
    }

    static async Task<Position> LoggedAsync(RealServer server) => Position.TryParse((await server.ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar!, out var position) ? position : throw new FormatException();

    Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var since = Stopwatch.StartNew(); !await condition(); await Task.Delay(10, Ct))
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(40), $"{what}; the witness {_witness?.Sentence}, at {_witness?.End.Position}; {string.Join(",", _gateway.Composition.Acknowledgers)} may acknowledge; {string.Join("; ", _gateway.View.Servers.Select(static server => $"{server.Id} {server.Role} {server.Health}: {server.Reason}"))}; {_gateway.Composition.Findings}");
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.StopAsync();
        if (_witness is not null) await _witness.DisposeAsync();
        await _primary.DisposeAsync();
        await _replica.DisposeAsync();
        await _gateway.DisposeAsync();
    }
}
