using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Headwater.Core;
using Headwater.Core.Consumers;
using Headwater.Core.Log;
using Headwater.Core.Topology;
using Headwater.Servers;
using Headwater.Wire.MySql;

namespace Headwater.Streams.Consumers;

/// <summary>
/// The rows of tables as they were at one position, while writes go on: a consistent read, whose place in the log the server tells. Tables of engines that
/// have none (MyISAM, Aria) are read as they are by then.
/// </summary>
static class TableSnapshot
{
    /// <summary>The server that is copied from: a replica that serves, else the primary.</summary>
    public static IEnumerable<ServerView> Sources(ClusterView view)
    {
        foreach (var server in view.Servers)
            if (server is { Role: ServerRole.Replica, Health: ServerHealth.Up, Replicating: true } && (server.Tags & ServerTags.Delayed) == 0) yield return server;
        if (view.Primary is { } primary) yield return primary;
    }

    public static async IAsyncEnumerable<ChangeRecord> ReadAsync(ServerAddress server, ServerLogin login, string cluster, TablePatterns tables, Action<string, TablesAhead> begins, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await ServerConnection.ConnectAsync(server, login, ct);
        // Each text as it is stored, as the log has it.
        await connection.QueryAsync("SET time_zone='+00:00', sql_mode='', character_set_results=NULL, net_write_timeout=3600", ct);
        var position = await SourceSnapshot.OpenAsync(connection, ct);
        await using var looker = await ServerConnection.ConnectAsync(server, login, ct);
        // A table that was altered since the snapshot was taken is refused by the server, so these columns are those of its rows.
        var wanted = await TablesAsync(looker, tables, ct);
        long total = 0;
        var isFirst = true;
        var ahead = TablesAhead.Of(wanted.Select(static table => table.Estimate));
        foreach (var (schema, table, columns, estimate) in wanted)
        {
            ahead = ahead.Next(total, estimate);
            begins($"{schema}.{table}", ahead);
            // What was read cannot be altered by others until the transaction is taken back to before that.
            await connection.QueryAsync("SAVEPOINT before_table", ct);
            var rows = await connection.ReadAsync(SelectOf(schema, table, columns), ct);
            for (long index = 0; await rows.NextAsync(ct); index++, total++, isFirst = false)
                yield return new ChangeRecord
                {
                    Cluster = cluster,
                    Index = index,
                    Place = new FeedPlace(position),
                    Kind = ChangeKind.Snapshot,
                    Schema = schema,
                    Table = table,
                    IsFirst = isFirst,
                    Copied = new CopiedRow(columns, ValuesOf(rows.Row.Span, columns.Count)),
                };
            await connection.QueryAsync("ROLLBACK TO SAVEPOINT before_table", ct);
        }
        yield return new ChangeRecord { Cluster = cluster, Index = total, Place = new FeedPlace(position), Kind = ChangeKind.SnapshotEnd, IsFirst = isFirst, Count = total };
    }

    static async Task<List<(string Schema, string Table, IReadOnlyList<ColumnShape> Columns, long Estimate)>> TablesAsync(ServerConnection looker, TablePatterns wanted, CancellationToken ct)
    {
        var shapes = await TableShapes.ReadAsync(looker, ct);
        var names = await looker.QueryAsync("""
            SELECT table_schema, table_name, table_rows FROM information_schema.tables
            WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('mysql','sys','information_schema','performance_schema') ORDER BY 1, 2
            """, ct);
        var tables = new List<(string, string, IReadOnlyList<ColumnShape>, long)>();
        foreach (var row in names.Rows)
            if (wanted.Fits(row[0]!, row[1]!) && shapes(row[0]!, row[1]!) is { } columns) tables.Add((row[0]!, row[1]!, columns, long.TryParse(row[2], NumberStyles.None, CultureInfo.InvariantCulture, out var rows) ? rows : 0));
        return tables;
    }

    static byte[] SelectOf(string schema, string table, IReadOnlyList<ColumnShape> columns)
    {
        var sql = new StringBuilder("SELECT ");
        for (var i = 0; i < columns.Count; i++)
        {
            if (i > 0) sql.Append(", ");
            var name = new StringBuilder();
            RowSql.Name(name, columns[i].Name);
            sql.Append(CopiedRow.Selected(columns[i], name.ToString()));
        }
        sql.Append(" FROM ");
        RowSql.Name(sql, schema);
        sql.Append('.');
        RowSql.Name(sql, table);
        return Encoding.UTF8.GetBytes(sql.ToString());
    }

    static byte[]?[] ValuesOf(ReadOnlySpan<byte> row, int count)
    {
        var reader = new PayloadReader(row);
        var values = new byte[]?[count];
        for (var i = 0; i < count; i++) values[i] = reader.TryNull() ? null : reader.LengthEncodedBytes().ToArray();
        return values;
    }
}
