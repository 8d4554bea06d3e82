namespace Headwater.Core.Log;

public enum RowKind : byte
{
    Insert,
    Update,
    Delete,
}

/// <summary>Where a value lies in the bytes of its event. NULL has a negative length.</summary>
public readonly record struct ValueSpan(int Start, int Length);

/// <summary>Which columns an image has: all of them with binlog_row_image=FULL, else those that the change needs.</summary>
public sealed class ImageColumns
{
    readonly int[] _slots;

    /// <param name="present">One entry a column of the table.</param>
    public ImageColumns(ReadOnlySpan<bool> present)
    {
        _slots = new int[present.Length];
        for (var i = 0; i < present.Length; i++) _slots[i] = present[i] ? Count++ : -1;
    }

    public static readonly ImageColumns None = new([]);

    /// <summary>How many columns are present.</summary>
    public int Count { get; }

    public bool Has(int ordinal) => (uint)ordinal < (uint)_slots.Length && _slots[ordinal] >= 0;
    internal int SlotOf(int ordinal) => _slots[ordinal];
}

/// <summary>The rows of one event: changes of one kind to one table, in their order.</summary>
/// <param name="table">The table.</param>
/// <param name="kind">What was done.</param>
/// <param name="before">The columns of before images; none for inserts.</param>
/// <param name="after">The columns of after images; none for deletes.</param>
/// <param name="bytes">What the spans point into; never changed afterwards.</param>
/// <param name="values">Row after row, of each the before image's values, then the after image's.</param>
public sealed class LoggedRows(LoggedTable table, RowKind kind, ImageColumns before, ImageColumns after, ReadOnlyMemory<byte> bytes, ValueSpan[] values, int count) : LoggedChange
{
    public LoggedTable Table { get; } = table;
    public RowKind Kind { get; } = kind;
    public int Count { get; } = count;
    public ImageColumns Before { get; } = before;
    public ImageColumns After { get; } = after;

    public LoggedRow this[int index] => (uint)index < (uint)Count ? new LoggedRow(this, index) : throw new ArgumentOutOfRangeException(nameof(index));

    internal ColumnValue Value(int row, bool isAfter, int ordinal)
    {
        var slot = (isAfter ? After : Before).SlotOf(ordinal);
        if (slot < 0) throw new InvalidOperationException($"The log has no column {ordinal} of this image of {Table}.");
        var span = values[row * (Before.Count + After.Count) + (isAfter ? Before.Count : 0) + slot];
        var column = Table.Columns[ordinal];
        return span.Length < 0 ? new ColumnValue(column) : new ColumnValue(column, bytes.Slice(span.Start, span.Length));
    }

    public override string ToString() => $"{Kind} {Count} in {Table}";
}

/// <summary>One changed row.</summary>
public readonly struct LoggedRow(LoggedRows rows, int index)
{
    public LoggedRows Rows => rows;

    /// <summary>The row as it was; without columns for an insert.</summary>
    public RowImage Before => new(rows, index, isAfter: false);

    /// <summary>The row as it became; without columns for a delete.</summary>
    public RowImage After => new(rows, index, isAfter: true);
}

/// <summary>One row at one time, with the columns that were logged of it.</summary>
public readonly struct RowImage(LoggedRows rows, int index, bool isAfter)
{
    public LoggedTable Table => rows.Table;
    public ImageColumns Columns => isAfter ? rows.After : rows.Before;
    public bool Has(int ordinal) => Columns.Has(ordinal);

    /// <summary>The value of a column that is present: <see cref="Has"/>.</summary>
    public ColumnValue this[int ordinal] => rows.Value(index, isAfter, ordinal);
}
