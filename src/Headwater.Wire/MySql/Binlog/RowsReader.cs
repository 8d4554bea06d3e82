using Headwater.Core.Log;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>Reads the rows of an event in one walk that notes where each value lies. Source: https://mariadb.com/kb/en/rows_event_v1v2/ . One owner.</summary>
sealed class RowsReader
{
    // Kept between events; a single large one does not stay.
    const int LongestKept = 1 << 16;
    ValueSpan[] _values = new ValueSpan[1024];
    int _count;

    /// <param name="bytes">From the column count on.</param>
    public LoggedRows Read(TableMap map, RowKind kind, bool isCompressed, ReadOnlyMemory<byte> bytes, out ReadOnlyMemory<byte> bitmaps, out ReadOnlyMemory<byte> body)
    {
        var reader = new PayloadReader(bytes.Span);
        var width = reader.LengthEncodedInteger();
        if (width != (ulong)map.Layouts.Length) throw reader.Malformed($"rows of {width} columns follow a table of {map.Layouts.Length}");
        var start = reader.Offset;
        var first = Present(ref reader, map.Layouts.Length);
        var second = kind == RowKind.Update ? Present(ref reader, map.Layouts.Length) : null;
        bitmaps = bytes[start..reader.Offset];
        body = bytes[reader.Offset..];
        if (isCompressed) body = Inflated.Event(body);
        var (before, after) = kind switch
        {
            RowKind.Insert => (null, first),
            RowKind.Delete => (first, null),
            _ => (first, second),
        };
        var rows = new PayloadReader(body.Span);
        _count = 0;
        MemoryStream? inflated = null;
        var count = 0;
        // A row of no column has no byte; the server then means one row.
        do
        {
            var at = rows.Offset;
            if (before is not null) Image(ref rows, map, before, body, ref inflated);
            if (after is not null) Image(ref rows, map, after, body, ref inflated);
            count++;
            if (rows.Offset == at && !rows.AtEnd) throw rows.Malformed("rows of no columns have bytes");
        }
        while (!rows.AtEnd);
        var values = _values.AsSpan(0, _count).ToArray();
        if (_values.Length > LongestKept) _values = new ValueSpan[1024];
        ReadOnlyMemory<byte> source = inflated is null ? body : Joined(body, inflated);
        return new LoggedRows(map.Table, kind, ColumnsOf(before), ColumnsOf(after), source, values, count);
    }

    // Rows of one table mostly have the same columns; what says so is shared.
    ImageColumns? _last;
    bool[] _lastPresent = [];

    ImageColumns ColumnsOf(bool[]? present)
    {
        if (present is null) return ImageColumns.None;
        if (_last is not null && _lastPresent.AsSpan().SequenceEqual(present)) return _last;
        _lastPresent = present;
        return _last = new ImageColumns(present);
    }

    static bool[] Present(ref PayloadReader reader, int columns)
    {
        var bits = reader.Bytes((columns + 7) / 8);
        var present = new bool[columns];
        for (var i = 0; i < columns; i++) present[i] = (bits[i / 8] >> i % 8 & 1) != 0;
        return present;
    }

    void Image(ref PayloadReader rows, TableMap map, bool[] present, ReadOnlyMemory<byte> body, ref MemoryStream? inflated)
    {
        var slots = 0;
        foreach (var one in present) slots += one ? 1 : 0;
        var nulls = rows.Bytes((slots + 7) / 8);
        if (_values.Length < _count + slots) Array.Resize(ref _values, Math.Max(_values.Length * 2, _count + slots));
        var slot = 0;
        var layouts = map.Layouts;
        for (var i = 0; i < present.Length; i++)
        {
            if (!present[i]) continue;
            if ((nulls[slot >> 3] >> (slot & 7) & 1) != 0)
            {
                _values[_count++] = new ValueSpan(0, -1);
            }
            else
            {
                ref readonly var layout = ref layouts[i];
                var length = layout.Prefix switch
                {
                    0 => layout.Fixed,
                    1 => rows.Byte(),
                    2 => rows.UInt16(),
                    3 => (int)rows.UInt24(),
                    _ => Long(ref rows),
                };
                var start = rows.Offset;
                rows.Skip(length);
                _values[_count++] = layout.IsCompressed && length > 0 ? Inflate(body.Slice(start, length), body.Length, ref inflated) : new ValueSpan(start, length);
            }
            slot++;
        }
    }

    static int Long(ref PayloadReader rows)
    {
        var length = rows.UInt32();
        return length <= int.MaxValue ? (int)length : throw rows.Malformed($"a value of {length} bytes is announced");
    }

    // Values of COMPRESSED columns are put, restored, behind the rows.
    static ValueSpan Inflate(ReadOnlyMemory<byte> stored, int behind, ref MemoryStream? inflated)
    {
        var content = Inflated.Column(stored);
        inflated ??= new MemoryStream();
        if (inflated.Length + content.Length > EventHeader.LargestEvent) throw new MalformedPacketException("the compressed columns of one event hold more than 1 GB");
        var start = checked(behind + (int)inflated.Length);
        inflated.Write(content);
        return new ValueSpan(start, content.Length);
    }

    static byte[] Joined(ReadOnlyMemory<byte> body, MemoryStream inflated)
    {
        var joined = new byte[body.Length + inflated.Length];
        body.Span.CopyTo(joined);
        inflated.GetBuffer().AsSpan(0, (int)inflated.Length).CopyTo(joined.AsSpan(body.Length));
        return joined;
    }
}
