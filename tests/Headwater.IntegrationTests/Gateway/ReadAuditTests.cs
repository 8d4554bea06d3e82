using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Headwater.Core.Auditing;
using Headwater.Core.Consumers;
using Headwater.Core.Positions;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Servers;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Headwater.IntegrationTests.Gateway;

/// <summary>The auditor before real servers: it is silent while all is well, and finds what is planted.</summary>
public sealed class ReadAuditTests : IAsyncLifetime
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;
    readonly GatewayHere _gateway = new("audited") { Monitoring = ", catalogue_every: 100ms", LogLevel = LogLevel.Critical };
    RealServer[] _servers = [];

    RealServer Primary => _servers[0];
    RealServer Replica => _servers[1];
    long Audited(AuditVerdict verdict) => _gateway.Composition.Gateway.Statistics.Audited.Single(one => one.Verdict == verdict).Count;
    string Findings => string.Join('\n', _gateway.Composition.Gateway.Statistics.AuditFindings.Select(static finding => $"{finding.Judgement.Verdict}: {finding.Judgement.Sentence} ({finding.Read.Digest}, {finding.Read.Reason})"));

    public async ValueTask InitializeAsync()
    {
        _servers = await Task.WhenAll(RealServer.StartAsync(1, "--binlog-row-metadata=FULL"), RealServer.StartAsync(2, "--read-only=1", "--binlog-row-metadata=FULL", "--replicate-ignore-table=d.ignored"));
        await Replica.FollowAsync(Primary);
        await _gateway.StartAsync(_servers, """
            feed: { enabled: true }
            cache:
              enabled: true
              rules:
                - table: d.kept
            audit: { reads_per_second: 1000 }
            """);
        await using var connection = await _gateway.UntilConnectedAsync();
        await connection.QueryMultiAsync("""
            CREATE DATABASE d; USE d;
            CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL, w VARCHAR(20) NOT NULL DEFAULT 'w', at TIMESTAMP NOT NULL DEFAULT '2020-01-01 12:00:00');
            CREATE TABLE hot (id INT PRIMARY KEY, v INT NOT NULL); CREATE TABLE kept (id INT PRIMARY KEY, v INT NOT NULL); CREATE TABLE ignored (id INT PRIMARY KEY, v INT NOT NULL);
            INSERT INTO t (id, v) VALUES (1, 10), (2, 20), (3, 30); INSERT INTO hot VALUES (1, 0), (2, 0), (3, 0); INSERT INTO kept VALUES (1, 10), (2, 20);
            """, Ct);
        await CatchUpAsync();
        await UntilFoldedAsync();
    }

    [Fact]
    public async Task While_all_is_well_reads_agree_however_they_are_asked_and_none_is_called_wrong()
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var writing = WriteAsync(end.Token);
        await using var connection = await ConnectAsync();
        await using var east = await ConnectAsync();
        await east.QueryAsync("SET time_zone = '+05:00'", Ct);
        var statement = await connection.PrepareAsync("SELECT id, v, w, at FROM t WHERE id = ?", Ct);
        var hot = await connection.PrepareAsync("SELECT v FROM hot WHERE id = ?", Ct);
        HashSet<Core.Routing.RouteReason> seen = [];
        for (var since = Stopwatch.StartNew(); Audited(AuditVerdict.Agrees) < 150 || seen.Count < 2;)
        {
            seen.UnionWith(_gateway.Composition.Gateway.Statistics.AuditFindings.Select(static finding => finding.Read.Reason));
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(30), $"too few reads are looked at again:\n{Findings}");
            await statement.ExecuteAsync([1L + since.ElapsedTicks % 3], Ct);
            await hot.ExecuteAsync([1L + since.ElapsedTicks % 3], Ct);
            await connection.QueryAsync("SELECT * FROM t ORDER BY v DESC", Ct);
            await east.QueryAsync("SELECT id, at FROM t WHERE v > 15", Ct);
            await connection.QueryAsync("SELECT v FROM hot", Ct);
            await connection.QueryAsync("SELECT v FROM kept WHERE id = 2", Ct);
            await connection.QueryAsync("UPDATE kept SET v = v + 1 WHERE id = 1", Ct);
        }
        await end.CancelAsync();
        await writing;
        Assert.Equal(0, Audited(AuditVerdict.Violated));
        Assert.True(Audited(AuditVerdict.Unchecked) == 0, Findings);
        Assert.NotEmpty((await connection.QueryAsync("SHOW HEADWATER AUDIT", Ct)).Rows);
    }

    [Fact]
    public async Task A_row_that_somebody_changed_on_a_replica_alone_is_found()
    {
        await Replica.ExecuteAsync("SET STATEMENT sql_log_bin = 0 FOR UPDATE d.t SET v = 4711 WHERE id = 2");
        await using var connection = await ConnectAsync();
        var found = await UntilViolatedAsync(async () => await connection.QueryAsync("SELECT v FROM t WHERE id = 2 /* traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' */", Ct));
        Assert.Equal("db2", found.Read.Server);
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", found.Read.TraceId);
        Assert.Contains("select v from t where id=?", found.Read.Digest, StringComparison.Ordinal);
        Assert.DoesNotContain("4711", found.Judgement.Sentence, StringComparison.Ordinal);
        // The other rows are as they should be.
        var violations = Audited(AuditVerdict.Violated);
        for (var agreed = Audited(AuditVerdict.Agrees); Audited(AuditVerdict.Agrees) < agreed + 10;) await connection.QueryAsync("SELECT v FROM t WHERE id = 1", Ct);
        Assert.Equal(violations, Audited(AuditVerdict.Violated));
    }

    [Fact]
    public async Task A_table_that_a_replica_leaves_out_is_found_though_its_position_is_right()
    {
        await Replica.ExecuteAsync("SET STATEMENT sql_log_bin = 0 FOR CREATE TABLE d.ignored (id INT PRIMARY KEY, v INT NOT NULL)");
        await using var connection = await ConnectAsync();
        await connection.QueryAsync("INSERT INTO ignored VALUES (1, 1)", Ct);
        await CatchUpAsync();
        var found = await UntilViolatedAsync(async () => await connection.QueryAsync("SELECT v FROM ignored WHERE id = 1", Ct));
        Assert.True(found.Read.Claim.Covers(PositionOf((await Primary.ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar!)), found.Judgement.Sentence);
    }

    [Fact]
    public async Task A_proof_by_a_fold_that_forgets_is_found()
    {
        await using var connection = await ConnectAsync();
        // It replicates, and gets stuck at what it may not write yet.
        await using var stuck = await Replica.ConnectAsync();
        await stuck.QueryAsync("LOCK TABLES d.hot WRITE", Ct);
        await connection.QueryAsync("UPDATE hot SET v = v + 1", Ct);
        await connection.QueryAsync("UPDATE t SET v = v + 1 WHERE id = 3", Ct);
        await ForgetAsync();
        var found = await UntilViolatedAsync(async () => await connection.QueryAsync("SELECT v FROM t WHERE id = 3", Ct));
        Assert.Equal(Core.Routing.RouteReason.UnchangedSince, found.Read.Reason);
    }

    [Fact]
    public async Task A_kept_result_of_a_fold_that_forgets_is_found()
    {
        // Several: of one that took its time when it was read nothing is looked at again.
        string[] kept = ["SELECT v FROM kept WHERE id = 2", "SELECT id, v FROM kept WHERE id = 2", "SELECT v, id FROM kept WHERE id = 2", "SELECT v + 1 FROM kept WHERE id = 2"];
        await using var connection = await ConnectAsync();
        var counters = _gateway.Composition.Gateway.Statistics.Counters;
        foreach (var sql in kept)
        {
            var hits = counters().CacheHits;
            for (var since = Stopwatch.StartNew(); counters().CacheHits == hits; await Task.Delay(5, Ct))
            {
                Assert.True(since.Elapsed < TimeSpan.FromSeconds(20), $"{sql} is never kept");
                await connection.QueryAsync(sql, Ct);
            }
        }
        await Primary.ExecuteAsync("UPDATE d.kept SET v = 21 WHERE id = 2");
        await ForgetAsync();
        var found = await UntilViolatedAsync(async () =>
        {
            foreach (var sql in kept) await connection.QueryAsync(sql, Ct);
        });
        Assert.Equal(Core.Routing.RouteReason.KeptResult, found.Read.Reason);
    }

    [Fact]
    public async Task An_account_that_may_have_one_connection_is_not_refused_for_the_auditors_sake()
    {
        await Primary.ExecuteAsync("CREATE USER few@'%' IDENTIFIED BY 'few' WITH MAX_USER_CONNECTIONS 1");
        await Primary.ExecuteAsync("GRANT ALL ON d.* TO few@'%'");
        await CatchUpAsync();
        await UntilFoldedAsync();
        await using var connection = await _gateway.UntilConnectedAsync(new ServerLogin("few", "few", "d"));
        for (var i = 0; i < 200; i++)
        {
            await connection.QueryAsync("SELECT v FROM t WHERE id = 1", Ct);
            if (i % 10 == 0) await connection.QueryAsync(string.Create(CultureInfo.InvariantCulture, $"UPDATE t SET v = {i} WHERE id = 2"), Ct);
        }
        Assert.True(Audited(AuditVerdict.Agrees) > 0, Findings);
    }

    [Fact]
    public async Task A_session_whose_settings_only_the_replica_takes_spoils_nobody_elses()
    {
        await Primary.ExecuteAsync("CREATE DATABASE e");
        await Primary.ExecuteAsync("CREATE TABLE e.t LIKE d.t");
        await CatchUpAsync();
        await UntilFoldedAsync();
        await Replica.ExecuteAsync("INSTALL SONAME 'ha_blackhole'");
        await using var odd = await ConnectAsync();
        await odd.QueryAsync("USE e", Ct);
        await using var usual = await ConnectAsync();
        var before = Audited(AuditVerdict.Agrees);
        for (var since = Stopwatch.StartNew(); Audited(AuditVerdict.Agrees) < before + 20;)
        {
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(20), Findings);
            try
            {
                await odd.QueryAsync("SET default_storage_engine = BLACKHOLE", Ct);
            }
            catch (ServerException)
            {
                // It ran on the primary.
            }
            await odd.QueryAsync("SELECT v FROM t WHERE id = 1", Ct);
            await usual.QueryAsync("SELECT v FROM t WHERE id = 1", Ct);
        }
        Assert.True(Audited(AuditVerdict.Violated) == 0, Findings);
        Assert.DoesNotContain("BLACKHOLE", Findings, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The planted fault: what the fold has noted so far is gone.</summary>
    async Task ForgetAsync()
    {
        await UntilFoldedAsync();
        foreach (var name in (string[])["_tables", "_keys"])
            Array.Clear((long[])typeof(LastChanges).GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(_gateway.Composition.Changes)!);
    }

    /// <summary>What is written from here on, the fold knows what it changes.</summary>
    async Task UntilFoldedAsync()
    {
        var changes = _gateway.Composition.Changes!;
        var position = PositionOf((await Primary.ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar!);
        for (var since = Stopwatch.StartNew(); !changes.Extent.Position.Covers(position) || changes.Extent.Dictionary is null; await Task.Delay(5, Ct)) Assert.True(since.Elapsed < TimeSpan.FromSeconds(20), "the log is not followed");
    }

    async Task<AuditFinding> UntilViolatedAsync(Func<Task> read)
    {
        for (var since = Stopwatch.StartNew(); Audited(AuditVerdict.Violated) == 0; await Task.Delay(1, Ct))
        {
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(20), $"the fault is not found:\n{Findings}\n{string.Join(", ", _gateway.Composition.Gateway.Statistics.ByReason())}");
            await read();
        }
        return _gateway.Composition.Gateway.Statistics.AuditFindings[0];
    }

    async Task WriteAsync(CancellationToken ct)
    {
        await using var connection = await ConnectAsync();
        for (var i = 0; !ct.IsCancellationRequested; i++)
        {
            await connection.QueryAsync(string.Create(CultureInfo.InvariantCulture, $"UPDATE hot SET v = {i} WHERE id = {1 + i % 2}"), Ct);
            if (i % 50 == 0) await Replica.ExecuteAsync(i % 100 == 0 ? "STOP SLAVE SQL_THREAD" : "START SLAVE SQL_THREAD");
        }
    }

    async Task CatchUpAsync() =>
        Assert.Equal("0", (await Replica.ExecuteAsync($"SELECT MASTER_GTID_WAIT('{(await Primary.ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar}', 20)")).Scalar);

    static Position PositionOf(string text) => Position.TryParse(text, out var position) ? position : throw new FormatException(text);

    Task<ServerConnection> ConnectAsync() => _gateway.ConnectAsync("d", Ct);

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        foreach (var server in _servers) await server.DisposeAsync();
    }
}
