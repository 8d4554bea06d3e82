using Headwater.Core.Statements;
using Headwater.Servers;

namespace Headwater.Control;

/// <summary>
/// Reads what the classifier must know of views, routines and triggers, and tells cheaply whether it may have changed: the server counts the
/// statements that change it.
/// </summary>
static class CatalogueReader
{
    const string ChangesQuery =
        "SHOW GLOBAL STATUS WHERE Variable_name REGEXP '^Com_(create|alter|drop)_(view|function|procedure|trigger|package|package_body|db|udf)$' OR Variable_name IN ('Com_rename_table', 'Com_drop_table', 'Com_install_plugin')";

    public static async Task<string> ChangesAsync(ServerConnection connection, CancellationToken ct) =>
        string.Join(',', (await connection.QueryAsync(ChangesQuery, ct)).Rows.Select(static row => row[1]));

    public static async Task<Catalogue> ReadAsync(ServerConnection connection, CancellationToken ct)
    {
        var views = await connection.QueryAsync(Catalogue.ViewsQuery, ct);
        var routines = await connection.QueryAsync(Catalogue.RoutinesQuery, ct);
        var triggers = await connection.QueryAsync(Catalogue.TriggersQuery, ct);
        var bodies = await connection.QueryAsync(Catalogue.BodiesQuery, ct);
        return Catalogue.Build(
            views.Rows.Select(static row => new CatalogueView(row[0] ?? "", row[1] ?? "", row[2] ?? "")), Names(routines), await LoadableAsync(connection, ct),
            triggers.Rows.Select(static row => new CatalogueTrigger(row[0] ?? "", row[1] ?? "")),
            bodies.Rows.Select(static row => new CatalogueRoutine(row[0] ?? "", row[1] ?? "")));
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
