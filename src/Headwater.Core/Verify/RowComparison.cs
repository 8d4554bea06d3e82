using System.Collections.Immutable;

namespace Headwater.Core.Verify;

public enum RowDifferenceKind : byte
{
    /// <summary>The primary has it, the replica does not.</summary>
    Missing,

    /// <summary>The replica has it, the primary does not.</summary>
    Extra,
    Changed,
}

/// <summary>A row that is not the same on both.</summary>
/// <param name="Key">As <see cref="VerifiedColumn.ForReading"/> gives it; for a table without a key the row's hash.</param>
public sealed record RowDifference(RowDifferenceKind Kind, ImmutableArray<string?> Key);

/// <summary>Which rows differ, from the keys and hashes of both sides.</summary>
public static class RowComparison
{
    /// <summary>Rows as <see cref="ChunkSql.Rows"/> gives them: the key's values and then the hash.</summary>
    public static ImmutableArray<RowDifference> Compare(IEnumerable<string?[]> primary, IEnumerable<string?[]> replica, bool hasKey)
    {
        var found = ImmutableArray.CreateBuilder<RowDifference>();
        // Without a key rows may be there several times, and what counts is how often.
        var left = new Dictionary<string, List<string?[]>>(StringComparer.Ordinal);
        foreach (var row in replica)
        {
            var key = KeyOf(row, hasKey);
            if (!left.TryGetValue(key, out var rows)) left[key] = rows = [];
            rows.Add(row);
        }
        foreach (var row in primary)
        {
            if (!left.TryGetValue(KeyOf(row, hasKey), out var rows) || rows.Count == 0)
            {
                found.Add(new RowDifference(RowDifferenceKind.Missing, Values(row, hasKey)));
                continue;
            }
            if (rows[^1][^1] != row[^1]) found.Add(new RowDifference(RowDifferenceKind.Changed, Values(row, hasKey)));
            rows.RemoveAt(rows.Count - 1);
        }
        foreach (var row in left.Values.SelectMany(static rows => rows)) found.Add(new RowDifference(RowDifferenceKind.Extra, Values(row, hasKey)));
        return found.ToImmutable();
    }

    static ImmutableArray<string?> Values(string?[] row, bool hasKey) => [.. hasKey ? row[..^1] : row];

    // Keys hold no control characters as they are read.
    static string KeyOf(string?[] row, bool hasKey) => hasKey ? string.Join('\u0001', row[..^1]) : row[^1] ?? "";
}
