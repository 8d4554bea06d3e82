using System.Security.Cryptography;
using System.Text;
using Headwater.Core.Statements;
using Headwater.Servers;

namespace Headwater.Control;

/// <summary>
/// Reads what a statement's text does not show: views, stored functions, loadable functions, triggers. What was read is told apart by a
/// digest of its rows, so that an unchanged catalogue stays the same object and nothing classified by it is forgotten.
/// </summary>
sealed class CatalogueReader
{
    const ushort NoSuchTable = 1146, TableAccessDenied = 1142;
    byte[] _digest = [];

    /// <summary>The catalogue, or null when it is what it was.</summary>
    public async Task<Catalogue?> ReadAsync(ServerConnection connection, CancellationToken ct)
    {
        var views = await RowsAsync(connection, Catalogue.ViewsQuery, ct);
        var routines = await RowsAsync(connection, Catalogue.RoutinesQuery, ct);
        var triggers = await RowsAsync(connection, Catalogue.TriggersQuery, ct);
        IReadOnlyList<string?[]> loadable = [];
        try
        {
            loadable = await RowsAsync(connection, Catalogue.LoadableFunctionsQuery, ct);
        }
        catch (ServerException e) when (e.Code is NoSuchTable or TableAccessDenied)
        {
            // Unknown functions need the primary anyway.
        }
        var digest = DigestOf([views, routines, triggers, loadable]);
        if (digest.AsSpan().SequenceEqual(_digest)) return null;
        _digest = digest;
        return Catalogue.Build(
            views.Select(static row => new CatalogueView(row[0] ?? "", row[1] ?? "", row[2] ?? "")),
            routines.Select(static row => row[0] ?? ""),
            loadable.Select(static row => row[0] ?? ""),
            triggers.Select(static row => new CatalogueTrigger(row[0] ?? "", row[1] ?? "")));
    }

    static async Task<IReadOnlyList<string?[]>> RowsAsync(ServerConnection connection, string sql, CancellationToken ct) => (await connection.QueryAsync(sql, ct)).Rows;

    static byte[] DigestOf(IEnumerable<IReadOnlyList<string?[]>> tables)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var table in tables)
        {
            foreach (var row in table)
                foreach (var value in row)
                {
                    hash.AppendData(Encoding.UTF8.GetBytes(value ?? "\u0001"));
                    hash.AppendData([0]);
                }
            hash.AppendData([1]);
        }
        return hash.GetHashAndReset();
    }
}
