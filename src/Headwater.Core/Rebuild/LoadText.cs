using System.Buffers;

namespace Headwater.Core.Rebuild;

/// <summary>
/// Values as LOAD DATA reads them: fields end with a tab, lines with a line feed, and a backslash escapes both, itself and the zero byte; \N is NULL.
/// It works on bytes, so a character set whose letters contain such bytes does not matter as long as the reader takes them for bytes too (CHARACTER SET binary).
/// Source: https://mariadb.com/kb/en/load-data-infile/ .
/// </summary>
public static class LoadText
{
    const byte Escape = (byte)'\\', FieldEnd = (byte)'\t', LineEnd = (byte)'\n';
    static readonly SearchValues<byte> _special = SearchValues.Create([Escape, FieldEnd, LineEnd, 0]);

    /// <summary>The most bytes that a value of this length can become, with what ends it.</summary>
    public static int Longest(int length) => checked(length * 2 + 2);

    /// <returns>How many bytes were written.</returns>
    public static int Write(ReadOnlySpan<byte> value, Span<byte> into)
    {
        var at = 0;
        while (true)
        {
            var special = value.IndexOfAny(_special);
            if (special < 0) break;
            value[..special].CopyTo(into[at..]);
            at += special;
            into[at++] = Escape;
            into[at++] = value[special] switch { FieldEnd => (byte)'t', LineEnd => (byte)'n', 0 => (byte)'0', var same => same };
            value = value[(special + 1)..];
        }
        value.CopyTo(into[at..]);
        return at + value.Length;
    }

    public static int WriteNull(Span<byte> into)
    {
        (into[0], into[1]) = (Escape, (byte)'N');
        return 2;
    }

    public static byte After(bool last) => last ? LineEnd : FieldEnd;
}
