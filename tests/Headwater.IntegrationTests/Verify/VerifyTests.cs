using System.Collections.Immutable;
using Headwater.Core.Verify;
using Headwater.IntegrationTests.Servers;
using Headwater.Verify;

namespace Headwater.IntegrationTests.Verify;

/// <summary>A primary and two replicas, while a load writes: what was made to differ is found, and nothing else.</summary>
public sealed class VerifyTests : IAsyncLifetime
{
    RealServer[] _servers = [];

    static CancellationToken Ct => TestContext.Current.CancellationToken;
    RealServer Primary => _servers[0];

    public async ValueTask InitializeAsync()
    {
        _servers = await RealServer.StartClusterAsync(2);
        await Primary.ExecuteAsync("CREATE DATABASE shop");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
    }

    static ServerDoor Door(RealServer server) => new($"db{server.Id}", server.Address, server.Login, server.Login);

    Task<VerifyReport> VerifyAsync(VerifyOptions? options = null) =>
        new VerifyRun(Door(Primary), [.. _servers.Skip(1).Select(Door)], options ?? new VerifyOptions(), new VerifyProgress(TimeProvider.System)).RunAsync(Ct);

    /// <summary>As somebody who should not have: on a replica, past its log.</summary>
    async Task TamperAsync(RealServer replica, string sql)
    {
        await CaughtUpAsync();
        await using var connection = await replica.ConnectAsync();
        await connection.QueryMultiAsync("SET sql_log_bin=0, sql_mode=''; USE shop; " + sql, Ct);
    }

    async Task CaughtUpAsync()
    {
        var position = (await Primary.ExecuteAsync("SELECT @@GLOBAL.gtid_binlog_pos")).Scalar;
        foreach (var replica in _servers.Skip(1)) Assert.Equal("0", (await replica.ExecuteAsync($"SELECT MASTER_GTID_WAIT('{position}', 20)")).Scalar);
    }

    Task FillAsync(int rows = 20_000) => Primary.ExecuteAsync($"""
        CREATE TABLE shop.item (id INT PRIMARY KEY, n INT NOT NULL, note VARCHAR(60) NULL, weight FLOAT NULL) CHARSET utf8mb4
        SELECT seq AS id, 0 AS n, MD5(seq) AS note, seq / 3 AS weight FROM shop.seq_1_to_{rows}
        """);

    static string Text(VerifyReport report)
    {
        var text = new StringWriter();
        VerifyText.Print(report, applied: false, text);
        return text.ToString();
    }

    /// <summary>Writes all the time, in the middle of the table and at its end, until it is told to end.</summary>
    async Task<int> WriteAsync(Task until)
    {
        await using var connection = await Primary.ConnectAsync();
        var chance = new Random(1);
        var written = 0;
        for (; !until.IsCompleted; written++)
        {
            // not faster than small replicas on a busy machine can follow
            await Task.Delay(3, Ct);
            await connection.QueryAsync((written % 3) switch
            {
                0 => $"INSERT INTO shop.item VALUES ({1_000_000 + written}, 1, 'new', 1.5)",
                1 => $"DELETE FROM shop.item WHERE id = {1_000_000 + chance.Next(written)}",
                // the rows that differ are left alone
                _ => $"UPDATE shop.item SET n = n + 1 WHERE id BETWEEN {chance.Next(8_000, 8_990)} AND 9000 LIMIT 10",
            }, Ct);
        }
        return written;
    }

    [Fact]
    public async Task What_differs_is_found_and_named_while_writes_run_and_is_mended()
    {
        await FillAsync();
        await TamperAsync(_servers[2], """
            UPDATE item SET note = CONCAT(CHAR(ASCII(note) ^ 1), SUBSTR(note, 2)) WHERE id = 777;
            UPDATE item SET note = '' WHERE id = 5001;
            UPDATE item SET weight = weight * 1.0000001 WHERE id = 5002;
            DELETE FROM item WHERE id = 12345;
            INSERT INTO item VALUES (-5, 0, NULL, NULL);
            """);
        await Primary.ExecuteAsync("UPDATE shop.item SET note = NULL WHERE id = 5001");
        await TamperAsync(_servers[2], "UPDATE item SET note = '' WHERE id = 5001");

        var done = new TaskCompletionSource();
        var load = WriteAsync(done.Task);
        try
        {
            var report = await VerifyAsync();
            var copies = Assert.Single(report.Tables).Copies;
            Assert.True(copies[0].Equal, Text(report));
            Assert.Equal([("changed", "id = 777", "note"), ("changed", "id = 5001", "note"), ("changed", "id = 5002", "weight"), ("extra", "id = -5", ""), ("missing", "id = 12345", "")],
                copies[1].Rows.Select(static row => (row.Kind, row.Key, row.Columns.FirstOrDefault()?.Column ?? "")).Order().OrderBy(static row => row.Kind).ThenBy(static row => row.Key.Length).ThenBy(static row => row.Key, StringComparer.Ordinal));
            Assert.Equal(("NULL", "''"), copies[1].Rows.Where(static row => row.Key == "id = 5001").Select(static row => (row.Columns[0].Primary, row.Columns[0].Replica)).Single());
            Assert.Empty(copies[1].Unproven);

            var mended = await VerifyAsync(new VerifyOptions { Apply = true });
            Assert.True(mended.Equal, Text(mended));
            Assert.Equal(5, mended.Tables[0].Copies[1].Mended);
            Assert.Equal(5, mended.Tables[0].Copies[1].Rows.Length);
        }
        finally
        {
            done.SetResult();
            Assert.True(await load > 0);
        }
        await CaughtUpAsync();
        var again = await VerifyAsync();
        Assert.True(again.Equal, Text(again));
        Assert.Empty(again.Tables[0].Copies[1].Rows);
        // What mended it is in nobody's log.
        Assert.Equal((await Primary.ExecuteAsync("SELECT @@GLOBAL.gtid_binlog_pos")).Scalar, (await _servers[2].ExecuteAsync("SELECT @@GLOBAL.gtid_binlog_pos")).Scalar);
    }

    [Fact]
    public async Task Replicas_that_lag_are_waited_for_and_never_taken_for_different()
    {
        await FillAsync();
        var done = new TaskCompletionSource();
        var load = WriteAsync(done.Task);
        var lagging = LagAsync(done.Task);
        try
        {
            for (var round = 0; round < 2; round++)
            {
                var report = await VerifyAsync(new VerifyOptions { MaxLag = TimeSpan.FromMilliseconds(100), ChunkTime = TimeSpan.FromMilliseconds(20) });
                Assert.True(report.Equal, Text(report));
            }
        }
        finally
        {
            done.SetResult();
            await Task.WhenAll(load, lagging);
        }

        async Task LagAsync(Task until)
        {
            while (!until.IsCompleted)
            {
                await _servers[1].ExecuteAsync("STOP SLAVE SQL_THREAD");
                await Task.Delay(300, Ct);
                await _servers[1].ExecuteAsync("START SLAVE SQL_THREAD");
                await Task.Delay(200, Ct);
            }
        }
    }

    [Fact]
    public async Task Every_type_is_equal_when_it_is_and_differs_by_its_last_bit()
    {
        await using (var connection = await Primary.ConnectAsync())
        {
            await connection.QueryMultiAsync("USE shop; SET sql_mode='', time_zone='+00:00', NAMES utf8mb4", Ct);
            foreach (var create in EveryType.Create("every")) await connection.QueryAsync(create, Ct);
            foreach (var insert in EveryType.Inserts("every")) await connection.QueryAsync(insert, Ct);
            await connection.QueryMultiAsync("""
                CREATE TABLE odd (u VARCHAR(20) CHARSET utf16, k VARCHAR(20) CHARSET latin1 COLLATE latin1_german2_ci, b BIT(9), e ENUM('a','b') NOT NULL, f DOUBLE, g POINT, j JSON, z INT(6) ZEROFILL,
                  s INT AS (z + 1) STORED, v INT AS (z + 2) VIRTUAL, l LONGBLOB, i INET6, PRIMARY KEY (k, e));
                INSERT INTO odd (u, k, b, e, f, g, j, z, l, i) SELECT CONCAT('ü', seq), CONCAT('ß''\\', seq), seq, seq % 2 + 1, seq / 7, POINT(seq, 1), '{"a":1}', seq, REPEAT(CHAR(seq % 256), 5000), '::1' FROM seq_1_to_300;
                CREATE TABLE keyless (a INT, b VARCHAR(9)) CHARSET utf8mb4; INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (2, NULL), (3, '');
                CREATE TABLE plain (a INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO plain VALUES (1), (2);
                CREATE VIEW seen AS SELECT * FROM plain;
                """, Ct);
        }
        await CaughtUpAsync();
        var report = await VerifyAsync(new VerifyOptions { ChunkTime = TimeSpan.FromMilliseconds(1) });
        Assert.True(report.Equal, Text(report));
        Assert.DoesNotContain(report.Tables, static table => table.Table == "shop.seen");

        await TamperAsync(_servers[1], """
            UPDATE odd SET f = f + 1e-15 WHERE z = 3;
            UPDATE odd SET g = POINT(4, 1.0000000000000002) WHERE z = 4;
            UPDATE odd SET b = b ^ 256 WHERE z = 5;
            UPDATE odd SET l = CONCAT(LEFT(l, 4999), 'X') WHERE z = 6;
            UPDATE odd SET j = '{"a": 1}' WHERE z = 7;
            UPDATE odd SET u = CONCAT(u, ' ') WHERE z = 8;
            UPDATE odd SET e = '' WHERE z = 9;
            UPDATE keyless SET b = '' WHERE a = 2;
            DELETE FROM keyless WHERE a = 1 LIMIT 1;
            DELETE FROM plain WHERE a = 2;
            """);
        var options = new VerifyOptions { Apply = true };
        report = await VerifyAsync(options);
        Assert.True(report.Equal, Text(report));
        ImmutableArray<RowReport> Rows(string table) => report.Tables.Single(t => t.Table == table).Copies[0].Rows;
        Assert.Equal(["b", "f", "g", "j", "l", "u"], Rows("shop.odd").Where(static row => row.Kind == "changed").Select(static row => Assert.Single(row.Columns).Column).Order());
        // z = 9 has another key there
        Assert.Equal(["extra", "missing"], Rows("shop.odd").Where(static row => row.Kind != "changed").Select(static row => row.Kind).Order());
        Assert.Equal(3, Rows("shop.keyless").Length);
        Assert.Single(Rows("shop.plain"));
        report = await VerifyAsync();
        Assert.True(report.Equal, Text(report));
        Assert.All(report.Tables, static table => Assert.Empty(table.Copies[0].Rows));
    }

    [Fact]
    public async Task Declarations_and_tables_that_differ_are_named()
    {
        await Primary.ExecuteAsync("CREATE TABLE shop.a (a INT PRIMARY KEY, b INT)");
        await Primary.ExecuteAsync("CREATE TABLE shop.b (a INT PRIMARY KEY, b INT)");
        await Primary.ExecuteAsync("CREATE TABLE shop.c (a INT PRIMARY KEY)");
        await TamperAsync(_servers[1], "ALTER TABLE a ADD INDEX (b); ALTER TABLE b MODIFY b BIGINT; DROP TABLE c; CREATE TABLE d (a INT)");
        var report = await VerifyAsync();
        string Of(string table) => string.Join("; ", report.Tables.Single(t => t.Table == table).Copies.Single(copy => copy.Replica == "db2").Schema);
        Assert.Equal("the replica declares KEY `b` (`b`)", Of("shop.a"));
        Assert.Equal("the primary declares `b` int(11) DEFAULT NULL; the replica declares `b` bigint(20) DEFAULT NULL", Of("shop.b"));
        Assert.Equal("the replica does not have the table", Of("shop.c"));
        Assert.Equal("the replica has a table that the primary does not have", Of("shop.d"));
        Assert.All(report.Tables.Where(static table => table.Table != "shop.d"), static table => Assert.True(table.Copies[1].Equal));
        Assert.False(report.Equal);
        await Assert.ThrowsAsync<VerifyException>(() => VerifyAsync(new VerifyOptions { Tables = ["shop.none"] }));
    }

    [Fact]
    public async Task A_replica_that_stands_still_is_left_out_and_rows_that_are_held_are_not_called_different()
    {
        await FillAsync(3_000);
        await TamperAsync(_servers[1], "UPDATE item SET n = 9 WHERE id = 10");
        await using var holder = await Primary.ConnectAsync();
        await holder.QueryMultiAsync("START TRANSACTION; UPDATE shop.item SET n = 1 WHERE id = 11", Ct);
        await _servers[2].ExecuteAsync("STOP SLAVE SQL_THREAD");
        await Primary.ExecuteAsync("UPDATE shop.item SET n = 2 WHERE id = 2000");
        var report = await VerifyAsync(new VerifyOptions { Patience = TimeSpan.FromSeconds(1), MaxLag = TimeSpan.FromMilliseconds(300) });
        Assert.False(report.Equal);
        Assert.Contains("db3 has applied nothing for 1 s", Assert.Single(report.Troubles), StringComparison.Ordinal);
        var held = report.Tables[0].Copies[0];
        Assert.Empty(held.Rows);
        Assert.Contains("a transaction on the primary holds its rows", Assert.Single(held.Unproven), StringComparison.Ordinal);
        await holder.QueryAsync("ROLLBACK", Ct);
    }
}
