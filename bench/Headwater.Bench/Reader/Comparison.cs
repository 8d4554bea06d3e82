using System.Runtime.CompilerServices;
using System.Text;
using Headwater.Core.Log;

namespace Headwater.Bench.Reader;

/// <summary>Two readings of one log, side by side: every transaction, statement, row and value of the one is in the other, in the same order.</summary>
sealed class Comparison
{
    const int Told = 20;

    public long Transactions { get; private set; }
    public long Statements { get; private set; }
    public long Rows { get; private set; }
    public long Values { get; private set; }
    public long Differences { get; private set; }
    public List<string> Examples { get; } = [];

    /// <summary>Values by the type that mariadb-binlog names.</summary>
    public Dictionary<string, long> ByType { get; } = [];

    public async Task RunAsync(IAsyncEnumerable<Transaction> ours, VerboseLog theirs)
    {
        await foreach (var transaction in ours)
        {
            Transactions++;
            var next = theirs.Next();
            if (next is not VerboseGtid gtid || gtid.Gtid != transaction.Gtid)
            {
                Differ($"{transaction} is not what comes next in the other, but {Shown(next)}; nothing behind it is compared");
                return;
            }
            foreach (var change in transaction.Changes)
                if (!Same(transaction, change, theirs)) return;
        }
        while (theirs.Next() is { } more)
        {
            Differ($"the other has more: {Shown(more)}");
            if (Differences > Told) return;
        }
    }

    // False: the two have lost each other.
    bool Same(Transaction transaction, LoggedChange change, VerboseLog theirs)
    {
        switch (change)
        {
            case LoggedStatement statement:
                Statements++;
                var next = theirs.Next();
                if (next is VerboseStatement other && other.Text.Span.SequenceEqual(statement.Text.Span)) return true;
                Differ($"{transaction.Gtid}: the other has not the statement {statement}, but {Shown(next)}");
                return false;
            case LoggedRows rows:
                var table = Quoted(rows.Table);
                for (var i = 0; i < rows.Count; i++)
                {
                    Rows++;
                    var one = theirs.Next();
                    if (one is not VerboseRow row || row.Kind != rows.Kind || row.Table != table)
                    {
                        Differ($"{transaction.Gtid}: the other has not row {i} of {rows}, but {Shown(one)}");
                        return false;
                    }
                    Same(transaction, rows[i].Before, row.Before);
                    Same(transaction, rows[i].After, row.After);
                }
                return true;
            default:
                Differ($"{transaction.Gtid}: {change} cannot be compared");
                return false;
        }
    }

    // Identity by reference: two events of one table share the instance while nothing changes.
    readonly ConditionalWeakTable<LoggedTable, string> _quoted = [];

    string Quoted(LoggedTable table) => _quoted.GetValue(table, static table =>
    {
        var text = new StringBuilder();
        RowSql.Target(text, table);
        return text.ToString();
    });

    void Same(Transaction transaction, in RowImage image, List<VerboseValue> theirs)
    {
        if (image.Columns.Count != theirs.Count) Differ($"{transaction.Gtid}: an image of {image.Table} has {image.Columns.Count} columns, the other's {theirs.Count}");
        foreach (var value in theirs)
        {
            Values++;
            var type = TypeOf(value.Comment.Span);
            ByType[type] = ByType.GetValueOrDefault(type) + 1;
            if (!image.Has(value.Ordinal))
            {
                Differ($"{transaction.Gtid}: {image.Table} @{value.Ordinal + 1} is not in the image");
                continue;
            }
            var ours = image[value.Ordinal];
            if (!VerboseForm.Is(ours, value))
                Differ($"{transaction.Gtid}: {image.Table} @{value.Ordinal + 1} is {Short(ours.IsNull ? "NULL" : Convert.ToHexString(ours.Raw))} as {ours.Column.Type}; the other has {Short(Encoding.Latin1.GetString(value.Text.Span))} /* {Encoding.ASCII.GetString(value.Comment.Span)}");
            if (ours.Column.IsNullable != value.Comment.Span.IndexOf("nullable=1"u8) >= 0) Differ($"{transaction.Gtid}: {image.Table} @{value.Ordinal + 1}: nullable by one only");
        }
    }

    // DECIMAL(20,5) meta=5125 nullable=1 is_null=0 */
    static string TypeOf(ReadOnlySpan<byte> comment)
    {
        var text = Encoding.ASCII.GetString(comment[..Math.Max(0, comment.IndexOf(" meta="u8))]);
        var open = text.IndexOf('(', StringComparison.Ordinal);
        return open < 0 ? text : text[..open] + text[(text.IndexOf(')', StringComparison.Ordinal) + 1)..];
    }

    static string Shown(VerboseItem? item) => item switch
    {
        null => "its end",
        VerboseStatement statement => Short(Encoding.UTF8.GetString(statement.Text.Span)),
        _ => Short(item.ToString()),
    };

    static string Short(string text) => text.Length <= 120 ? text : text[..120] + "…";

    void Differ(string what)
    {
        Differences++;
        if (Examples.Count < Told) Examples.Add(what);
    }
}
