using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Servers;

/// <summary>What a server says of its tables, and the position at which it is so: where a <see cref="SchemaHistory"/> begins.</summary>
public static class SchemaReader
{
    const int Tries = 10;
    const string Ours = "NOT IN ('information_schema','performance_schema')";

    /// <summary>
    /// Looks at the position, at the tables, and at what was logged meanwhile: without a definition in it, the tables are as they were at the position. What
    /// information_schema shows is in the log, as it waits for the lock that a definition holds until it is logged.
    /// </summary>
    /// <exception cref="BinlogException">Something was defined each time that was looked.</exception>
    public static async Task<(SchemaStart Start, Position At)> ReadAsync(Func<CancellationToken, Task<ServerConnection>> connect, CancellationToken ct)
    {
        await using var connection = await connect(ct);
        for (var tries = 0; tries < Tries; tries++)
        {
            var at = await LoggedAsync(connection, ct);
            var start = await TablesAsync(connection, ct);
            if (await LoggedAsync(connection, ct) == at || !await HasDefinitionAsync(await connect(ct), at, ct)) return (start, at);
        }
        throw new BinlogException(BinlogTrouble.Unavailable, $"{connection} defines tables all the time: what they were at one position could not be read in {Tries} tries.");
    }

    static async Task<Position> LoggedAsync(ServerConnection connection, CancellationToken ct) =>
        Position.TryParse((await connection.QueryAsync("SELECT @@global.gtid_binlog_pos", ct)).Scalar ?? "", out var position) ? position : throw new BinlogException(BinlogTrouble.Unavailable, $"{connection} does not tell its position.");

    static async Task<bool> HasDefinitionAsync(ServerConnection connection, Position from, CancellationToken ct)
    {
        await foreach (var transaction in BinlogStream.ReadAsync(connection, from, new BinlogOptions { StopAtEnd = true }, ct))
            foreach (var change in transaction.Changes)
                if (change is LoggedStatement { Kind: StatementKind.Definition }) return true;
        return false;
    }

    static async Task<SchemaStart> TablesAsync(ServerConnection connection, CancellationToken ct)
    {
        var server = (await connection.QueryAsync("SELECT @@lower_case_table_names, @@global.old_mode LIKE '%UTF8_IS_UTF8MB3%'", ct)).Rows[0];
        var schemas = (await connection.QueryAsync("SELECT schema_name, default_character_set_name FROM information_schema.schemata", ct)).Rows;
        var tables = (await connection.QueryAsync($"SELECT table_schema, table_name, SUBSTRING_INDEX(table_collation, '_', 1) FROM information_schema.tables WHERE table_schema {Ours}", ct)).Rows;
        // COLUMN_KEY also says PRI of a unique key where there is no primary one.
        var columns = (await connection.QueryAsync($"""
            SELECT c.table_schema, c.table_name, c.column_name, c.column_type, c.character_set_name, k.column_name IS NOT NULL
            FROM information_schema.columns c LEFT JOIN information_schema.statistics k ON k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name AND k.index_name = 'PRIMARY'
            WHERE c.table_schema {Ours} ORDER BY c.table_schema, c.table_name, c.ordinal_position
            """, ct)).Rows;
        var shapes = columns.GroupBy(static row => (row[0]!, row[1]!)).ToDictionary(static group => group.Key, static group => group.Select(static row => new ColumnShape(row[2]!, row[3]!, row[4], row[5] == "1")).ToArray());
        return new SchemaStart
        {
            IgnoresCase = server[0] != "0",
            Utf8 = server[1] == "1" ? "utf8mb3" : "utf8mb4",
            Schemas = schemas.ToDictionary(static row => row[0]!, static row => row[1]!),
            Tables = tables.Where(row => shapes.ContainsKey((row[0]!, row[1]!))).ToDictionary(static row => (row[0]!, row[1]!), row => new TableStart(row[2], shapes[(row[0]!, row[1]!)])),
        };
    }
}
