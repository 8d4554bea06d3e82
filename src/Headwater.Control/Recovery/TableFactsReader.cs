using Headwater.Core.Log;
using Headwater.Core.Recovery;
using Headwater.Servers;

namespace Headwater.Control.Recovery;

/// <summary>What a server says of all its tables, read at once.</summary>
static class TableFactsReader
{
    const string Ours = "NOT IN ('information_schema','performance_schema')";

    public static async Task<TableFactsLookup> ReadAsync(ServerConnection connection, CancellationToken ct)
    {
        var transactional = new HashSet<(string, string)>();
        foreach (var row in (await connection.QueryAsync(
            $"SELECT table_schema, table_name FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine WHERE table_schema {Ours} AND e.transactions = 'YES'", ct)).Rows)
            transactional.Add((row[0]!, row[1]!));
        var triggers = new HashSet<(string, string)>();
        foreach (var row in (await connection.QueryAsync("SELECT DISTINCT event_object_schema, event_object_table FROM information_schema.triggers", ct)).Rows) triggers.Add((row[0]!, row[1]!));
        var cascades = new HashSet<(string, string)>();
        foreach (var row in (await connection.QueryAsync(
            "SELECT DISTINCT unique_constraint_schema, referenced_table_name FROM information_schema.referential_constraints WHERE delete_rule NOT IN ('RESTRICT','NO ACTION') OR update_rule NOT IN ('RESTRICT','NO ACTION')", ct)).Rows)
            cascades.Add((row[0]!, row[1]!));
        var tables = new Dictionary<(string, string), TableFacts>();
        var rows = (await connection.QueryAsync($"""
            SELECT table_schema, table_name, column_name, column_type, character_set_name, column_key, is_generated
            FROM information_schema.columns WHERE table_schema {Ours} ORDER BY table_schema, table_name, ordinal_position
            """, ct)).Rows;
        var columns = new List<ColumnShape>();
        var generated = new List<bool>();
        for (var i = 0; i < rows.Count; i++)
        {
            columns.Add(new ColumnShape(rows[i][2]!, rows[i][3]!, rows[i][4], rows[i][5] == "PRI"));
            generated.Add(rows[i][6] == "ALWAYS");
            if (i + 1 < rows.Count && rows[i + 1][0] == rows[i][0] && rows[i + 1][1] == rows[i][1]) continue;
            var name = (rows[i][0]!, rows[i][1]!);
            tables[name] = new TableFacts
            {
                Columns = columns.ToArray(),
                Generated = generated.ToArray(),
                Transactional = transactional.Contains(name),
                HasTriggers = triggers.Contains(name),
                Cascades = cascades.Contains(name),
            };
            columns.Clear();
            generated.Clear();
        }
        return (schema, table) => tables.GetValueOrDefault((schema, table));
    }

    public static TableLookup Shapes(this TableFactsLookup facts) => (schema, table) => facts(schema, table)?.Columns;
}
