using Headwater.Core.Log;

namespace Headwater.Servers;

/// <summary>What a server knows of all its tables' columns, for reading logs that do not say it (binlog_row_metadata other than FULL).</summary>
public static class TableShapes
{
    /// <summary>As the tables are now: of a table that was altered since, the log's older rows may be read wrongly.</summary>
    public static async Task<TableLookup> ReadAsync(ServerConnection connection, CancellationToken ct)
    {
        var tables = new Dictionary<(string, string), IReadOnlyList<ColumnShape>>();
        var rows = (await connection.QueryAsync("""
            SELECT table_schema, table_name, column_name, column_type, character_set_name, column_key
            FROM information_schema.columns WHERE table_schema NOT IN ('information_schema','performance_schema') ORDER BY table_schema, table_name, ordinal_position
            """, ct)).Rows;
        var columns = new List<ColumnShape>();
        for (var i = 0; i < rows.Count; i++)
        {
            columns.Add(new ColumnShape(rows[i][2]!, rows[i][3]!, rows[i][4], rows[i][5] == "PRI"));
            if (i + 1 < rows.Count && rows[i + 1][0] == rows[i][0] && rows[i + 1][1] == rows[i][1]) continue;
            tables[(rows[i][0]!, rows[i][1]!)] = columns.ToArray();
            columns.Clear();
        }
        return (schema, table) => tables.GetValueOrDefault((schema, table));
    }
}
