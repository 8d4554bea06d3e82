using System.Buffers.Binary;
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
        var beforeLayouts = LayoutsOf(map, before);
        var afterLayouts = LayoutsOf(map, after);
        var at = 0;
        _count = 0;
        MemoryStream? inflated = null;
        var count = 0;
        // A row of no column has no byte; the server then means one row.
        do
        {
            var row = at;
            if (before is not null) at = Image(body, at, beforeLayouts, ref inflated);
            if (after is not null) at = Image(body, at, afterLayouts, ref inflated);
            count++;
            if (at == row && at < body.Length) throw MalformedPacketException.In("rows of no columns have bytes", body.Span, at);
        }
        while (at < body.Length);
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

    static ColumnLayout[] LayoutsOf(TableMap map, bool[]? present)
    {
        if (present is null) return [];
        var layouts = new ColumnLayout[present.Length];
        var count = 0;
        for (var i = 0; i < present.Length; i++)
            if (present[i]) layouts[count++] = map.Layouts[i];
        return count == layouts.Length ? map.Layouts : layouts[..count];
    }

    // The hot loop: by hand over one span, so that a value costs its bounds checks and little else.
    int Image(ReadOnlyMemory<byte> body, int at, ColumnLayout[] layouts, ref MemoryStream? inflated)
    {
        var bytes = body.Span;
        var bitmap = (layouts.Length + 7) / 8;
        if (bitmap > bytes.Length - at) throw Short(bytes, at);
        var nulls = bytes.Slice(at, bitmap);
        at += bitmap;
        if (_values.Length < _count + layouts.Length) Array.Resize(ref _values, Math.Max(_values.Length * 2, _count + layouts.Length));
        var values = _values.AsSpan(_count, layouts.Length);
        for (var slot = 0; slot < layouts.Length; slot++)
        {
            if ((nulls[slot >> 3] >> (slot & 7) & 1) != 0)
            {
                values[slot] = new ValueSpan(0, -1);
                continue;
            }
            ref readonly var layout = ref layouts[slot];
            long length = layout.Fixed;
            if (layout.Prefix != 0)
            {
                if (layout.Prefix > bytes.Length - at) throw Short(bytes, at);
                length = layout.Prefix switch
                {
                    1 => bytes[at],
                    2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]),
                    3 => bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16,
                    _ => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]),
                };
                at += layout.Prefix;
            }
            if (length > bytes.Length - at) throw Short(bytes, at);
            values[slot] = layout.IsCompressed && length > 0 ? Inflate(body.Slice(at, (int)length), body.Length, ref inflated) : new ValueSpan(at, (int)length);
            at += (int)length;
        }
        _count += layouts.Length;
        return at;
    }

    static MalformedPacketException Short(ReadOnlySpan<byte> bytes, int at) => MalformedPacketException.In("the rows end inside a value", bytes, at);

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
