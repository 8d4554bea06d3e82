using System.Buffers.Binary;
using System.Text;

namespace Headwater.Wire.MySql;

/// <summary>
/// Reads a payload front to back. Every read past the end, and every length that does not fit, is a
/// <see cref="MalformedPacketException"/>; nothing else is ever thrown, whatever the bytes.
/// Source: https://mariadb.com/kb/en/protocol-data-types/ .
/// </summary>
public ref struct PayloadReader(ReadOnlySpan<byte> payload)
{
    readonly ReadOnlySpan<byte> _payload = payload;
    int _at;

    public readonly int Offset => _at;
    public readonly int Remaining => _payload.Length - _at;
    public readonly bool AtEnd => _at == _payload.Length;

    public byte Byte() => Take(1, "a byte")[0];
    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, "a 2-byte integer"));
    public uint UInt24()
    {
        var three = Take(3, "a 3-byte integer");
        return (uint)(three[0] | three[1] << 8 | three[2] << 16);
    }

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, "a 4-byte integer"));
    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, "an 8-byte integer"));

    public readonly byte Peek() => _at < _payload.Length ? _payload[_at] : throw Malformed("the packet ends before a byte");

    /// <summary>The length-encoded integer. 0xFB (NULL in a row) and 0xFF (the error header) are no integers: see <see cref="TryNull"/>.</summary>
    public ulong LengthEncodedInteger()
    {
        var first = Byte();
        switch (first)
        {
            case < 0xFB: return first;
            case 0xFC: return UInt16();
            case 0xFD: return UInt24();
            case 0xFE: return UInt64();
            default:
                _at--;
                throw Malformed("no length-encoded integer starts with 0x" + first.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Consumes the 0xFB that stands for NULL in a text row, if it is next.</summary>
    public bool TryNull()
    {
        if (_at >= _payload.Length || _payload[_at] != 0xFB) return false;
        _at++;
        return true;
    }

    public ReadOnlySpan<byte> Bytes(int count) => Take(count, "a fixed run of bytes");

    public void Skip(int count) => Take(count, "filler");

    public ReadOnlySpan<byte> NullTerminated()
    {
        var end = _payload[_at..].IndexOf((byte)0);
        if (end < 0) throw Malformed("a null-terminated text has no end");
        var text = _payload.Slice(_at, end);
        _at += end + 1;
        return text;
    }

    public ReadOnlySpan<byte> LengthEncodedBytes()
    {
        var length = LengthEncodedInteger();
        if (length > (ulong)Remaining) throw Malformed($"{length} bytes are announced and {Remaining} are left");
        return Take((int)length, "length-encoded bytes");
    }

    public string LengthEncodedText() => Encoding.UTF8.GetString(LengthEncodedBytes());

    /// <summary>All that is left, consumed.</summary>
    public ReadOnlySpan<byte> Rest()
    {
        var rest = _payload[_at..];
        _at = _payload.Length;
        return rest;
    }

    public readonly MalformedPacketException Malformed(string what) => MalformedPacketException.In(what, _payload, _at);

    ReadOnlySpan<byte> Take(int count, string what)
    {
        if ((uint)count > (uint)Remaining) throw Malformed("the packet ends inside " + what);
        var taken = _payload.Slice(_at, count);
        _at += count;
        return taken;
    }
}
