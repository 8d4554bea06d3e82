using System.Text;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Servers;
using Headwater.Wire.MySql.Binlog;
using Xunit;

namespace Headwater.IntegrationTests.Servers;

/// <summary>What a server has logged, against what it says of itself: over the protocol and from its files.</summary>
public sealed class BinlogTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;
    static readonly BinlogOptions ToEnd = new() { StopAtEnd = true };

    [Theory]
    [InlineData("--binlog-row-metadata=FULL")]
    [InlineData("--binlog-row-metadata=FULL", "--binlog-checksum=NONE", "--log-bin-compress=1", "--log-bin-compress-min-len=10")]
    [InlineData("--binlog-row-metadata=NO_LOG")]
    [InlineData("--binlog-row-metadata=MINIMAL", "--binlog-row-event-max-size=256")]
    public async Task Every_value_is_what_a_SELECT_gives_and_its_literal_stores_the_same(params string[] options)
    {
        await using var server = await RealServer.StartAsync(1, [.. options, "--character-set-server=utf8mb4"]);
        await using var connection = await server.ConnectAsync();
        await connection.QueryAsync("CREATE DATABASE d", Ct);
        await connection.QueryAsync("USE d", Ct);
        await connection.QueryAsync("SET NAMES utf8mb4, sql_mode='', time_zone='+00:00'", Ct);
        foreach (var sql in EveryType.Create("t")) await connection.QueryAsync(sql, Ct);
        foreach (var sql in EveryType.Create("copy")) await connection.QueryAsync(sql, Ct);
        var before = await LoggedAsync(connection);
        foreach (var sql in EveryType.Inserts("t")) await connection.QueryAsync(sql, Ct);
        var lookup = await TableShapes.ReadAsync(connection, Ct);

        var transactions = await ReadAsync(server, before, ToEnd with { Lookup = lookup });
        Assert.Equal(40, transactions.Count);
        await connection.QueryAsync(RowSql.Session, Ct);
        var values = 0;
        foreach (var rows in transactions.SelectMany(static t => t.Changes).Cast<LoggedRows>())
        {
            var image = rows[0].After;
            var id = image[0].ToSqlLiteral();
            for (var i = 0; i < rows.Table.Columns.Count; i++)
            {
                var (column, literal) = (rows.Table.Columns[i], image[i].ToSqlLiteral());
                var shown = column.Declared is not null ? $"CAST({column.Name} AS CHAR)" : column.Type is LoggedType.Geometry ? column.Name : $"CAST({column.Name} AS BINARY)";
                var said = (await connection.QueryAsync($"SELECT HEX({shown}), {column.Name} <=> {literal} FROM {rows.Table.Name} WHERE id={id}", Ct)).Rows[0];
                var what = $"{rows.Table.Name}.{column.Name} {column.Type}({column.Length},{column.Scale}) row {id}: {literal[..Math.Min(80, literal.Length)]}";
                Assert.True(said[1] == "1", what + " does not compare as equal");
                if (column.Type is LoggedType.Enum or LoggedType.Set && column.Members.Count == 0) continue;
                // DOUBLE(10,3) is shown with the digits of its declaration, which the log does not have.
                if (column.Type == LoggedType.Double && said[0] is { } hex && Encoding.ASCII.GetString(Convert.FromHexString(hex)) is { } text && image[i].ToText() is { } mine
                    && double.Parse(text, System.Globalization.CultureInfo.InvariantCulture) == double.Parse(mine, System.Globalization.CultureInfo.InvariantCulture)) continue;
                Assert.True(said[0] == (image[i].ToText() is { } bytes ? Convert.ToHexString(bytes) : null), $"{what} is shown as {said[0]} and read as {EveryType.Hex(image[i].ToText())}");
                values++;
            }
            await connection.QueryAsync(RowSql.Of(rows[0]).Replace("`d`.`t", "`d`.`copy", StringComparison.Ordinal), Ct);
        }
        Assert.True(values > 600);
        for (var table = 0; table < EveryType.Tables; table++)
        {
            // What the literals have stored is logged again, in the same bytes.
            var sums = (await connection.QueryAsync($"CHECKSUM TABLE d.t{table}, d.copy{table}", Ct)).Rows;
            Assert.Equal(sums[0][1], sums[1][1]);
        }
        await AssertSameFromFilesAsync(server, before, transactions, lookup);
    }

    [Theory]
    [InlineData("FULL")]
    [InlineData("MINIMAL")]
    [InlineData("NOBLOB")]
    public async Task Updates_and_deletes_written_as_SQL_do_to_a_copy_what_was_done_to_the_table(string image)
    {
        await using var server = await RealServer.StartAsync(1, "--binlog-row-metadata=FULL");
        await using var connection = await server.ConnectAsync();
        await connection.QueryMultiAsync($"""
            CREATE DATABASE d; USE d; SET NAMES utf8mb4, sql_mode=''; SET binlog_row_image={image};
            CREATE TABLE t (a int, b varchar(20) COLLATE utf8mb4_general_ci, c blob, d timestamp(3) NOT NULL DEFAULT '2020-01-01', v int AS (a+1) VIRTUAL, s int AS (a*2) STORED, PRIMARY KEY (b(10), a)) CHARSET utf8mb4;
            CREATE TABLE nokey (a int, b varchar(20) COLLATE utf8mb4_general_ci, c float);
            """, Ct);
        foreach (var table in (string[])["t", "nokey"]) await connection.QueryAsync($"CREATE TABLE copy_{table} LIKE {table}", Ct);
        var from = await LoggedAsync(connection);
        await connection.QueryMultiAsync("""
            INSERT INTO t (a,b,c) VALUES (1,'x','one'),(2,'X2','two'),(3,'x''3',NULL);
            UPDATE t SET c=CONCAT(c,'!') WHERE a<3; UPDATE t SET a=a+10, d='2021-01-01 00:00:00.125' WHERE a=2; DELETE FROM t WHERE a=3; INSERT INTO t () VALUES ();
            INSERT INTO nokey VALUES (1,'a',0.1),(1,'A',0.1),(1,'a',0.1),(NULL,NULL,NULL);
            UPDATE nokey SET a=2 WHERE BINARY b='A'; DELETE FROM nokey WHERE BINARY b='a' LIMIT 1; UPDATE nokey SET b='z' WHERE a IS NULL;
            """, Ct);
        var transactions = await ReadAsync(server, from, ToEnd);
        await connection.QueryAsync(RowSql.Session, Ct);
        foreach (var rows in transactions.SelectMany(static t => t.Changes).Cast<LoggedRows>())
            for (var i = 0; i < rows.Count; i++)
            {
                var sql = RowSql.Of(rows[i]).Replace("`d`.`", "`d`.`copy_", StringComparison.Ordinal);
                var done = await connection.QueryAsync(sql, Ct);
                Assert.True(done.AffectedRows == 1, sql);
            }
        foreach (var table in (string[])["t", "nokey"])
        {
            var sums = (await connection.QueryAsync($"CHECKSUM TABLE {table}, copy_{table}", Ct)).Rows;
            Assert.Equal(sums[0][1], sums[1][1]);
        }
        await AssertSameFromFilesAsync(server, from, transactions);
    }

    [Fact]
    public async Task Statements_come_with_what_makes_them_mean_the_same_elsewhere()
    {
        await using var server = await RealServer.StartAsync();
        await using var connection = await server.ConnectAsync();
        await connection.QueryAsync("CREATE DATABASE d", Ct);
        await connection.QueryAsync("USE d", Ct);
        var from = await LoggedAsync(connection);
        await connection.QueryMultiAsync("""
            SET NAMES latin1, sql_mode='ANSI', time_zone='+03:00', timestamp=1700000000.25, auto_increment_increment=3;
            CREATE TABLE "t" (id int auto_increment primary key, a varchar(100), b double, c datetime(6), e decimal(20,5)) ENGINE=InnoDB;
            CREATE TABLE m (a varchar(100)) ENGINE=MyISAM;
            SET binlog_format=STATEMENT, rand_seed1=5, rand_seed2=6, @x='it''s', @n=NULL, @u=18446744073709551615, @d=12.345, @f=1e0/3;
            INSERT INTO t (a,b,c,e) VALUES (@x, RAND()+@f+@u, NOW(6), @d), (@n, NULL, NULL, 1);
            BEGIN; INSERT INTO t (a) VALUES ('kept'); SAVEPOINT s; INSERT INTO m VALUES ('stays'); INSERT INTO t (a) VALUES ('gone'); ROLLBACK TO s; COMMIT;
            XA START 'x','b',7; INSERT INTO t (a) VALUES ('xa'); XA END 'x','b',7; XA PREPARE 'x','b',7; XA COMMIT 'x','b',7;
            DROP TABLE m;
            """, Ct);
        var transactions = await ReadAsync(server, from, ToEnd);
        Assert.Equal((string[])["Definition", "Definition", "Change"], transactions.Take(3).Select(static t => Assert.IsType<LoggedStatement>(t.Changes[^1]).Kind.ToString()));
        Assert.Contains(transactions, static t => t.End == TransactionEnd.XaPrepare && t.Xa?.ToString() == "X'78',X'62',7" && (t.Flags & TransactionFlags.XaPrepared) != 0);
        var completed = Assert.Single(transactions, static t => (t.Flags & TransactionFlags.XaCompleted) != 0);
        Assert.Equal("XA COMMIT X'78',X'62',7", completed.Changes[0].ToString());
        Assert.Equal(StatementKind.Control, ((LoggedStatement)completed.Changes[0]).Kind);
        Assert.Equal(250_000, transactions.Single(static t => t.Changes[0].ToString()!.Contains("RAND()", StringComparison.Ordinal)).Microseconds);
        await AssertSameFromFilesAsync(server, from, transactions);

        // Another server that runs them has the same tables.
        await using var other = await RealServer.StartAsync(2);
        await using var replay = await other.ConnectAsync();
        await replay.QueryAsync("CREATE DATABASE d", Ct);
        foreach (var transaction in transactions)
        {
            var (begin, end) = transaction.End switch
            {
                TransactionEnd.Standalone => ("DO 0", "DO 0"),
                TransactionEnd.XaPrepare => ($"XA START {transaction.Xa}", $"XA PREPARE {transaction.Xa}"),
                _ => ("START TRANSACTION", "COMMIT"),
            };
            await replay.QueryAsync(begin, Ct);
            foreach (var statement in transaction.Changes.Cast<LoggedStatement>())
            {
                await replay.QueryAsync($"USE {statement.Schema}", Ct);
                foreach (var setting in statement.Settings) await replay.QueryAsync(setting, Ct);
                await replay.QueryAsync(statement.ToString(), Ct);
            }
            await replay.QueryAsync(end, Ct);
        }
        const string All = "SELECT GROUP_CONCAT(CONCAT_WS('|', id, COALESCE(a,'-'), COALESCE(b,'-'), COALESCE(c,'-'), COALESCE(e,'-')) ORDER BY id) FROM d.t";
        var left = (await server.ExecuteAsync(All)).Scalar;
        Assert.Contains("it's", left, StringComparison.Ordinal);
        Assert.Equal(left, (await other.ExecuteAsync(All)).Scalar);
    }

    [Fact]
    public async Task Reading_goes_on_from_any_position_over_many_files_and_one_that_is_gone_is_refused()
    {
        await using var server = await RealServer.StartAsync();
        await using var connection = await server.ConnectAsync();
        await connection.QueryMultiAsync("CREATE DATABASE d; CREATE TABLE d.t (a int, b longblob)", Ct);
        for (var i = 0; i < 12; i++)
        {
            await connection.QueryAsync($"SET gtid_domain_id={i % 3}", Ct);
            await connection.QueryAsync($"INSERT INTO d.t VALUES ({i}, REPEAT('x', {(i == 5 ? 20_000_000 : 10)}))", Ct);
            if (i % 4 == 3) await connection.QueryAsync("FLUSH BINARY LOGS", Ct);
        }
        var all = await ReadAsync(server, Position.Empty, ToEnd);
        await AssertSameFromFilesAsync(server, Position.Empty, all);
        var position = Position.Empty;
        for (var taken = 0; taken < all.Count; taken++)
        {
            position = position.With(all[taken].Gtid);
            var rest = await ReadAsync(server, position, ToEnd);
            Assert.Equal(all.Skip(taken + 1).Select(static t => (t.Gtid, t.Checksum)), rest.Select(static t => (t.Gtid, t.Checksum)));
            await AssertSameFromFilesAsync(server, position, rest);
        }

        Assert.True(Position.TryParse("0-9-3", out var forked));
        Assert.True(Position.TryParse("0-1-999", out var ahead));
        Assert.Equal(BinlogTrouble.Diverged, await TroubleAsync(server, forked));
        Assert.Equal(BinlogTrouble.Behind, await TroubleAsync(server, ahead));
        await connection.QueryAsync("PURGE BINARY LOGS TO 'bin.000003'", Ct);
        Assert.Equal(BinlogTrouble.Purged, await TroubleAsync(server, new Position(all[0].Gtid)));
        Assert.Empty(await ReadAsync(server, position, ToEnd));
    }

    // Both ways of reading name the same trouble.
    static async Task<BinlogTrouble> TroubleAsync(RealServer server, Position from)
    {
        var streamed = await Assert.ThrowsAsync<BinlogException>(() => ReadAsync(server, from, ToEnd));
        var filed = await Assert.ThrowsAsync<BinlogException>(() => AssertSameFromFilesAsync(server, from, []));
        Assert.Equal(streamed.Trouble, filed.Trouble);
        return filed.Trouble;
    }

    [Fact]
    public async Task A_replica_logs_the_same_checksums_although_it_cuts_and_compresses_otherwise()
    {
        await using var primary = await RealServer.StartAsync(1, "--binlog-row-metadata=FULL");
        await using var replica = await RealServer.StartAsync(2, "--log-bin-compress=1", "--log-bin-compress-min-len=10", "--binlog-checksum=NONE");
        await replica.FollowAsync(primary);
        await primary.ExecuteAsync("CREATE DATABASE d");
        await primary.ExecuteAsync("CREATE TABLE d.t (a int primary key, b text)");
        await primary.ExecuteAsync("INSERT INTO d.t SELECT seq, REPEAT(seq, 40) FROM d.seq_1_to_3000");
        await primary.ExecuteAsync("UPDATE d.t SET b=CONCAT(b,'x') WHERE a%2=0");
        await primary.ExecuteAsync("DELETE FROM d.t WHERE a>2990");
        await using var connection = await primary.ConnectAsync();
        var end = await LoggedAsync(connection);
        await replica.ExecuteAsync($"SELECT MASTER_GTID_WAIT('{end}', 20)");
        var original = await ReadAsync(primary, Position.Empty, ToEnd);
        var copied = await ReadAsync(replica, Position.Empty, ToEnd);
        Assert.Equal(original.Select(static t => (t.Gtid, t.Checksum)), copied.Select(static t => (t.Gtid, t.Checksum)));
        Assert.True(original.Sum(static t => t.Bytes) > 2 * copied.Sum(static t => t.Bytes));
    }

    [Fact]
    public async Task A_followed_log_gives_each_commit_and_a_frozen_server_is_noticed()
    {
        await using var server = await RealServer.StartAsync();
        await using var connection = await server.ConnectAsync();
        await connection.QueryMultiAsync("CREATE DATABASE d; CREATE TABLE d.t (a int)", Ct);
        var options = new BinlogOptions { ReaderId = 99, Heartbeat = TimeSpan.FromMilliseconds(200) };
        await using var log = BinlogStream.ReadAsync(await server.ConnectAsync(), await LoggedAsync(connection), options, Ct).GetAsyncEnumerator(Ct);
        for (var i = 0; i < 3; i++)
        {
            var next = log.MoveNextAsync();
            await Task.Delay(i == 1 ? 1000 : 0, Ct); // several heartbeats
            await connection.QueryAsync($"INSERT INTO d.t VALUES ({i})", Ct);
            Assert.True(await next);
            Assert.Equal(i.ToString(System.Globalization.CultureInfo.InvariantCulture), ((LoggedRows)log.Current.Changes[0])[0].After[0].Raw[0].ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        server.Freeze();
        await Assert.ThrowsAsync<ServerUnreachableException>(async () => await log.MoveNextAsync());
        server.Thaw();
    }

    [Fact]
    public async Task A_large_event_may_take_longer_than_silence_may()
    {
        await using var server = await RealServer.StartAsync();
        await using var connection = await server.ConnectAsync();
        await connection.QueryMultiAsync("CREATE DATABASE d; CREATE TABLE d.t (a int, b longblob)", Ct);
        var from = await LoggedAsync(connection);
        await connection.QueryAsync("INSERT INTO d.t VALUES (1, REPEAT('x', 30000000))", Ct);
        await using var slow = new SlowRelay(server.Port, TimeSpan.FromSeconds(2), 30_000_000);
        var options = new BinlogOptions { ReaderId = 99, Heartbeat = TimeSpan.FromMilliseconds(200), Search = TimeSpan.FromSeconds(5) };
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var reader = await ServerConnection.ConnectAsync(server.Address with { Port = slow.Port }, server.Login with { Tls = TlsMode.Off }, Ct);
        await foreach (var transaction in BinlogStream.ReadAsync(reader, from, options, Ct))
        {
            Assert.Equal(30_000_000, ((LoggedRows)transaction.Changes[0])[0].After[1].Raw.Length);
            break;
        }
        Assert.True(clock.Elapsed > 3 * options.Heartbeat);
    }

    [Theory]
    [InlineData("NO_LOG")]
    [InlineData("MINIMAL")]
    public async Task Names_follow_the_definitions_in_the_log_where_rows_do_not_say_them(string metadata)
    {
        await using var server = await RealServer.StartAsync(1, $"--binlog-row-metadata={metadata}");
        await using var connection = await server.ConnectAsync();
        await connection.QueryMultiAsync("CREATE DATABASE d; CREATE TABLE d.t (Id int unsigned PRIMARY KEY, a text CHARACTER SET latin1, b bigint)", Ct);
        var (start, from) = await SchemaReader.ReadAsync(_ => server.ConnectAsync(), Ct);
        Assert.Equal(await LoggedAsync(connection), from);
        await connection.QueryMultiAsync("""
            INSERT INTO d.t VALUES (4294967295, 'x', 7);
            ALTER TABLE d.t CHANGE b c tinyint unsigned FIRST, ADD d int AFTER Id; INSERT INTO d.t VALUES (255, 4294967294, -1, 'y');
            RENAME TABLE d.t TO d.t2; CREATE TABLE d.t AS SELECT d AS e, c AS f FROM d.t2; UPDATE d.t2 SET d=5;
            CREATE TABLE d.h (a int, b text, UNIQUE (b)); INSERT INTO d.h VALUES (1, 'z')
            """, Ct);
        string[] expected =
        [
            "INSERT INTO `d`.`t` (`Id`, `a`, `b`) VALUES (4294967295, _latin1 X'78', 7)",
            "INSERT INTO `d`.`t` (`c`, `Id`, `d`, `a`) VALUES (255, 4294967294, -1, _latin1 X'79')",
            "INSERT INTO `d`.`t` (`e`, `f`) VALUES (NULL, 7)",
            "INSERT INTO `d`.`t` (`e`, `f`) VALUES (-1, 255)",
            "UPDATE `d`.`t2` SET `c`=255, `Id`=4294967294, `d`=5, `a`=_latin1 X'79' WHERE `Id`<=>4294967294 LIMIT 1",
        ];
        foreach (var fromFiles in (bool[])[false, true])
        {
            var history = new SchemaHistory(start);
            var log = fromFiles ? BinlogFiles.OpenDirectory(Path.Combine(server.Directory, "data")).ReadWithHistoryAsync(from, history, Ct) : BinlogStream.ReadAsync(await server.ConnectAsync(), from, ToEnd with { History = history }, Ct);
            var said = new List<string>();
            await foreach (var transaction in log)
                foreach (var rows in transaction.Changes.OfType<LoggedRows>())
                    for (var i = 0; i < rows.Count; i++)
                        if (rows.Table.Name != "h") said.Add(RowSql.Of(rows[i]));
            Assert.All(expected, sql => Assert.Contains(sql, said));
        }
    }

    [Fact]
    public async Task The_files_of_a_killed_server_are_read_to_the_last_whole_transaction()
    {
        await using var server = await RealServer.StartAsync();
        await server.ExecuteAsync("CREATE DATABASE d");
        await server.ExecuteAsync("CREATE TABLE d.t (a int)");
        for (var i = 0; i < 20; i++) await server.ExecuteAsync($"INSERT INTO d.t VALUES ({i})");
        await server.KillAsync();
        var log = BinlogFiles.OpenDirectory(Path.Combine(server.Directory, "data"));
        Assert.Equal(22, await CountAsync(log));
        // As a crash of the machine leaves it: cut, or grown and not filled.
        var bytes = await File.ReadAllBytesAsync(log.Files[^1], Ct);
        await File.WriteAllBytesAsync(log.Files[^1], bytes[..^3], Ct);
        Assert.Equal(21, await CountAsync(log));
        await File.WriteAllBytesAsync(log.Files[^1], [.. bytes[..^3], .. new byte[10_000]], Ct);
        Assert.Equal(21, await CountAsync(log));
        bytes[^200] ^= 1;
        await File.WriteAllBytesAsync(log.Files[^1], bytes, Ct);
        Assert.Equal(BinlogTrouble.Damaged, (await Assert.ThrowsAsync<BinlogException>(() => CountAsync(log))).Trouble);
    }

    static async Task<int> CountAsync(BinlogFiles log)
    {
        var count = 0;
        await foreach (var _ in log.ReadAsync(Position.Empty, null, Ct)) count++;
        return count;
    }

    [Fact]
    public async Task Times_in_the_format_of_old_servers_are_read_and_refused_where_they_have_a_fraction()
    {
        await using var server = await RealServer.StartAsync(1, "--mysql56-temporal-format=OFF", "--binlog-row-metadata=FULL", "--default-time-zone=+00:00", "--sql-mode=");
        await using var connection = await server.ConnectAsync();
        await connection.QueryMultiAsync("CREATE DATABASE d; CREATE TABLE d.t (t time, d datetime, s timestamp NULL); CREATE TABLE d.f (d datetime(6))", Ct);
        var from = await LoggedAsync(connection);
        await connection.QueryMultiAsync("""
            INSERT INTO d.t VALUES ('-838:59:59', '9999-12-31 23:59:59', '2038-01-19 03:14:07'), ('00:00:01', '0000-00-00', '0000-00-00');
            INSERT INTO d.f VALUES ('2026-11-21 12:34:56.123456')
            """, Ct);
        var transactions = await ReadAsync(server, from, ToEnd);
        var rows = (LoggedRows)transactions[0].Changes[0];
        Assert.Equal("INSERT INTO `d`.`t` (`t`, `d`, `s`) VALUES ('-838:59:59', '9999-12-31 23:59:59', '2038-01-19 03:14:07')", RowSql.Of(rows[0]));
        Assert.Equal("INSERT INTO `d`.`t` (`t`, `d`, `s`) VALUES ('00:00:01', '0000-00-00 00:00:00', '0000-00-00 00:00:00')", RowSql.Of(rows[1]));
        Assert.Throws<InvalidOperationException>(() => RowSql.Of(((LoggedRows)transactions[1].Changes[0])[0]));
    }

    [Fact]
    public async Task An_encrypted_log_is_read_from_its_server_and_refused_from_its_files()
    {
        var keys = Path.GetTempFileName();
        await File.WriteAllTextAsync(keys, "1;770A8A65DA156D24EE2A093277530142770A8A65DA156D24EE2A093277530142\n", Ct);
        await using var server = await RealServer.StartAsync(1, "--plugin-load-add=file_key_management", $"--file-key-management-filename={keys}", "--encrypt-binlog=1");
        await server.ExecuteAsync("CREATE DATABASE d");
        Assert.NotEmpty(await ReadAsync(server, Position.Empty, ToEnd));
        var refused = await Assert.ThrowsAsync<BinlogException>(() => AssertSameFromFilesAsync(server, Position.Empty, []));
        Assert.Equal(BinlogTrouble.Encrypted, refused.Trouble);
        File.Delete(keys);
    }

    static async Task AssertSameFromFilesAsync(RealServer server, Position from, IReadOnlyList<Transaction> streamed, TableLookup? lookup = null)
    {
        var read = new List<Transaction>();
        await foreach (var transaction in BinlogFiles.OpenDirectory(Path.Combine(server.Directory, "data")).ReadAsync(from, lookup, Ct)) read.Add(transaction);
        Assert.True(read.Count >= streamed.Count);
        for (var i = 0; i < streamed.Count; i++)
        {
            Assert.Equal(streamed[i].Gtid, read[i].Gtid);
            Assert.Equal(streamed[i].Checksum, read[i].Checksum);
            Assert.Equal(streamed[i].Start, read[i].Start);
            Assert.Equal(streamed[i].Next, read[i].Next);
            Assert.Equal(streamed[i].Bytes, read[i].Bytes);
        }
    }

    static async Task<Position> LoggedAsync(ServerConnection connection)
    {
        Assert.True(Position.TryParse((await connection.QueryAsync("SELECT @@gtid_binlog_pos", Ct)).Scalar!, out var position));
        return position;
    }

    static async Task<List<Transaction>> ReadAsync(RealServer server, Position from, BinlogOptions options)
    {
        var transactions = new List<Transaction>();
        await foreach (var transaction in BinlogStream.ReadAsync(await server.ConnectAsync(), from, options, Ct)) transactions.Add(transaction);
        return transactions;
    }
}
