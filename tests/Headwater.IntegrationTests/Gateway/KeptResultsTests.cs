using System.Diagnostics;
using System.Globalization;
using Headwater.Gateway;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Servers;
using Xunit;

namespace Headwater.IntegrationTests.Gateway;

/// <summary>Kept results before real servers: they are served, and never when they are not true any more, whoever changed what.</summary>
public sealed class KeptResultsTests : IAsyncLifetime
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;
    readonly GatewayHere _gateway = new("kept") { Monitoring = ", catalogue_every: 100ms" };
    RealServer[] _servers = [];

    RealServer Primary => _servers[0];
    GatewayCounters Counters => _gateway.Composition.Gateway.Statistics.Counters();

    public async ValueTask InitializeAsync()
    {
        _servers = await Task.WhenAll(RealServer.StartAsync(1, "--binlog-row-metadata=FULL"), RealServer.StartAsync(2, "--read-only=1", "--binlog-row-metadata=FULL"));
        await _servers[1].FollowAsync(_servers[0]);
        await _gateway.StartAsync(_servers, """
            feed: { enabled: true }
            cache:
              enabled: true
              rules:
                - table: d.never
                  keep: false
                - table: d.*
            """);
        await using var connection = await _gateway.UntilConnectedAsync();
        await connection.QueryMultiAsync("""
            CREATE DATABASE d; USE d;
            CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL, at TIMESTAMP NOT NULL DEFAULT '2020-01-01 12:00:00');
            CREATE TABLE parent (id INT PRIMARY KEY); CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE);
            CREATE TABLE never (id INT PRIMARY KEY, v INT); CREATE VIEW v AS SELECT id, v FROM t;
            INSERT INTO t (id, v) VALUES (1, 10), (2, 20), (3, 30); INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (1, 1), (2, 1), (3, 2); INSERT INTO never VALUES (1, 1);
            """, Ct);
        var position = (await Primary.ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar;
        Assert.Equal("0", (await _servers[1].ExecuteAsync($"SELECT MASTER_GTID_WAIT('{position}', 20)")).Scalar);
    }

    [Fact]
    public async Task A_read_that_is_asked_again_is_answered_without_a_server()
    {
        await using var connection = await ConnectAsync();
        foreach (var sql in (string[])["SELECT v FROM t WHERE id = 1", "SELECT COUNT(*) FROM child", "SELECT t.v, p.id FROM t JOIN parent p ON p.id = t.id ORDER BY 1", "SELECT v FROM v WHERE id = 2"])
        {
            await UntilHitAsync(connection, sql);
            var (hits, first) = (Counters.CacheHits, Rows(await connection.QueryAsync(sql, Ct)));
            for (var i = 0; i < 10; i++) Assert.Equal(first, Rows(await connection.QueryAsync(sql, Ct)));
            Assert.True(Counters.CacheHits >= hits + 10);
        }
    }

    [Fact]
    public async Task A_session_reads_what_it_wrote_by_text_and_by_prepared_statement_each_time()
    {
        await using var connection = await ConnectAsync();
        await using var other = await ConnectAsync();
        var statement = await connection.PrepareAsync("SELECT v FROM t WHERE id = ?", Ct);
        for (var i = 0; i < 200; i++)
        {
            // Others keep it while it is written.
            await other.QueryAsync("SELECT v FROM t WHERE id = 1", Ct);
            await connection.QueryAsync($"UPDATE t SET v = {i} WHERE id = 1", Ct);
            Assert.Equal(i.ToString(CultureInfo.InvariantCulture), (await connection.QueryAsync("SELECT v FROM t WHERE id = 1", Ct)).Scalar);
            var rows = await statement.ExecuteAsync([1L], Ct);
            Assert.Equal(i, Convert.ToInt32(rows.Rows[0][0], CultureInfo.InvariantCulture));
        }
        var before = Counters.CacheHits;
        for (var since = Stopwatch.StartNew(); Counters.CacheHits < before + 5; await statement.ExecuteAsync([1L], Ct)) Assert.True(since.Elapsed < TimeSpan.FromSeconds(10), "prepared statements are kept too");
    }

    static readonly (string Change, string Sql)[] _changes =
    [
        ("UPDATE d.t SET v = v + 1 WHERE id = 1", "SELECT v FROM t WHERE id = 1"),
        ("INSERT INTO d.t (id, v) VALUES (100, 1)", "SELECT COUNT(*) FROM t"),
        ("INSERT INTO d.t (id, v) VALUES (101, 1)", "SELECT v FROM t WHERE id = 101"),
        ("UPDATE d.t SET id = 300 WHERE id = 3", "SELECT v FROM t WHERE id = 3"),
        ("DELETE FROM d.parent WHERE id = 1", "SELECT COUNT(*) FROM child"), // the cascade is not in the log
        ("CREATE OR REPLACE VIEW d.v AS SELECT id, v + 1000 AS v FROM d.t", "SELECT v FROM v WHERE id = 2"),
        ("TRUNCATE TABLE d.child", "SELECT COUNT(*) FROM child"),
        ("ALTER TABLE d.t MODIFY v VARCHAR(20), ADD COLUMN more INT DEFAULT 7", "SELECT * FROM t WHERE id = 2"),
        ("SET STATEMENT binlog_format=STATEMENT FOR UPDATE d.t SET v = 77 WHERE id = 2", "SELECT v FROM t WHERE id = 2"),
    ];

    [Fact]
    public async Task What_another_program_changes_at_the_primary_is_seen()
    {
        foreach (var (change, sql) in _changes)
        {
            await using var connection = await ConnectAsync();
            await UntilHitAsync(connection, sql);
            var before = Rows(await connection.QueryAsync(sql, Ct));
            await Primary.ExecuteAsync(change);
            var since = Stopwatch.StartNew();
            while (Rows(await connection.QueryAsync(sql, Ct)) == before) Assert.True(since.Elapsed < TimeSpan.FromSeconds(10), sql);
            // And then at a level that asks for it, at once and always.
            await using var strong = await ConnectAsync();
            await strong.QueryAsync("SET headwater.level = 'strong'", Ct);
            var now = Rows(await strong.QueryAsync(sql, Ct));
            for (var i = 0; i < 20; i++) Assert.Equal(now, Rows(await connection.QueryAsync(sql, Ct)));
        }
    }

    [Fact]
    public async Task What_is_not_kept_says_why()
    {
        await using var connection = await ConnectAsync();
        await UntilHitAsync(connection, "SELECT v FROM t WHERE id = 3");
        foreach (var (sql, why) in ((string, string)[])
        [
            ("SELECT v, NOW(6) FROM t WHERE id = 1", "not kept"),
            ("SELECT v, @x FROM t WHERE id = 1", "not kept"),
            ("SELECT v FROM never WHERE id = 1", "no rule"),
            ("SELECT v FROM t WHERE id = 1 FOR UPDATE", "not kept"),
        ])
        {
            var hits = Counters.CacheHits;
            for (var i = 0; i < 5; i++) await connection.QueryAsync(sql, Ct);
            Assert.Equal(hits, Counters.CacheHits);
            var explained = await connection.QueryAsync("EXPLAIN ROUTE " + sql, Ct);
            if (explained.Rows.FirstOrDefault(static row => row[0] == "cache") is { } cache) Assert.Contains(why, cache[1], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Sessions_that_stand_otherwise_and_transactions_get_their_own()
    {
        const string At = "SELECT at FROM t WHERE id = 1";
        await using var utc = await ConnectAsync();
        await using var east = await ConnectAsync();
        await utc.QueryAsync("SET time_zone = '+00:00'", Ct);
        await east.QueryAsync("SET time_zone = '+05:00'", Ct);
        await UntilHitAsync(utc, At);
        var there = (await utc.QueryAsync(At, Ct)).Scalar;
        Assert.NotEqual(there, (await east.QueryAsync(At, Ct)).Scalar);
        await UntilHitAsync(east, At);
        Assert.Equal(there, (await utc.QueryAsync(At, Ct)).Scalar);

        // What is not committed is nobody else's, and is its own.
        await utc.QueryAsync("BEGIN", Ct);
        await utc.QueryAsync("UPDATE t SET v = 4711 WHERE id = 2", Ct);
        Assert.Equal("4711", (await utc.QueryAsync("SELECT v FROM t WHERE id = 2", Ct)).Scalar);
        Assert.Equal("20", (await east.QueryAsync("SELECT v FROM t WHERE id = 2", Ct)).Scalar);
        await utc.QueryAsync("ROLLBACK", Ct);
        Assert.Equal("20", (await utc.QueryAsync("SELECT v FROM t WHERE id = 2", Ct)).Scalar);

        // A temporary table hides the other one for its session alone.
        await UntilHitAsync(east, "SELECT v FROM t WHERE id = 2");
        await utc.QueryAsync("CREATE TEMPORARY TABLE t (id INT, v INT)", Ct);
        Assert.Empty((await utc.QueryAsync("SELECT v FROM t WHERE id = 2", Ct)).Rows);
        Assert.Equal("20", (await east.QueryAsync("SELECT v FROM t WHERE id = 2", Ct)).Scalar);
    }

    [Fact]
    public async Task What_the_last_statement_left_is_told_as_if_a_server_had_answered()
    {
        await using var connection = await ConnectAsync();
        // A kept result is the last that it was told.
        await UntilHitAsync(connection, "SELECT id FROM t WHERE id < 3");
        Assert.Equal("2", (await connection.QueryAsync("SELECT FOUND_ROWS()", Ct)).Scalar);
        Assert.Empty((await connection.QueryAsync("SHOW WARNINGS", Ct)).Rows);
        Assert.Contains((await connection.QueryAsync("SHOW HEADWATER CACHE", Ct)).Rows, static row => row[0]!.StartsWith("select id from t", StringComparison.Ordinal));
    }

    static string Rows(QueryResult result) => string.Join(';', result.Rows.Select(static row => string.Join(',', row)));

    async Task UntilHitAsync(ServerConnection connection, string sql)
    {
        var hits = Counters.CacheHits;
        for (var since = Stopwatch.StartNew(); Counters.CacheHits == hits; await Task.Delay(5, Ct))
        {
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(20), $"{sql} is never answered by a kept result");
            await connection.QueryAsync(sql, Ct);
        }
    }

    Task<ServerConnection> ConnectAsync() => _gateway.ConnectAsync("d", Ct);

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        foreach (var server in _servers) await server.DisposeAsync();
    }
}
