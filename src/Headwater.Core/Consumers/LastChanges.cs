using System.Buffers.Binary;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Statements;

namespace Headwater.Core.Consumers;

/// <summary>How far a fold of the log has come.</summary>
/// <param name="Position">Everything that it covers is folded in.</param>
/// <param name="Ordinal">The number of its last transaction.</param>
/// <param name="Dictionary">What is known of the tables, and is true at this position; null while it is not known, as between a definition and a look at what it has made.</param>
public sealed record Extent(Position Position, long Ordinal, DataDictionary? Dictionary);

/// <summary>
/// The fold that knows what has not changed: the number of the last transaction that changed each table, and each value of the first column of a table's primary
/// key. Both are kept by hash in fixed memory, so two that share a place make each other look changed, and nothing that has changed ever looks unchanged.
///
/// Definitions, and changes that were logged as statements, count as a change of everything, and so does every transaction while the dictionary is
/// not known to be that of its time: which tables a change cascades to is not in the log.
///
/// One writer; readers on any thread take <see cref="Extent"/> first and then look at places: what they see there may be newer than the extent, never older.
/// </summary>
public sealed class LastChanges
{
    readonly long[] _tables, _keys;
    readonly Dictionary<LoggedTable, Plan> _plans = new(ReferenceEqualityComparer.Instance);
    readonly int _remembered;
    const int MostPlans = 4096;

    Ordinals _ordinals;
    Extent _extent;
    Position _position;
    DataDictionary? _dictionary;
    (DataDictionary Dictionary, Position From, Position To)? _offered;
    long _ordinal, _everything, _defined;

    /// <param name="tables">Places for tables; a power of two. 8 bytes each.</param>
    /// <param name="keys">Places for values of keys; a power of two. 8 bytes each.</param>
    /// <param name="remembered">Transactions of a domain whose place among the others is remembered: a copy that is further behind is never proven fresh. 32 bytes each.</param>
    public LastChanges(int tables = 1 << 14, int keys = 1 << 20, int remembered = 1 << 16)
    {
        _tables = new long[tables];
        _keys = new long[keys];
        _remembered = remembered;
        _ordinals = new Ordinals(Position.Empty, 0, 1);
        _extent = new Extent(Position.Empty, 0, null);
    }

    /// <summary>How far it has come; nothing beyond is claimed.</summary>
    public Extent Extent => Volatile.Read(ref _extent);

    /// <summary>Raised on the writer's thread after each step; handlers must not block.</summary>
    public event Action? Advanced;

    /// <summary>Begins at a position of which nothing is known: everything may have changed before. To be called first, and when the log was cut back or had a gap.</summary>
    public void Begin(in Position at)
    {
        _position = at;
        _ordinal++;
        // Before anything else, so that who still goes by the old numbering finds that everything has changed.
        Volatile.Write(ref _everything, _ordinal);
        _defined = _ordinal;
        _dictionary = null;
        // What it names may have been of the branch that is lost.
        _offered = null;
        Volatile.Write(ref _ordinals, new Ordinals(at, _ordinal, _remembered));
        Publish();
    }

    /// <summary>What the tables were found to be by a look that began when <paramref name="from"/> was logged and ended when no more than <paramref name="to"/> was. It is taken over once it is proven to be true of where the fold stands.</summary>
    public void Offer(DataDictionary dictionary, in Position from, in Position to)
    {
        _offered = (dictionary, from, to);
        TakeOffer();
        Publish();
    }

    /// <summary>Takes the next transaction, or the next piece of one.</summary>
    public void Apply(Transaction piece)
    {
        if (_position.SequenceOf(piece.Gtid.Domain) >= piece.Gtid.Sequence)
        {
            // Whoever was proven to cover what came before it may not have it: servers that are not strict about the order, or a feed that is not.
            if (piece.IsLast) Begin(in _position);
            return;
        }
        var ordinal = _ordinal + 1;
        foreach (var change in piece.Changes)
            switch (change)
            {
                case LoggedRows rows when _dictionary is not null: Rows(rows, _dictionary, ordinal); break;
                case LoggedStatement statement: Statement(statement, ordinal); break;
                default: Volatile.Write(ref _everything, ordinal); break;
            }
        if (!piece.IsLast) return;
        // What an XA transaction has changed is seen when it is completed, by another transaction that does not name it.
        if ((piece.Flags & TransactionFlags.XaCompleted) != 0) Volatile.Write(ref _everything, ordinal);
        _ordinals.Add(piece.Gtid, ordinal);
        _ordinal = ordinal;
        _position = _position.With(piece.Gtid);
        if (_offered is not null) TakeOffer();
    }

    /// <summary>Lets readers know of what was applied: after each transaction, or after several when they come fast.</summary>
    public void Publish()
    {
        if (_extent.Ordinal == _ordinal && ReferenceEquals(_extent.Dictionary, _dictionary)) return;
        Volatile.Write(ref _extent, new Extent(_position, _ordinal, _dictionary));
        Advanced?.Invoke();
    }

    /// <summary>The number of the last transaction such that all up to it are covered by <paramref name="position"/>; null when it is too old, or of before the fold began.</summary>
    public long? OrdinalOf(in Position position) => OrdinalOf(in position, Extent);

    public long? OrdinalOf(in Position position, Extent extent)
    {
        var ordinals = Volatile.Read(ref _ordinals);
        return extent.Ordinal < ordinals.First ? null : ordinals.Covered(in position, extent.Ordinal);
    }

    /// <summary>True when no transaction after number <paramref name="since"/>, up to the extent that was taken before, has changed anything of what is read.</summary>
    /// <param name="reads">What the result depends on, by the dictionary of that extent.</param>
    /// <param name="key">The value of <see cref="Footprint.Key"/>, where it has one and the statement names it.</param>
    public bool IsUnchanged(Footprint reads, long? key, long since)
    {
        if (reads.IsEverything || Volatile.Read(ref _everything) > since) return false;
        if (key is { } value && reads.Key is { } lookup)
            return Volatile.Read(ref _keys[KeyPlace(lookup.Table, value)]) <= since && Volatile.Read(ref _tables[WholePlace(lookup.Table)]) <= since;
        foreach (var table in reads.Tables)
            if (Volatile.Read(ref _tables[TablePlace(table)]) > since) return false;
        return true;
    }

    void TakeOffer()
    {
        var (dictionary, from, to) = _offered!.Value;
        // Not before the fold has come to where the look ended: what it found may be of a later definition.
        if (!_position.Covers(in to)) return;
        _offered = null;
        // A primary that was lost since may have been looked at, with definitions that nobody else ever had, at positions that were given out again.
        if (!_ordinals.Has(in to) || !_ordinals.Has(in from)) return;
        if (_ordinals.Covered(in from, _ordinal) is not { } began || began < _defined) return;
        _dictionary = dictionary;
        _plans.Clear();
    }

    void Statement(LoggedStatement statement, long ordinal)
    {
        switch (StatementChange.Of(statement))
        {
            case StatementChange.Kind.Nothing: return;
            case StatementChange.Kind.Definition:
                _defined = ordinal;
                _dictionary = null;
                break;
        }
        Volatile.Write(ref _everything, ordinal);
    }

    void Rows(LoggedRows rows, DataDictionary dictionary, long ordinal)
    {
        var plan = PlanOf(rows.Table, dictionary);
        Volatile.Write(ref _tables[plan.Table], ordinal);
        foreach (var place in plan.Whole) Volatile.Write(ref _tables[place], ordinal);
        if (plan.Ordinal is not { } column) return;
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            var before = Touch(row.Before, column, plan, ordinal);
            var after = Touch(row.After, column, plan, ordinal);
            // An image without the column has the value of the one before it; what it was before, none but the first image tells.
            if (!(rows.Kind == RowKind.Insert ? after : before)) Volatile.Write(ref _tables[plan.WholeTable], ordinal);
        }
    }

    bool Touch(in RowImage image, int column, Plan plan, long ordinal)
    {
        if (!image.Has(column)) return false;
        var value = image[column];
        // Null is no key's; whatever it means there, no value is named by it.
        if (value.IsNull) return false;
        Volatile.Write(ref _keys[KeyPlace(plan.Key, value.ToInt64(plan.IsUnsigned))], ordinal);
        return true;
    }

    Plan PlanOf(LoggedTable table, DataDictionary dictionary)
    {
        if (_plans.TryGetValue(table, out var plan)) return plan;
        if (_plans.Count >= MostPlans) _plans.Clear();
        var key = TableKey.Of(table.Schema, table.Name);
        var first = dictionary.KeyOf(key);
        // The log has to name the column itself: where it does not (binlog_row_metadata), a column's place may be another one's.
        var isKeyed = first is not null && first.Ordinal < table.Columns.Count && table.Columns[first.Ordinal] is var logged && logged.Type == LoggedType.Integer
            && string.Equals(logged.Name, first.Column, StringComparison.OrdinalIgnoreCase);
        var whole = new List<int>();
        // Rows that a cascade changes are not in the log: of those tables it is only known that something may have changed.
        foreach (var child in dictionary.Cascades(key))
        {
            whole.Add(TablePlace(child));
            whole.Add(WholePlace(child));
        }
        if (!isKeyed) whole.Add(WholePlace(key));
        plan = new Plan(key, TablePlace(key), WholePlace(key), [.. whole], isKeyed ? first!.Ordinal : null, first?.IsUnsigned ?? false);
        _plans.Add(table, plan);
        return plan;
    }

    int TablePlace(ulong table) => (int)(Mixed(table, 1) & (ulong)(_tables.Length - 1));

    // Changed in a way that does not tell which key: a place of its own, so that readers by key need not look at the table's.
    int WholePlace(ulong table) => (int)(Mixed(table, 2) & (ulong)(_tables.Length - 1));

    int KeyPlace(ulong table, long value) => (int)(Mixed(table, (ulong)value * 0x9E3779B97F4A7C15 + 3) & (ulong)(_keys.Length - 1));

    // The finalizer of SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014).
    static ulong Mixed(ulong table, ulong salt)
    {
        var z = table ^ salt * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }

    /// <summary>What a change of one table touches: worked out once a table.</summary>
    sealed record Plan(ulong Key, int Table, int WholeTable, int[] Whole, int? Ordinal, bool IsUnsigned);
}
