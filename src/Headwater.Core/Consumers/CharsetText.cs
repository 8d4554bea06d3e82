using System.Text;
using System.Text.Unicode;

namespace Headwater.Core.Consumers;

/// <summary>Text in the character sets that need no table of thousands of characters. Source of the sets' definitions: https://mariadb.com/kb/en/supported-character-sets-and-collations/ .</summary>
static class CharsetText
{
    static readonly Encoding Utf16 = new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true);
    static readonly Encoding Utf16Le = new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true);
    static readonly Encoding Utf32 = new UTF32Encoding(bigEndian: true, byteOrderMark: false, throwOnInvalidCharacters: true);

    // The server's latin1 is windows-1252, whose five holes it fills with the control characters of the same number.
    const string Latin1High = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

    /// <summary>Null when the bytes are not text of the set, or the set is not one of these.</summary>
    public static string? Decode(ReadOnlySpan<byte> bytes, string? charset)
    {
        switch (charset)
        {
            case "utf8mb4" or "utf8mb3" or "utf8" or "ascii": return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : null;
            case "latin1": return Latin1(bytes);
            case "ucs2" or "utf16": return Strict(Utf16, bytes);
            case "utf16le": return Strict(Utf16Le, bytes);
            case "utf32": return Strict(Utf32, bytes);
            // In every other set, and where nobody says which it is, these mean the same.
            default: return Ascii.IsValid(bytes) ? Encoding.ASCII.GetString(bytes) : null;
        }
    }

    static string Latin1(ReadOnlySpan<byte> bytes)
    {
        var text = new char[bytes.Length];
        for (var i = 0; i < text.Length; i++) text[i] = bytes[i] is >= 0x80 and < 0xA0 ? Latin1High[bytes[i] - 0x80] : (char)bytes[i];
        return new string(text);
    }

    static string? Strict(Encoding encoding, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return encoding.GetString(bytes);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
