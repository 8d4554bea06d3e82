using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Headwater.Core.Log;

namespace Headwater.Core.Conflicts;

/// <summary>Two servers changed one row, and neither knew of the other's change.</summary>
/// <param name="Transaction">Whose change came second to <paramref name="Server"/>.</param>
/// <param name="Seconds">Since 1970 UTC, when that transaction's commit began where it was written.</param>
/// <param name="Writer">Where it was written.</param>
/// <param name="Server">Where it met another row than it had been written for.</param>
/// <param name="Kind">overwritten: the row here was replaced; deleted: it was taken away; stopped: replication stands still before it; different: the two changed different rows.</param>
/// <param name="There">The row as the writer had it before; empty: it had none.</param>
/// <param name="Here">The row as it was on <paramref name="Server"/>; empty: there was none.</param>
/// <param name="Became">What the transaction makes of it; empty: none.</param>
public sealed record RowConflict(string Transaction, uint Seconds, string Writer, string Server, string Table, string Kind, string There, string Here, string Became)
{
    /// <summary>
    /// What a replicated transaction replaced, compared with what it had been written to replace. A server that applies rows finds them by key and takes whatever else they hold for granted,
    /// but logs the row that it found: so the two logs differ in the image before the change wherever something was overwritten, and nowhere else.
    /// </summary>
    /// <param name="wrote">From the log of the server that wrote it.</param>
    /// <param name="applied">The same transaction from the log of one that replicated it.</param>
    public static ImmutableArray<RowConflict> Between(Transaction wrote, Transaction applied, string writer, string server)
    {
        if (wrote.Gtid != applied.Gtid) throw new ArgumentException($"{applied.Gtid} is not {wrote.Gtid}.", nameof(applied));
        if (wrote.Checksum == applied.Checksum) return [];
        var (there, here) = (Rows(wrote), Rows(applied));
        var found = ImmutableArray.CreateBuilder<RowConflict>();
        for (var i = 0; i < Math.Max(there.Count, here.Count); i++)
        {
            if (i >= there.Count || i >= here.Count || there[i].Rows.Kind != here[i].Rows.Kind || there[i].Rows.Table.ToString() != here[i].Rows.Table.ToString())
            {
                var row = i < there.Count ? there[i] : here[i];
                found.Add(Of("different", row, i < there.Count ? Text(row.Before) : "", i < there.Count ? "" : Text(row.Before)));
                break; // from here on nobody can say which belongs to which
            }
            var (one, other) = (there[i], here[i]);
            if (!Same(one.Before, other.Before)) found.Add(Of(one.Rows.Kind == RowKind.Delete ? "deleted" : "overwritten", one, Text(one.Before), Text(other.Before)));
        }
        return found.ToImmutable();

        RowConflict Of(string kind, LoggedRow row, string before, string met) =>
            new(wrote.Gtid.ToString(), wrote.Seconds, writer, server, row.Rows.Table.ToString(), kind, before, met, row.Rows.Kind == RowKind.Delete ? "" : Text(row.After));
    }

    /// <summary>Why a transaction says too little of its rows to be compared; null when it says enough.</summary>
    public static string? WhyNot(Transaction transaction)
    {
        if (transaction.Changes.Any(static change => change is LoggedStatement { Kind: StatementKind.Change } or LoggedOther)) return "logged as a statement (binlog_format is not ROW)";
        return transaction.Changes.OfType<LoggedRows>().Any(static rows => rows.Kind != RowKind.Insert && rows.Table.Columns.Any(column => !rows.Before.Has(column.Ordinal)))
            ? "logged without the whole row as it was (binlog_row_image is not FULL)" : null;
    }

    public static IReadOnlyList<LoggedRow> Rows(Transaction transaction) =>
        [.. transaction.Changes.OfType<LoggedRows>().SelectMany(static rows => Enumerable.Range(0, rows.Count).Select(index => rows[index]))];

    static bool Same(RowImage one, RowImage other)
    {
        foreach (var column in one.Table.Columns)
            if (one.Has(column.Ordinal) && other.Has(column.Ordinal) && one[column.Ordinal] != other[column.Ordinal]) return false;
        return true;
    }

    /// <summary>Text of any character set whose bytes are those of UTF-8, as ASCII's are; null where a person could not read it.</summary>
    static string? Readable(ColumnValue value) =>
        !value.IsNull && value.Column is { Type: LoggedType.Text or LoggedType.FixedText, Charset: not (null or "binary") } && value.ToText() is { } text && Utf8.IsValid(text) && !text.AsSpan().ContainsAnyInRange((byte)0, (byte)31)
            ? Encoding.UTF8.GetString(text) : null;

    /// <summary>As people read it: <c>id=7, name='Ann'</c>.</summary>
    public static string Text(RowImage image)
    {
        var text = new StringBuilder();
        foreach (var column in image.Table.Columns)
        {
            if (!image.Has(column.Ordinal)) continue;
            if (text.Length > 0) text.Append(", ");
            text.Append(column.Name ?? string.Create(CultureInfo.InvariantCulture, $"@{column.Ordinal + 1}")).Append('=');
            var value = image[column.Ordinal];
            if (column is { Type: LoggedType.Integer, IsUnsigned: null }) text.Append("X'").Append(Convert.ToHexString(value.Raw)).Append('\'');
            else if (Readable(value) is { } readable) text.Append('\'').Append(readable.Replace("'", "''", StringComparison.Ordinal)).Append('\'');
            else value.AppendSqlLiteral(text);
        }
        return text.ToString();
    }
}

/// <summary>What a search for conflicts came to.</summary>
/// <param name="Compared">Transactions of which both logs were read.</param>
/// <param name="Troubles">What could not be compared, a sentence each.</param>
public sealed record ConflictReport(long Compared, ImmutableArray<RowConflict> Conflicts, ImmutableArray<string> Troubles);
