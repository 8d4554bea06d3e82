using Headwater.Core.Log;

namespace Headwater.Core.Recovery;

/// <summary>Why a transaction can neither be applied elsewhere nor undone by its row images. What has no other form than its text is never guessed at.</summary>
public static class Obstacle
{
    /// <summary>The reason, or null when it is rows with whole images, of tables that are there and as they were.</summary>
    public static string? Of(Transaction transaction, TableFactsLookup tables)
    {
        if (transaction.Xa is not null || transaction.End == TransactionEnd.XaPrepare) return "it is a part of an XA transaction, whose outcome its own coordinator knows";
        if (transaction.End == TransactionEnd.Rollback) return "it was rolled back after it had changed tables that cannot be";
        foreach (var change in transaction.Changes)
            switch (change)
            {
                case LoggedStatement statement when statement.Kind == StatementKind.Definition: return $"it is a definition: {Shortened(statement.ToString())}";
                case LoggedStatement statement: return $"it was logged as a statement, whose effect depends on what the tables hold: {Shortened(statement.ToString())}";
                case LoggedOther other: return $"it has {other.What}";
                case LoggedRows rows when OfRows(rows, tables) is { } why: return why;
            }
        return null;
    }

    static string? OfRows(LoggedRows rows, TableFactsLookup tables)
    {
        var table = rows.Table;
        if (tables(table.Schema, table.Name) is not { } facts) return $"there is no table {table}";
        if (facts.WhyNot(table) is { } shape) return shape;
        if (!facts.Transactional) return $"{table} cannot roll back";
        if (facts.HasTriggers) return $"{table} has triggers, which would run a second time";
        if (facts.Cascades && rows.Kind != RowKind.Insert) return $"rows of other tables are deleted or changed with those of {table} (foreign keys with ON DELETE or ON UPDATE actions), and the log does not name them";
        var all = table.Columns.Count;
        return rows.Kind != RowKind.Insert && rows.Before.Count != all || rows.Kind != RowKind.Delete && rows.After.Count != all
            ? $"its images of {table} are not whole (binlog_row_image is not FULL)" : null;
    }

    static string Shortened(string text) => text.Length <= 200 ? text : string.Concat(text.AsSpan(0, 200), "…");
}
