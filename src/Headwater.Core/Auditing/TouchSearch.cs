using Headwater.Core.Consumers;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Statements;

namespace Headwater.Core.Auditing;

/// <summary>
/// Whether the log has, behind the position that a read's answer stood for, anything that may have changed the answer. It goes through the transactions
/// themselves and shares nothing with <see cref="LastChanges"/>: an auditor that asked the fold would find the fold right.
/// </summary>
public sealed class TouchSearch(AuditedRead read)
{
    /// <summary>What was found first, in a sentence; null: nothing.</summary>
    public string? Found { get; private set; }

    /// <summary>Takes the next transaction, or piece of one. True once something is found, for good.</summary>
    public bool Take(Transaction piece)
    {
        if (Found is not null) return true;
        if (read.Claim.SequenceOf(piece.Gtid.Domain) >= piece.Gtid.Sequence) return false;
        if ((piece.Flags & TransactionFlags.XaCompleted) != 0) Found = $"{piece.Gtid} completes an XA transaction";
        foreach (var change in piece.Changes)
            if ((Found ??= Touches(change) is { } what ? $"{piece.Gtid} {what}" : null) is not null) return true;
        return Found is not null;
    }

    string? Touches(LoggedChange change) => change switch
    {
        LoggedRows rows => Touches(rows),
        LoggedStatement statement => StatementChange.Of(statement) == StatementChange.Kind.Nothing ? null : "has a statement, which may change anything",
        _ => "has a change whose rows are not known",
    };

    string? Touches(LoggedRows rows)
    {
        var table = TableKey.Of(rows.Table.Schema, rows.Table.Name);
        // Rows that a cascade changes are not in the log.
        foreach (var child in read.Dictionary.Cascades(table))
            if (read.Reads.Touches(child)) return $"changes {rows.Table}, from where a foreign key may carry it on";
        if (!read.Reads.Touches(table)) return null;
        if (read.Key is not { } key || read.Reads.Key is not { } lookup || lookup.Table != table) return $"changes {rows.Table}";
        for (var i = 0; i < rows.Count; i++)
            if (IsOrMayBe(rows[i].Before, lookup, key, rows.Kind == RowKind.Insert) || IsOrMayBe(rows[i].After, lookup, key, rows.Kind != RowKind.Insert))
                return $"changes that row of {rows.Table}";
        return null;
    }

    /// <param name="mayLack">The image need not have the column: where it does not, the other image tells.</param>
    static bool IsOrMayBe(in RowImage image, KeyLookup lookup, long key, bool mayLack)
    {
        if (!image.Has(lookup.Ordinal)) return !mayLack;
        var column = image.Table.Columns[lookup.Ordinal];
        if (column.Type != LoggedType.Integer || !string.Equals(column.Name, lookup.Column, StringComparison.OrdinalIgnoreCase)) return true;
        var value = image[lookup.Ordinal];
        return value.IsNull || value.ToInt64(lookup.IsUnsigned) == key;
    }
}
