using System.Runtime.CompilerServices;
using Headwater.Core.Log;
using Headwater.Core.Positions;

namespace Headwater.Core.Consumers;

/// <summary>
/// Transactions, or the pieces that large ones come in, to the changes that a consumer wants and has not got. One change is held back until it is known whether it
/// is its transaction's last; nothing else is kept, whatever a transaction's size. One owner.
/// </summary>
/// <param name="from">What it has.</param>
public sealed class ChangeUnfold(string cluster, TablePatterns tables, FeedPlace from)
{
    readonly ConditionalWeakTable<LoggedTable, StrongBox<bool>> _wanted = [];
    FeedPlace _from = from;
    Position _before = from.Before;
    long _index, _count;
    ChangeRecord? _held;

    /// <summary>All that was taken, whether the consumer wanted it or not; of a transaction in pieces, when it is whole.</summary>
    public FeedPlace Place { get; private set; } = from;

    /// <summary>The changes of the next piece that can be given out. To be walked to the end before the next piece is taken.</summary>
    public IEnumerable<ChangeRecord> Take(Transaction piece)
    {
        foreach (var change in piece.Changes)
            switch (change)
            {
                case LoggedRows rows:
                    if (!IsWanted(rows.Table))
                    {
                        _index += rows.Count;
                        break;
                    }
                    for (var i = 0; i < rows.Count; i++)
                        if (Next(RowOf(piece, rows, i)) is { } ready) yield return ready;
                    break;
                case LoggedStatement statement when !tables.FitsSchema(statement.Schema): _index++; break;
                case LoggedStatement statement:
                    if (Next(StatementOf(piece, statement)) is { } before) yield return before;
                    break;
                case LoggedOther other:
                    if (Next(Of(piece, ChangeKind.Other, what: other.What)) is { } one) yield return one;
                    break;
            }
        if (!piece.IsLast) yield break;
        _before = _before.With(piece.Gtid);
        Place = new FeedPlace(_before);
        if (_held is { } last) yield return Last(last, piece);
        _held = null;
        _index = _count = 0;
    }

    /// <summary>The change before it, which was held back.</summary>
    ChangeRecord? Next(ChangeRecord next)
    {
        _index++;
        // Counted although it is passed over: the count is the same for whoever begins in the midst of a transaction.
        _count++;
        if (_from.Open is { } open && open == next.Gtid && next.Index <= _from.Index) return null;
        var ready = _held;
        _held = next;
        return ready;
    }

    bool IsWanted(LoggedTable table)
    {
        if (tables.IsAll) return true;
        if (!_wanted.TryGetValue(table, out var known)) _wanted.Add(table, known = new StrongBox<bool>(tables.Fits(table.Schema, table.Name)));
        return known.Value;
    }

    ChangeRecord RowOf(Transaction piece, LoggedRows rows, int row) => Of(piece, rows.Kind switch
    {
        RowKind.Insert => ChangeKind.Insert,
        RowKind.Update => ChangeKind.Update,
        _ => ChangeKind.Delete,
    }, row: rows[row]);

    ChangeRecord StatementOf(Transaction piece, LoggedStatement statement) => Of(piece, statement.Kind switch
    {
        StatementKind.Definition => ChangeKind.Definition,
        StatementKind.Change => ChangeKind.Statement,
        _ => ChangeKind.Control,
    }, statement: statement);

    ChangeRecord Of(Transaction piece, ChangeKind kind, LoggedRow? row = null, LoggedStatement? statement = null, string? what = null) => new()
    {
        Cluster = cluster,
        Gtid = piece.Gtid,
        Index = _index,
        Place = new FeedPlace(_before, piece.Gtid, _index),
        Kind = kind,
        Schema = row?.Rows.Table.Schema ?? statement?.Schema ?? "",
        Table = row?.Rows.Table.Name,
        Seconds = piece.Seconds,
        Microseconds = piece.Microseconds,
        IsFirst = _count == 0,
        Row = row,
        Statement = statement,
        What = what,
    };

    ChangeRecord Last(ChangeRecord held, Transaction end) => new()
    {
        Cluster = held.Cluster,
        Gtid = held.Gtid,
        Index = held.Index,
        Place = Place,
        Kind = held.Kind,
        Schema = held.Schema,
        Table = held.Table,
        Seconds = held.Seconds,
        Microseconds = end.Microseconds,
        IsFirst = held.IsFirst,
        Count = _count,
        End = end.End,
        Xa = end.Xa,
        Row = held.Row,
        Statement = held.Statement,
        What = held.What,
    };
}
