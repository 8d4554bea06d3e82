using System.Collections.Immutable;

namespace Headwater.Core.Verify;

/// <summary>A column whose values differ, as people read them. Of a long text the part around the first difference.</summary>
public sealed record ColumnDifference(string Column, string Primary, string Replica);

/// <summary>What makes a replica's row that of the primary, as one statement, from both sides' values.</summary>
public static class Mending
{
    const int Window = 60;

    /// <summary>Null where a row's values are not known.</summary>
    /// <param name="primary">All values of the table's columns; null when the primary has no such row.</param>
    public static string? Statement(VerifiedTable table, RowDifference difference, IReadOnlyList<string?>? primary, IReadOnlyList<string?>? replica)
    {
        var written = Enumerable.Range(0, table.Columns.Length).Where(i => !table.Columns[i].IsGenerated).ToList();
        switch (difference.Kind)
        {
            case RowDifferenceKind.Missing when primary is not null:
                return $"INSERT INTO {table.Name.Quoted} ({string.Join(", ", written.Select(i => table.Columns[i].Quoted))}) VALUES ({string.Join(", ", written.Select(i => table.Columns[i].Literal(primary[i])))})";
            case RowDifferenceKind.Extra when table.HasKey:
                return $"DELETE FROM {table.Name.Quoted} WHERE {KeyRange.WhereKey(table.Key, difference.Key)} LIMIT 1";
            case RowDifferenceKind.Extra when replica is not null:
                return $"DELETE FROM {table.Name.Quoted} WHERE {string.Join(" AND ", written.Select(i => table.Columns[i].IsExactly(replica[i])))} LIMIT 1";
            case RowDifferenceKind.Changed when primary is not null && replica is not null:
                var changed = written.Where(i => primary[i] != replica[i]).Select(i => $"{table.Columns[i].Quoted}={table.Columns[i].Literal(primary[i])}").ToList();
                return changed.Count == 0 ? null : $"UPDATE {table.Name.Quoted} SET {string.Join(", ", changed)} WHERE {KeyRange.WhereKey(table.Key, difference.Key)} LIMIT 1";
            default:
                return null;
        }
    }

    /// <summary>How people find the row: its key, or all of it.</summary>
    public static string Name(VerifiedTable table, RowDifference difference, IReadOnlyList<string?>? values)
    {
        if (table.HasKey) return string.Join(", ", table.Key.Select((column, i) => $"{column.Name} = {column.Show(difference.Key[i])}"));
        return values is null ? $"a row with the hash {difference.Key[0]}" : string.Join(", ", table.Columns.Select((column, i) => $"{column.Name} = {Short(column.Show(values[i]))}"));
    }

    static string Short(string text) => text.Length <= Window ? text : text[..Window] + "…";

    /// <summary>Deletes first: what is in the way of an insert goes before it.</summary>
    public static IEnumerable<T> InOrder<T>(IEnumerable<T> rows, Func<T, RowDifferenceKind> kind) =>
        rows.OrderBy(row => kind(row) switch { RowDifferenceKind.Extra => 0, RowDifferenceKind.Changed => 1, _ => 2 });

    public static ImmutableArray<ColumnDifference> Columns(VerifiedTable table, IReadOnlyList<string?>? primary, IReadOnlyList<string?>? replica)
    {
        if (primary is null || replica is null) return [];
        var found = ImmutableArray.CreateBuilder<ColumnDifference>();
        for (var i = 0; i < table.Columns.Length; i++)
        {
            if (primary[i] == replica[i]) continue;
            var (a, b) = AroundDifference(table.Columns[i].Show(primary[i]), table.Columns[i].Show(replica[i]));
            found.Add(new ColumnDifference(table.Columns[i].Name, a, b));
        }
        return found.ToImmutable();
    }

    /// <summary>The same window of two texts, around the first place where they differ.</summary>
    public static (string, string) AroundDifference(string a, string b)
    {
        if (a.Length <= Window && b.Length <= Window) return (a, b);
        var at = 0;
        while (at < a.Length && at < b.Length && a[at] == b[at]) at++;
        var from = Math.Max(0, at - Window / 3);
        string Cut(string text) => (from > 0 ? "…" : "") + text[Math.Min(from, text.Length)..Math.Min(text.Length, from + Window)] + (from + Window < text.Length ? "…" : "");
        return (Cut(a), Cut(b));
    }
}
