using System.Text;

namespace Headwater.Core.Statements;

/// <summary>Names out of a normal text, without their quotes and in lower case.</summary>
internal static class Names
{
    public static string Unquoted(ReadOnlySpan<byte> span)
    {
        if (span.Length >= 2 && span[0] is (byte)'`' or (byte)'"' or (byte)'\'' && span[^1] == span[0])
        {
            var quote = ((char)span[0]).ToString();
            var inner = Encoding.UTF8.GetString(span[1..^1]);
            return inner.Replace(quote + quote, quote, StringComparison.Ordinal).ToLowerInvariant();
        }
        return Encoding.UTF8.GetString(span).ToLowerInvariant();
    }

    /// <summary>The contents of a kept string literal, case preserved.</summary>
    public static string StringValue(ReadOnlySpan<byte> quoted) =>
        Encoding.UTF8.GetString(quoted.Length >= 2 ? quoted[1..^1] : quoted).Replace("''", "'", StringComparison.Ordinal);

    public static string Ascii(ReadOnlySpan<byte> span) => Encoding.ASCII.GetString(span);
}
