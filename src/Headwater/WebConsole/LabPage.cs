using Headwater.Lab;
using Headwater.Lab.Catalogue;
using Headwater.Lab.Show;

namespace Headwater.WebConsole;

/// <summary>/api/lab: the scenarios, in the language that was asked for, and what each came to when it was last played here.</summary>
/// <param name="Hindrance">Why nothing can be played here; left out where it can.</param>
sealed record LabListJson(string? Hindrance, IReadOnlyList<LabScenarioJson> Scenarios)
{
    public static LabListJson Of(LabDesk desk, LabLanguage language) => new(desk.Hindrance(), [.. LabCatalogue.All.Select(scenario => LabScenarioJson.Of(scenario, desk.Last(scenario.Name), language))]);
}

/// <param name="Last">What it came to when it was last played here; left out where it never was.</param>
sealed record LabScenarioJson(string Name, string Title, string Question, string Without, string With, string Anomaly, int Seconds, LabVerdictJson? Last)
{
    public static LabScenarioJson Of(Scenario scenario, LabReport? last, LabLanguage language) => new(scenario.Name, scenario.Title.In(language), scenario.Question.In(language), scenario.Without.In(language), scenario.With.In(language),
        scenario.Anomaly.In(language), scenario.Seconds, last is null ? null : new LabVerdictJson(last.Started, last.Results[0].Passed, last.Results[0].Sentence.In(language)));
}

sealed record LabVerdictJson(DateTimeOffset At, bool Passed, string Sentence);

/// <summary>/api/lab?scenario=NAME: its last report, ready to be shown; the pictures are SVG that names no colour and has no script in it.</summary>
sealed record LabReportJson(LabScenarioJson Scenario, IReadOnlyList<string> Explanation, string Version, string Server, double Seconds, IReadOnlyList<LabSideJson> Sides)
{
    public static LabReportJson Of(LabReport report, LabLanguage language)
    {
        var result = report.Results[0];
        var (scenario, scale) = (result.Scenario, Scale.Of(result.Without, result.With));
        LabSideJson Side(bool isProtected, Evidence side)
        {
            var told = (isProtected ? scenario.With : scenario.Without).In(language);
            return new LabSideJson(isProtected, told, LabSvg.Of(side, scale, language, told), [.. side.Series.Select(series => new LabSeriesJson(series.Name.In(language), series.Kind == SeriesKind.Dots))],
                side.Series.Any(static series => series.Points.Any(static point => point.IsBad)), [.. side.Events.Select(one => new LabEventJson(one.Seconds, one.Text.In(language)))],
                [.. side.Figures.Select(figure => new LabFigureJson(figure.Name.In(language), figure.Value))]);
        }
        return new LabReportJson(LabScenarioJson.Of(scenario, report, language), [.. scenario.Explanation.Select(text => text.In(language))], report.Version, report.Server, report.Seconds,
            [.. new[] { result.Without is { } without ? Side(false, without) : null, result.With is { } with ? Side(true, with) : null }.OfType<LabSideJson>()]);
    }
}

/// <param name="Bad">It has crosses: what must not be.</param>
sealed record LabSideJson(bool Protected, string Told, string Svg, IReadOnlyList<LabSeriesJson> Series, bool Bad, IReadOnlyList<LabEventJson> Events, IReadOnlyList<LabFigureJson> Figures);

sealed record LabSeriesJson(string Name, bool Dots);

sealed record LabEventJson(double Seconds, string Text);

sealed record LabFigureJson(string Name, string Value);
