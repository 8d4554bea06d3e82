using System.Text;

namespace Headwater.Core.Log;

/// <summary>
/// DECIMAL as it is stored: groups of nine digits in four bytes, big-endian, the rest in as few as hold them; the first bit is inverted, and a
/// negative number is complemented. Source: MariaDB's strings/decimal.c, decimal2bin.
/// </summary>
public static class PackedDecimal
{
    const int GroupDigits = 9;

    static ReadOnlySpan<byte> BytesOf => [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

    /// <summary>Bytes of a DECIMAL(<paramref name="precision"/>, <paramref name="scale"/>); both at most 65, the scale not above the precision.</summary>
    public static int LengthOf(int precision, int scale) => PartLength(precision - scale) + PartLength(scale);

    static int PartLength(int digits) => digits / GroupDigits * 4 + BytesOf[digits % GroupDigits];

    internal static void Append(StringBuilder text, ReadOnlySpan<byte> packed, int precision, int scale)
    {
        Span<byte> bytes = stackalloc byte[64];
        bytes = bytes[..packed.Length];
        packed.CopyTo(bytes);
        var isNegative = (bytes[0] & 0x80) == 0;
        bytes[0] ^= 0x80;
        if (isNegative)
            foreach (ref var b in bytes) b = (byte)~b;
        if (isNegative) text.Append('-');
        var start = text.Length;
        var whole = precision - scale;
        var at = 0;
        Group(text, bytes, ref at, whole % GroupDigits);
        for (var i = 0; i < whole / GroupDigits; i++) Group(text, bytes, ref at, GroupDigits);
        var zeros = 0;
        while (start + zeros < text.Length && text[start + zeros] == '0') zeros++;
        text.Remove(start, zeros);
        if (text.Length == start) text.Append('0');
        if (scale == 0) return;
        text.Append('.');
        for (var i = 0; i < scale / GroupDigits; i++) Group(text, bytes, ref at, GroupDigits);
        Group(text, bytes, ref at, scale % GroupDigits);
    }

    static void Group(StringBuilder text, ReadOnlySpan<byte> bytes, ref int at, int digits)
    {
        if (digits == 0) return;
        var length = BytesOf[digits];
        uint value = 0;
        foreach (var b in bytes.Slice(at, length)) value = value << 8 | b;
        at += length;
        Span<char> shown = stackalloc char[digits];
        for (var i = digits - 1; i >= 0; i--, value /= 10) shown[i] = (char)('0' + value % 10);
        text.Append(shown);
    }
}
