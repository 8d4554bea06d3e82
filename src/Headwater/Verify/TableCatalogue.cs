using System.Collections.Immutable;
using System.Globalization;
using Headwater.Core.Verify;
using Headwater.Servers;

namespace Headwater.Verify;

/// <summary>Which tables there are and how they are declared.</summary>
static class TableCatalogue
{
    const string Users = "table_schema NOT IN ('information_schema','performance_schema','mysql','sys')";

    /// <summary>Tables and what else bears a table's name (views, sequences), which are not compared.</summary>
    public static async Task<(List<VerifiedTable> Tables, List<TableName> Others)> ReadAsync(VerifiedServer server, Func<TableName, bool> wanted, CancellationToken ct)
    {
        var columns = (await server.QueryAsync($"""
            SELECT table_schema, table_name, column_name, column_type, data_type, character_set_name, is_nullable, extra, collation_name
            FROM information_schema.columns WHERE {Users} ORDER BY table_schema, table_name, ordinal_position
            """, ct)).Rows.ToLookup(static row => new TableName(row[0]!, row[1]!),
            static row => VerifiedColumn.Of(row[2]!, row[3]!, row[4]!.ToLowerInvariant(), row[5], row[8], row[6] == "YES", row[7] ?? ""));
        var keys = (await server.QueryAsync($"""
            SELECT table_schema, table_name, index_name, column_name, sub_part, nullable
            FROM information_schema.statistics WHERE {Users} AND non_unique=0 AND index_type='BTREE' ORDER BY table_schema, table_name, index_name<>'PRIMARY', index_name, seq_in_index
            """, ct)).Rows.ToLookup(static row => new TableName(row[0]!, row[1]!));
        var tables = new List<VerifiedTable>();
        var others = new List<TableName>();
        foreach (var row in (await server.QueryAsync($"SELECT table_schema, table_name, table_type, engine, table_rows FROM information_schema.tables WHERE {Users} ORDER BY 1, 2", ct)).Rows)
        {
            var name = new TableName(row[0]!, row[1]!);
            if (!wanted(name)) continue;
            if (row[2] is not ("BASE TABLE" or "SYSTEM VERSIONED"))
            {
                others.Add(name);
                continue;
            }
            ImmutableArray<VerifiedColumn> all = [.. columns[name]];
            // A key of a text's first letters does not tell rows apart by itself, and one with NULLs not at all.
            var key = keys[name].GroupBy(static part => part[2]!).FirstOrDefault(static index => index.All(static part => part[4] is null && part[5] != "YES"));
            tables.Add(new VerifiedTable(name, all, key is null ? [] : [.. key.Select(part => all.First(column => column.Name == part[3]))], key?.Key ?? "",
                string.Equals(row[3], "InnoDB", StringComparison.OrdinalIgnoreCase), long.TryParse(row[4], NumberStyles.None, CultureInfo.InvariantCulture, out var rows) ? rows : 0));
        }
        return (tables, others);
    }

    /// <summary>Names of the tables only.</summary>
    public static async Task<HashSet<TableName>> NamesAsync(VerifiedServer server, CancellationToken ct) =>
        [.. (await server.QueryAsync($"SELECT table_schema, table_name FROM information_schema.tables WHERE {Users} AND table_type IN ('BASE TABLE','SYSTEM VERSIONED')", ct)).Rows.Select(static row => new TableName(row[0]!, row[1]!))];

    /// <summary>SHOW CREATE TABLE; null when there is no such table.</summary>
    public static async Task<string?> DeclarationAsync(VerifiedServer server, TableName table, CancellationToken ct)
    {
        const ushort NoSuchTable = 1146, UnknownDatabase = 1049;
        try
        {
            return (await server.QueryAsync($"SHOW CREATE TABLE {table.Quoted}", ct)).Rows[0][1];
        }
        catch (ServerException missing) when (missing.Code is NoSuchTable or UnknownDatabase)
        {
            return null;
        }
    }
}
