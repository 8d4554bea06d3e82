using System.Globalization;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Servers;

namespace Headwater.Control;

/// <summary>
/// Reads what the classifier must know of views, routines, triggers and tables, and tells cheaply whether it may have changed: the server counts the
/// statements that change it, when they begin.
///
/// Four queries for the tables, however many there are, of which none opens one: 0.5 s for 4,000 tables, growing with their number.
/// An account without PROCESS has the server open all tables to tell the foreign keys, which adds as much again.
/// </summary>
static class CatalogueReader
{
    const string ChangesQuery =
        "SHOW GLOBAL STATUS WHERE Variable_name REGEXP '^Com_(create|alter|drop)_(view|function|procedure|trigger|package|package_body|db|udf|table|index|sequence)$' OR Variable_name IN ('Com_rename_table', 'Com_install_plugin')";

    public static async Task<string> ChangesAsync(ServerConnection connection, CancellationToken ct) =>
        string.Join(',', (await connection.QueryAsync(ChangesQuery, ct)).Rows.Select(static row => row[1]));

    /// <summary>Reads it between two looks at what is logged.</summary>
    public static async Task<CatalogueReading> ReadAsync(ServerConnection connection, CancellationToken ct)
    {
        var from = await LoggedAsync(connection, ct);
        var catalogue = await ReadCatalogueAsync(connection, ct);
        return new CatalogueReading(catalogue, from, await LoggedAsync(connection, ct));
    }

    // A definition is done before it is logged, so what was logged when the look began is in what it finds.
    static async Task<Position> LoggedAsync(ServerConnection connection, CancellationToken ct) =>
        Position.TryParse((await connection.QueryAsync("SELECT @@global.gtid_binlog_pos", ct)).Rows[0][0] ?? "", out var position) ? position : Position.Empty;

    static async Task<Catalogue> ReadCatalogueAsync(ServerConnection connection, CancellationToken ct)
    {
        var views = await connection.QueryAsync(Catalogue.ViewsQuery, ct);
        var routines = await connection.QueryAsync(Catalogue.RoutinesQuery, ct);
        var triggers = await connection.QueryAsync(Catalogue.TriggersQuery, ct);
        var bodies = await connection.QueryAsync(Catalogue.BodiesQuery, ct);
        var tables = await TablesAsync(connection, ct);
        return Catalogue.Build(
            views.Rows.Select(static row => new CatalogueView(row[0] ?? "", row[1] ?? "", row[2] ?? "")), Names(routines), await LoadableAsync(connection, ct),
            triggers.Rows.Select(static row => new CatalogueTrigger(row[0] ?? "", row[1] ?? "")),
            bodies.Rows.Select(static row => new CatalogueRoutine(row[0] ?? "", row[1] ?? "")), tables);
    }

    static async Task<DictionaryRows> TablesAsync(ServerConnection connection, CancellationToken ct)
    {
        var tables = await connection.QueryAsync(DictionaryRows.TablesQuery, ct);
        var columns = await connection.QueryAsync(DictionaryRows.ColumnsQuery, ct);
        var keys = await connection.QueryAsync(DictionaryRows.KeysQuery, ct);
        var foreign = await ForeignKeysAsync(connection, ct);
        return new DictionaryRows
        {
            Tables = [.. tables.Rows.Select(static row => new CatalogueTable(row[0]!, row[1]!, row[2] ?? "", row[3] ?? ""))],
            Columns = [.. columns.Rows.Select(static row => new CatalogueColumn(row[0]!, row[1]!, row[2]!, int.Parse(row[3]!, CultureInfo.InvariantCulture), row[4] ?? "", row[5] ?? ""))],
            Keys = [.. keys.Rows.Select(static row => new CatalogueKey(row[0]!, row[1]!, row[2]!, int.Parse(row[3]!, CultureInfo.InvariantCulture)))],
            ForeignKeys = [.. foreign.Rows.Select(static row => new CatalogueForeignKey(row[0]!, row[1]!, row[2]!, row[3]!, row[4]!, row[5]!))],
        };
    }

    static async Task<QueryResult> ForeignKeysAsync(ServerConnection connection, CancellationToken ct)
    {
        try
        {
            return await connection.QueryAsync(DictionaryRows.CascadesQuery, ct);
        }
        catch (ServerException)
        {
            return await connection.QueryAsync(DictionaryRows.ForeignKeysQuery, ct);
        }
    }

    // Loadable functions that the monitor may not list are unknown functions to the classifier, and so are no plain reads either.
    static async Task<IEnumerable<string>> LoadableAsync(ServerConnection connection, CancellationToken ct)
    {
        try
        {
            return Names(await connection.QueryAsync(Catalogue.LoadableFunctionsQuery, ct));
        }
        catch (ServerException)
        {
            return [];
        }
    }

    static IEnumerable<string> Names(QueryResult result) => result.Rows.Select(static row => row[0] ?? "");
}
