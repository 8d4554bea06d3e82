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
