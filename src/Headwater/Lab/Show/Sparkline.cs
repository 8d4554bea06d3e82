namespace Headwater.Lab.Show;

/// <summary>A series as one row of a terminal: each cell is a span of time, its height the last value of steps or the greatest of dots there, and a cross where something bad was in it.</summary>
static class Sparkline
{
    public const char Bad = '×';
    const string Heights = "▁▂▃▄▅▆▇█";

    public static string Of(Series series, Scale scale, int width)
    {
        var cells = new char[width];
        Array.Fill(cells, ' ');
        double? last = null;
        var (at, end) = (0, series.Points.IsEmpty ? 0 : Cell(series.Points[^1].Seconds, scale, width) + 1);
        for (var cell = 0; cell < width; cell++)
        {
            var isBad = false;
            var isNew = false;
            for (; at < series.Points.Length && Cell(series.Points[at].Seconds, scale, width) <= cell; at++)
            {
                last = isNew && series.Kind == SeriesKind.Dots ? Greatest(last, series.Points[at].Value) : series.Points[at].Value;
                isBad |= series.Points[at].IsBad;
                isNew = true;
            }
            if (isBad) cells[cell] = Bad;
            else if (last is { } value && (isNew || series.Kind == SeriesKind.Steps && cell < end)) cells[cell] = Heights[Math.Clamp((int)(value / scale.Value * Heights.Length), 0, Heights.Length - 1)];
        }
        return new string(cells);
    }

    /// <summary>The numbers of the events where they happened; of two in one cell the first.</summary>
    public static string Marks(IReadOnlyList<LabEvent> events, Scale scale, int width)
    {
        var cells = new char[width];
        Array.Fill(cells, ' ');
        for (var i = 0; i < Math.Min(events.Count, 9); i++)
            if (Cell(events[i].Seconds, scale, width) is var cell && cells[cell] == ' ') cells[cell] = (char)('1' + i);
        return new string(cells);
    }

    static double? Greatest(double? one, double? other) => one > other ? one : other ?? one;

    static int Cell(double seconds, Scale scale, int width) => Math.Clamp((int)(seconds / scale.Seconds * width), 0, width - 1);
}
