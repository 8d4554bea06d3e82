using System.Text;

namespace Headwater.Lab.Show;

/// <summary>How wide a text is on a terminal, where a syllable of Hangul takes two columns, and lines made by that.</summary>
static class LabWidth
{
    public static int Of(string text) => text.EnumerateRunes().Sum(static rune => IsWide(rune.Value) ? 2 : 1);

    /// <summary>Exactly so wide: filled with blanks, or cut.</summary>
    public static string Fit(string text, int width)
    {
        var (fitted, used) = (new StringBuilder(), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            var next = IsWide(rune.Value) ? 2 : 1;
            if (used + next > width) break;
            fitted.Append(rune.ToString());
            used += next;
        }
        return fitted.Append(' ', width - used).ToString();
    }

    /// <summary>Lines at most so wide, broken at blanks.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        var (line, used) = (new StringBuilder(), 0);
        foreach (var word in text.Split(' '))
        {
            var next = Of(word);
            if (used > 0 && used + 1 + next > width)
            {
                yield return line.ToString();
                line.Clear();
                used = 0;
            }
            if (used > 0)
            {
                line.Append(' ');
                used++;
            }
            line.Append(word);
            used += next;
        }
        yield return line.ToString();
    }

    // The blocks of Unicode's East Asian Width W that these texts can hold: Hangul, CJK and its punctuation, full-width forms.
    static bool IsWide(int rune) => rune is >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF or >= 0xFF00 and <= 0xFF60;
}
