using Headwater.Wire.MySql;

namespace Headwater.Servers;

/// <summary>One result, buffered. Without columns it is the outcome of a statement that gives no rows.</summary>
public sealed class QueryResult
{
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Values as the server writes them; NULL is null.</summary>
    public IReadOnlyList<string?[]> Rows { get; init; } = [];
    public ulong AffectedRows { get; init; }
    public ulong LastInsertId { get; init; }
    public ushort Warnings { get; init; }
    public ServerStatus Status { get; init; }

    /// <summary>The commit's GTID, when the session tracks <c>last_gtid</c> and the statement committed.</summary>
    public string? LastGtid { get; init; }

    /// <summary>The first value of the first row; null when there is none.</summary>
    public string? Scalar => Rows.Count > 0 && Rows[0].Length > 0 ? Rows[0][0] : null;

    /// <summary>The value of a column, by name without regard to case; null when there is no such column or it is NULL.</summary>
    public string? Value(int row, string column)
    {
        for (var i = 0; i < Columns.Count; i++)
            if (string.Equals(Columns[i], column, StringComparison.OrdinalIgnoreCase)) return Rows[row][i];
        return null;
    }
}
