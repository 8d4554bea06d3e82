using System.Collections.Immutable;
using System.Text;

namespace Headwater.Core.Verify;

/// <summary>
/// The rows whose keys are above one and not above another. The first range of a table has no lower end and its last no upper one, so that
/// no row, on whatever server, falls between two ranges. Ends are as <see cref="VerifiedColumn.ForReading"/> gives them.
/// </summary>
public sealed record KeyRange(ImmutableArray<string?>? After, ImmutableArray<string?>? UpTo)
{
    public static readonly KeyRange All = new(null, null);

    /// <summary>What is left behind a boundary.</summary>
    public KeyRange Behind(ImmutableArray<string?> boundary) => this with { After = boundary };

    public KeyRange Until(ImmutableArray<string?>? boundary) => boundary is null ? this : this with { UpTo = boundary };

    /// <summary>
    /// As a condition. Written out column by column, for MariaDB does not use an index for <c>(a, b) &gt; (1, 2)</c>.
    /// </summary>
    public string Where(ImmutableArray<VerifiedColumn> key)
    {
        var sql = new StringBuilder();
        if (After is { } after) Compare(sql, key, after, ">", orEqual: false);
        if (UpTo is { } upTo)
        {
            if (sql.Length > 0) sql.Append(" AND ");
            Compare(sql, key, upTo, "<", orEqual: true);
        }
        return sql.Length == 0 ? "" : $" WHERE {sql}";
    }

    public static string WhereKey(ImmutableArray<VerifiedColumn> key, ImmutableArray<string?> values) =>
        string.Join(" AND ", key.Select((column, i) => $"{column.Quoted}={column.Literal(values[i])}"));

    // a > 1 OR (a = 1 AND (b > 2 OR (b = 2 AND c > 3)))
    static void Compare(StringBuilder sql, ImmutableArray<VerifiedColumn> key, ImmutableArray<string?> values, string direction, bool orEqual)
    {
        for (var i = 0; i < key.Length; i++)
        {
            var (name, literal, last) = (key[i].Quoted, key[i].Literal(values[i]), i == key.Length - 1);
            sql.Append('(').Append(name).Append(direction).Append(last && orEqual ? "=" : "").Append(literal);
            if (!last) sql.Append(" OR (").Append(name).Append('=').Append(literal).Append(" AND ");
        }
        sql.Append(')');
        for (var i = 0; i < key.Length - 1; i++) sql.Append("))");
    }

    /// <summary>For people.</summary>
    public string Show(ImmutableArray<VerifiedColumn> key)
    {
        string Key(ImmutableArray<string?> values) => string.Join(", ", key.Select((column, i) => column.Show(values[i])));
        return (After, UpTo) switch
        {
            (null, null) => "all rows",
            (null, { } to) => $"rows up to {Key(to)}",
            ({ } from, null) => $"rows above {Key(from)}",
            ({ } from, { } to) => $"rows above {Key(from)} up to {Key(to)}",
        };
    }
}
