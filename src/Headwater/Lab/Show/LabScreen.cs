using System.Globalization;
using Spectre.Console;

namespace Headwater.Lab.Show;

/// <summary>What the lab says on a terminal of 80 columns, as lines of Spectre's markup.</summary>
sealed class LabScreen(LabLanguage language)
{
    const int Width = 80, Indent = 2, Label = 27, Cells = Width - Indent - Label - 1 - 5;

    public IEnumerable<string> Result(ScenarioResult result)
    {
        var scenario = result.Scenario;
        yield return "";
        yield return Bold($"{scenario.Title.In(language)}") + Grey($"  ({scenario.Name})");
        foreach (var line in Lines(scenario.Question)) yield return line;
        var scale = Scale.Of(result.Without, result.With);
        foreach (var (isProtected, told, side) in ((bool, LabText, Evidence?)[])[(false, scenario.Without, result.Without), (true, scenario.With, result.With)])
        {
            if (side is null) continue;
            yield return "";
            var word = isProtected ? new LabText("WITH", "보호 켬") : new LabText("WITHOUT", "보호 없음");
            yield return Bold(word.In(language)) + "  " + Markup.Escape(told.In(language));
            foreach (var line in Picture(side, scale)) yield return line;
        }
        yield return "";
        foreach (var line in LabWidth.Wrap(string.Join(' ', scenario.Explanation.Select(sentence => sentence.In(language))), Width)) yield return Markup.Escape(line);
        yield return "";
        foreach (var line in LabWidth.Wrap($"{Word(result.Passed)}  {result.Sentence.In(language)} ({Seconds(result.Seconds)})", Width)) yield return result.Passed ? Green(line) : Red(line);
    }

    public IEnumerable<string> Summary(LabReport report)
    {
        yield return "";
        foreach (var result in report.Results)
        {
            var line = $"{Word(result.Passed)}  {LabWidth.Fit(result.Scenario.Name, 24)} {LabWidth.Fit(result.Scenario.Title.In(language), 38)} {Seconds(result.Seconds),7}";
            yield return result.Passed ? Green(line) : Red(line);
        }
        var right = report.Results.Count(static result => result.Passed);
        yield return Markup.Escape(new LabText($"{right} of {report.Results.Length} as they must be, in {Seconds(report.Seconds)}.", $"{report.Results.Length}개 가운데 {right}개가 기대대로였습니다({Seconds(report.Seconds)}).").In(language));
    }

    public IEnumerable<string> List(IEnumerable<Scenario> scenarios)
    {
        foreach (var scenario in scenarios)
        {
            yield return Bold(LabWidth.Fit(scenario.Name, 24)) + Markup.Escape(scenario.Title.In(language));
            foreach (var line in LabWidth.Wrap(scenario.Question.In(language), Width - 24)) yield return new string(' ', 24) + Grey(line);
        }
    }

    IEnumerable<string> Picture(Evidence side, Scale scale)
    {
        var left = new string(' ', Indent);
        foreach (var series in side.Series)
        {
            var cells = Markup.Escape(Sparkline.Of(series, scale, Cells)).Replace($"{Sparkline.Bad}", Red($"{Sparkline.Bad}"), StringComparison.Ordinal);
            var last = series.Points.LastOrDefault(static point => point.Value is not null).Value?.ToString("0.#", CultureInfo.InvariantCulture) ?? "";
            yield return left + Markup.Escape(LabWidth.Fit(series.Name.In(language), Label)) + ' ' + cells + Grey($"{last,5}");
        }
        var under = left + new string(' ', Label + 1);
        if (!side.Events.IsEmpty) yield return under + Bold(Sparkline.Marks(side.Events, scale, Cells));
        var end = Seconds(scale.Seconds);
        yield return left + Grey(LabWidth.Fit(side.Axis.In(language), Label + 1) + "0 s" + end.PadLeft(Cells - 3));
        for (var i = 0; i < side.Events.Length; i++)
        {
            var first = true;
            foreach (var line in LabWidth.Wrap($"{Seconds(side.Events[i].Seconds)} {side.Events[i].Text.In(language)}", Width - Indent - 3))
            {
                yield return left + (first ? Bold($"{i + 1}  ") : "   ") + Markup.Escape(line);
                first = false;
            }
        }
        foreach (var figure in side.Figures) yield return left + Markup.Escape(LabWidth.Fit(figure.Name.In(language), 63)) + Markup.Escape(figure.Value.PadLeft(14));
    }

    IEnumerable<string> Lines(LabText text) => LabWidth.Wrap(text.In(language), Width).Select(static line => Markup.Escape(line));

    static string Word(bool passed) => passed ? "PASS" : "FAIL";

    static string Seconds(double seconds) => seconds.ToString("0.0", CultureInfo.InvariantCulture) + " s";

    static string Bold(string text) => $"[bold]{Markup.Escape(text)}[/]";
    static string Grey(string text) => $"[grey]{Markup.Escape(text)}[/]";
    static string Red(string text) => $"[red]{Markup.Escape(text)}[/]";
    static string Green(string text) => $"[green]{Markup.Escape(text)}[/]";
}
