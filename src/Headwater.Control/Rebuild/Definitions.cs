using System.Globalization;
using System.Text;
using Headwater.Core.Rebuild;
using Headwater.Core.Verify;
using Headwater.Servers;

namespace Headwater.Control.Rebuild;

/// <summary>All that users have made on a server but the rows: read whole, as text of the server's own.</summary>
sealed record Definitions(IReadOnlyList<Definition> All, IReadOnlyList<CopiedTable> Tables)
{
    const string System = "('information_schema','performance_schema','mysql','sys')";

    /// <summary>Engines whose rows are not theirs, or that keep none.</summary>
    static readonly HashSet<string> _elsewhere = new(StringComparer.OrdinalIgnoreCase) { "MRG_MyISAM", "MERGE", "BLACKHOLE", "FEDERATED", "SPIDER", "CONNECT", "S3" };

    public bool SaysTheSameAs(Definitions other) => All.Count == other.All.Count && All.Zip(other.All).All(static pair => pair.First.Fingerprint == pair.Second.Fingerprint);

    public static async Task<Definitions> ReadAsync(ServerConnection connection, CancellationToken ct)
    {
        // Of the schema that a session is in, a view's text does not give the name.
        await connection.QueryMultiAsync("USE information_schema; SET NAMES utf8mb4, sql_mode='', sql_quote_show_create=1, time_zone='+00:00', max_statement_time=0", ct);
        var all = new List<Definition>();
        foreach (var row in (await connection.QueryAsync($"SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN {System} ORDER BY 1", ct)).Rows)
            all.Add(new Definition(DefinitionKind.Schema, new TableName(row[0]!, ""), (await RowAsync(connection, $"SHOW CREATE DATABASE {TableName.Quote(row[0]!)}", ct))[1]!));
        var (columns, numbered) = await ColumnsAsync(connection, ct);
        var tables = new List<CopiedTable>();
        foreach (var row in (await connection.QueryAsync($"SELECT table_schema, table_name, table_type, engine, table_rows, data_length, row_format FROM information_schema.tables WHERE table_schema NOT IN {System} ORDER BY 1, 2", ct)).Rows)
        {
            var name = new TableName(row[0]!, row[1]!);
            switch (row[2])
            {
                case "VIEW":
                    await connection.QueryAsync("SET character_set_results=NULL", ct);
                    var view = await RowAsync(connection, $"SHOW CREATE VIEW {name.Quoted}", ct);
                    await connection.QueryAsync("SET character_set_results=utf8mb4", ct);
                    all.Add(new Definition(DefinitionKind.View, name, view[1]!) { Charset = Ascii(view[2]), Collation = Ascii(view[3]) });
                    break;
                case "SEQUENCE":
                    var at = (await connection.QueryAsync($"SELECT next_not_cached_value, cycle_count FROM {name.Quoted}", ct)).Rows[0];
                    all.Add(new Definition(DefinitionKind.Sequence, name, (await RowAsync(connection, $"SHOW CREATE SEQUENCE {name.Quoted}", ct))[1]!) { State = $"{at[0]}, 0, {at[1]}" });
                    break;
                case "BASE TABLE" or "SYSTEM VERSIONED":
                    all.Add(new Definition(DefinitionKind.Table, name, (await RowAsync(connection, $"SHOW CREATE TABLE {name.Quoted}", ct))[1]!));
                    if (_elsewhere.Contains(row[3] ?? "")) break;
                    var versioned = row[2] == "SYSTEM VERSIONED";
                    List<VerifiedColumn> copied = [.. columns[name]];
                    if (versioned && !copied.Any(static column => column.IsGenerated))
                        copied.AddRange(new[] { "row_start", "row_end" }.Select(static column => VerifiedColumn.Of(column, "timestamp(6)", "timestamp", null, null, false, "")));
                    tables.Add(new CopiedTable(name, [.. copied], versioned, string.Equals(row[3], "InnoDB", StringComparison.OrdinalIgnoreCase), row[3] ?? "", Number(row[4]), Number(row[5])) { Numbered = numbered[name].FirstOrDefault() });
                    break;
            }
        }
        await connection.QueryAsync("SET character_set_results=NULL", ct);
        foreach (var row in (await connection.QueryAsync($"SELECT routine_schema, routine_name, routine_type FROM information_schema.routines WHERE routine_schema NOT IN {System} ORDER BY 1, routine_type='PACKAGE BODY', 3, 2", ct)).Rows)
            all.Add(Program(DefinitionKind.Routine, new TableName(row[0]!, row[1]!), await RowAsync(connection, $"SHOW CREATE {row[2]} {new TableName(row[0]!, row[1]!).Quoted}", ct), 1, 2, 3));
        foreach (var row in (await connection.QueryAsync($"SELECT trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema NOT IN {System} ORDER BY 1, event_object_table, action_timing, event_manipulation, action_order", ct)).Rows)
            all.Add(Program(DefinitionKind.Trigger, new TableName(row[0]!, row[1]!), await RowAsync(connection, $"SHOW CREATE TRIGGER {new TableName(row[0]!, row[1]!).Quoted}", ct), 1, 2, 3));
        foreach (var row in (await connection.QueryAsync($"SELECT event_schema, event_name FROM information_schema.events WHERE event_schema NOT IN {System} ORDER BY 1, 2", ct)).Rows)
        {
            var said = await RowAsync(connection, $"SHOW CREATE EVENT {new TableName(row[0]!, row[1]!).Quoted}", ct);
            all.Add(Program(DefinitionKind.Event, new TableName(row[0]!, row[1]!), said, 1, 3, 4) with { TimeZone = Ascii(said[2]) });
        }
        return new Definitions([.. all.OrderBy(static definition => definition.Kind)], tables);
    }

    static Definition Program(DefinitionKind kind, TableName name, byte[]?[] row, int mode, int create, int charset) =>
        new(kind, name, row[create] ?? throw new InvalidOperationException($"the account may not read {kind.ToString().ToLowerInvariant()} {name}"))
        {
            SqlMode = Ascii(row[mode]),
            Charset = Ascii(row[charset]),
            Collation = Ascii(row[charset + 1]),
            SchemaCollation = Ascii(row[charset + 2]),
        };

    static async Task<(ILookup<TableName, VerifiedColumn> Columns, ILookup<TableName, string> Numbered)> ColumnsAsync(ServerConnection connection, CancellationToken ct)
    {
        var rows = (await connection.QueryAsync($"""
            SELECT table_schema, table_name, column_name, column_type, data_type, character_set_name, is_nullable, extra, collation_name, generation_expression
            FROM information_schema.columns WHERE table_schema NOT IN {System} ORDER BY table_schema, table_name, ordinal_position
            """, ct)).Rows;
        // Generated ones are computed again; where a version begins and ends is a value, though it is called generated.
        return (rows.Where(static row => !row[7]!.Contains("GENERATED", StringComparison.OrdinalIgnoreCase) || row[9] is "ROW START" or "ROW END")
                .ToLookup(static row => new TableName(row[0]!, row[1]!), static row => VerifiedColumn.Of(row[2]!, row[3]!, row[4]!.ToLowerInvariant(), row[5], row[8], row[6] == "YES", row[7] ?? "")),
            rows.Where(static row => row[7]!.Contains("auto_increment", StringComparison.OrdinalIgnoreCase)).ToLookup(static row => new TableName(row[0]!, row[1]!), static row => row[2]!));
    }

    static async Task<byte[]?[]> RowAsync(ServerConnection connection, string sql, CancellationToken ct) =>
        (await (await connection.ReadAsync(Encoding.UTF8.GetBytes(sql), ct)).ToListAsync(ct)) is [var row, ..] ? row : throw new InvalidOperationException($"{sql} has no answer");

    static string Ascii(byte[]? text) => text is null ? "" : Encoding.ASCII.GetString(text);

    static long Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
