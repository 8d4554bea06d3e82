using System.Globalization;
using System.Net;
using System.Text;

namespace Headwater.Lab.Show;

/// <summary>A picture over time as SVG: steps as lines, looks as dots, what must not be as red crosses, events as numbered lines. Its colours are the page's.</summary>
static class LabSvg
{
    const double Width = 640, Height = 270, Left = 46, Right = 12, Top = 20, Bottom = 34;

    public static string Of(Evidence side, Scale scale, LabLanguage language, string title)
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Text(title)}\">");
        Grid(svg, scale);
        for (var i = 0; i < side.Events.Length; i++)
        {
            var x = X(side.Events[i].Seconds, scale);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"event\" x1=\"{x:0.#}\" x2=\"{x:0.#}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/><text class=\"mark\" x=\"{x:0.#}\" y=\"{Top - 6}\">{i + 1}</text>");
        }
        // What somebody saw stands before where the copies stood.
        foreach (var kind in (SeriesKind[])[SeriesKind.Steps, SeriesKind.Dots])
            for (var i = 0; i < side.Series.Length; i++)
                if (side.Series[i].Kind == kind) Draw(svg, side.Series[i], i, scale);
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" x=\"{Left}\" y=\"{Height - 4}\">{Text(side.Axis.In(language))}</text></svg>");
        return svg.ToString();
    }

    public static string Text(string text) => WebUtility.HtmlEncode(text);

    static void Grid(StringBuilder svg, Scale scale)
    {
        var step = Scale.Step(scale.Value, 5);
        for (var value = 0.0; value <= scale.Value * 1.0001; value += step)
        {
            var y = Y(value, scale);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\"/><text class=\"tick value\" x=\"{Left - 6}\" y=\"{y + 4:0.#}\">{value:0.##}</text>");
        }
        step = Scale.Step(scale.Seconds, 8);
        for (var seconds = 0.0; seconds <= scale.Seconds * 1.0001; seconds += step)
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick time\" x=\"{X(seconds, scale):0.#}\" y=\"{Height - Bottom + 15:0.#}\">{seconds:0.##} s</text>");
    }

    static void Draw(StringBuilder svg, Series series, int number, Scale scale)
    {
        var last = double.NaN;
        if (series.Kind == SeriesKind.Steps)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path class=\"s{number}\" d=\"");
            foreach (var point in series.Points)
            {
                if (point.Value is not { } value)
                {
                    last = double.NaN;
                    continue;
                }
                var (x, y) = (X(point.Seconds, scale), Y(value, scale));
                svg.Append(CultureInfo.InvariantCulture, $"{(double.IsNaN(last) ? $"M{x:0.#} {y:0.#}" : $"H{x:0.#}V{y:0.#}")}");
                last = y;
            }
            svg.Append("\"/>");
        }
        foreach (var point in series.Points)
        {
            if (point.Value is not { } value) continue;
            var (x, y) = (X(point.Seconds, scale), Y(value, scale));
            if (point.IsBad) svg.Append(CultureInfo.InvariantCulture, $"<path class=\"bad\" d=\"M{x - 4:0.#} {y - 4:0.#}l8 8m0-8l-8 8\"/>");
            else if (series.Kind == SeriesKind.Dots) svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"s{number}\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"3\"/>");
        }
    }

    static double X(double seconds, Scale scale) => Left + Math.Min(1, seconds / scale.Seconds) * (Width - Left - Right);

    static double Y(double value, Scale scale) => Height - Bottom - value / scale.Value * (Height - Top - Bottom);
}
