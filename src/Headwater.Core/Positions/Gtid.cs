using System.Globalization;

namespace Headwater.Core.Positions;

/// <summary>
/// One MariaDB transaction id, <c>domain-server-sequence</c>.
/// Source: https://mariadb.com/kb/en/gtid/ .
/// </summary>
public readonly record struct Gtid(uint Domain, uint Server, ulong Sequence)
{
    /// <summary>Reads <c>0-1-42</c>. False for anything else; nothing is thrown.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out Gtid gtid)
    {
        gtid = default;
        if (!TryNumber(ref text, uint.MaxValue, out var domain) || !TryDash(ref text)
            || !TryNumber(ref text, uint.MaxValue, out var server) || !TryDash(ref text)
            || !TryNumber(ref text, ulong.MaxValue, out var sequence) || text.Length != 0)
            return false;
        gtid = new Gtid((uint)domain, (uint)server, sequence);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Domain}-{Server}-{Sequence}");

    static bool TryDash(ref ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || text[0] != (byte)'-') return false;
        text = text[1..];
        return true;
    }

    static bool TryNumber(ref ReadOnlySpan<byte> text, ulong largest, out ulong number)
    {
        number = 0;
        var digits = 0;
        while (digits < text.Length && (uint)(text[digits] - '0') <= 9)
        {
            var digit = (ulong)(text[digits] - '0');
            if (number > (largest - digit) / 10) return false;
            number = number * 10 + digit;
            digits++;
        }
        text = text[digits..];
        return digits > 0;
    }
}
