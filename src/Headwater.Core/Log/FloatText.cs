using System.Globalization;
using System.Text;

namespace Headwater.Core.Log;

/// <summary>Floating point numbers as SQL. Source for what a server shows: MariaDB's strings/dtoa.c, my_gcvt.</summary>
static class FloatText
{
    /// <summary>A literal that is read back as the same double, the sign of zero included.</summary>
    public static void AppendExact(StringBuilder text, double value)
    {
        if (!double.IsFinite(value)) throw new InvalidOperationException($"{value} is no value that SQL has.");
        var shown = value.ToString("R", CultureInfo.InvariantCulture);
        text.Append(shown);
        // Without an exponent it would be a DECIMAL, which has no negative zero.
        if (!shown.Contains('E', StringComparison.Ordinal)) text.Append("E0");
    }

    /// <summary>With at most <paramref name="digits"/> digits (17: as many as the number needs), and an exponent where the server uses one.</summary>
    public static void AppendShown(StringBuilder text, double value, int digits)
    {
        if (value == 0)
        {
            text.Append(double.IsNegative(value) ? "-0" : "0");
            return;
        }
        var scientific = digits >= 17 ? value.ToString("E16", CultureInfo.InvariantCulture) : value.ToString("E" + (digits - 1).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        if (digits >= 17) scientific = Shortest(value);
        var isNegative = scientific[0] == '-';
        var e = scientific.IndexOf('E', StringComparison.Ordinal);
        var mantissa = scientific[(isNegative ? 1 : 0)..e].Replace(".", "", StringComparison.Ordinal).TrimEnd('0');
        var point = int.Parse(scientific.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) + 1;
        if (isNegative) text.Append('-');
        const int LongestFixed = 15;
        if (point is > LongestFixed or <= -LongestFixed)
        {
            text.Append(mantissa[0]);
            if (mantissa.Length > 1) text.Append('.').Append(mantissa.AsSpan(1));
            text.Append('e').Append(point - 1);
        }
        else if (point <= 0)
        {
            text.Append("0.").Append('0', -point).Append(mantissa);
        }
        else if (point >= mantissa.Length)
        {
            text.Append(mantissa).Append('0', point - mantissa.Length);
        }
        else
        {
            text.Append(mantissa.AsSpan(0, point)).Append('.').Append(mantissa.AsSpan(point));
        }
    }

    // The fewest digits that give the number back, in scientific form.
    static string Shortest(double value)
    {
        for (var digits = 0; digits < 16; digits++)
        {
            var text = value.ToString("E" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            if (double.Parse(text, CultureInfo.InvariantCulture) == value) return text;
        }
        return value.ToString("E16", CultureInfo.InvariantCulture);
    }
}
