using System.Globalization;

namespace Headwater.Bench.Report;

/// <summary>Columns as wide as their widest value: the first to the left, figures to the right. It is Markdown, so that it can be pasted.</summary>
sealed class TextTable(params string[] columns)
{
    readonly List<string[]> _rows = [];

    public void Row(params string[] cells) => _rows.Add(cells);

    public void Print(TextWriter to)
    {
        var widths = columns.Select((name, i) => Math.Max(name.Length, _rows.Count == 0 ? 0 : _rows.Max(row => row[i].Length))).ToArray();
        Line(to, columns, widths);
        to.WriteLine("|" + string.Join("|", widths.Select((width, i) => i == 0 ? new string('-', width + 2) : new string('-', width + 1) + ":")) + "|");
        foreach (var row in _rows) Line(to, row, widths);
    }

    static void Line(TextWriter to, string[] cells, int[] widths) =>
        to.WriteLine("| " + string.Join(" | ", cells.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))) + " |");

    public static string Number(double value, string format) => double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "-";
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
