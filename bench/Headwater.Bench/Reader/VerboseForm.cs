using System.Buffers.Text;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Headwater.Core.Log;

namespace Headwater.Bench.Reader;

/// <summary>
/// Whether a value of ours is what mariadb-binlog wrote of it. Both are taken in mariadb-binlog's form, byte for byte, except where that form says
/// less than the value:
/// a FLOAT has six digits there, so ours may be half a unit of the sixth away; a DOUBLE has twenty, and is compared as the number it is;
/// YEAR 0000 is written as 1900; a TIMESTAMP is a number of seconds, and ours is the time in UTC; a value of a COMPRESSED column is written as it is
/// stored, and is restored here by other code than the reader's. An integer is written without regard to its sign, both ways, and ours must be the one
/// that the table's description names.
/// </summary>
static class VerboseForm
{
    public static bool Is(in ColumnValue ours, in VerboseValue theirs)
    {
        var text = theirs.Text.Span;
        var isNull = theirs.Comment.Span.IndexOf("is_null=1"u8) >= 0;
        if (ours.IsNull || isNull) return ours.IsNull && isNull && text.SequenceEqual("NULL"u8);
        switch (ours.Column.Type)
        {
            case LoggedType.FixedText or LoggedType.Text or LoggedType.Geometry:
                return theirs.Comment.Span.IndexOf(" COMPRESSED"u8) >= 0 ? IsStored(text, ours.Raw) : IsQuoted(text, ours.Raw);
            case LoggedType.Integer: return IsInteger(ours, text);
            case LoggedType.Float: return IsFloat(BitConverter.ToSingle(ours.Raw), Number(text));
            case LoggedType.Double: return BitConverter.DoubleToInt64Bits(BitConverter.ToDouble(ours.Raw)) == BitConverter.DoubleToInt64Bits(Number(text));
        }
        var shown = ours.ToText()!;
        return ours.Column.Type switch
        {
            LoggedType.Decimal => text.SequenceEqual(shown),
            LoggedType.Year => text.SequenceEqual(shown.AsSpan().SequenceEqual("0000"u8) ? "1900"u8 : shown),
            LoggedType.Bit => Encoding.ASCII.GetString(text) == ours.ToSqlLiteral(),
            LoggedType.Enum => Encoding.ASCII.GetString(text) == ours.ToSqlLiteral(),
            LoggedType.Set => Encoding.ASCII.GetString(text) == $"b'{Bits(ours.Raw)}'",
            LoggedType.Date => Encoding.ASCII.GetString(text) == $"'{Encoding.ASCII.GetString(shown).Replace('-', ':')}'",
            LoggedType.Timestamp => InUtc(Encoding.ASCII.GetString(text)) == Encoding.ASCII.GetString(shown),
            LoggedType.Time or LoggedType.DateTime => Encoding.ASCII.GetString(text) == $"'{Encoding.ASCII.GetString(shown)}'",
            _ => false,
        };
    }

    static double Number(ReadOnlySpan<byte> text) => double.Parse(Encoding.ASCII.GetString(text).Trim(), CultureInfo.InvariantCulture);

    static bool IsFloat(float ours, double theirs)
    {
        if (ours == 0 || theirs == 0) return ours == theirs && float.IsNegative(ours) == double.IsNegative(theirs);
        var unit = Math.Pow(10, Math.Floor(Math.Log10(Math.Abs((double)ours))) - 5);
        return Math.Abs(ours - theirs) <= unit * 0.500001;
    }

    // -1 (255), or 5
    static bool IsInteger(in ColumnValue ours, ReadOnlySpan<byte> text)
    {
        if (!Utf8Parser.TryParse(text, out long signed, out var used)) return false;
        var hasBoth = used < text.Length;
        ulong unsigned = (ulong)signed;
        if (hasBoth && (!Utf8Parser.TryParse(text[(used + 2)..], out unsigned, out var more) || used + 2 + more + 1 != text.Length)) return false;
        if (ours.Column.IsUnsigned is null && signed < 0) return true;
        return ours.ToSqlLiteral() == (ours.Column.IsUnsigned == true ? unsigned.ToString(CultureInfo.InvariantCulture) : signed.ToString(CultureInfo.InvariantCulture));
    }

    // The bytes in the order of the log, so that of a SET the second eight members come after the first.
    static string Bits(ReadOnlySpan<byte> raw)
    {
        var text = "";
        foreach (var b in raw) text += Convert.ToString(b, 2).PadLeft(8, '0');
        return text;
    }

    static string InUtc(string text)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var seconds = uint.Parse(point < 0 ? text : text[..point], CultureInfo.InvariantCulture);
        var whole = seconds == 0 ? "0000-00-00 00:00:00" : DateTime.UnixEpoch.AddSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        return point < 0 ? whole : whole + text[point..];
    }

    static bool IsQuoted(ReadOnlySpan<byte> text, ReadOnlySpan<byte> raw)
    {
        if (text.Length < 2 || text[0] != '\'' || text[^1] != '\'') return false;
        text = text[1..^1];
        while (!raw.IsEmpty)
        {
            // What needs no escape is the same in both; mostly that is all.
            var plain = raw.IndexOfAnyInRange((byte)0, (byte)0x1F);
            if (plain < 0) plain = raw.Length;
            if (!text.StartsWith(raw[..plain])) return false;
            text = text[plain..];
            raw = raw[plain..];
            if (raw.IsEmpty) break;
            if (text.Length < 4 || text[0] != '\\' || text[1] != 'x' || text[2] != Hex(raw[0] >> 4) || text[3] != Hex(raw[0] & 15)) return false;
            text = text[4..];
            raw = raw[1..];
        }
        return text.IsEmpty;
    }

    static byte Hex(int digit) => (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);

    static byte[] Unquoted(ReadOnlySpan<byte> text)
    {
        var bytes = new List<byte>(text.Length);
        for (var i = 1; i < text.Length - 1; i++)
        {
            if (text[i] == '\\' && i + 4 < text.Length && text[i + 1] == 'x' && text[i + 2] is (byte)'0' or (byte)'1' && Utf8Parser.TryParse(text.Slice(i + 2, 2), out byte value, out var used, 'x') && used == 2)
            {
                bytes.Add(value);
                i += 3;
            }
            else
            {
                bytes.Add(text[i]);
            }
        }
        return [.. bytes];
    }

    // 0 and the content; or 0x8n (zlib; +8: bare deflate), n bytes of length, and the compressed content.
    static bool IsStored(ReadOnlySpan<byte> text, ReadOnlySpan<byte> content)
    {
        if (text.SequenceEqual("''"u8)) return content.IsEmpty;
        if (text.StartsWith("'\\x00"u8)) return IsQuoted(text, [0, .. content]);
        var stored = Unquoted(text);
        using var source = new MemoryStream(stored, 1 + (stored[0] & 7), stored.Length - 1 - (stored[0] & 7));
        using Stream inflate = (stored[0] & 8) != 0 ? new DeflateStream(source, CompressionMode.Decompress) : new ZLibStream(source, CompressionMode.Decompress);
        using var restored = new MemoryStream();
        inflate.CopyTo(restored);
        return restored.GetBuffer().AsSpan(0, (int)restored.Length).SequenceEqual(content);
    }
}
