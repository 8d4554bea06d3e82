using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Headwater.Lab;
using Headwater.Lab.Catalogue;
using Headwater.Lab.Show;
using Spectre.Console;
using Xunit;

namespace Headwater.Tests.Lab;

public partial class LabShowTests
{
    [Fact]
    public void A_row_shows_where_a_copy_stood_where_nobody_answered_and_what_must_not_be()
    {
        var scale = new Scale(10, 8);
        var copy = new Series(LabText.None, SeriesKind.Steps, [new(0, 0), new(2, 4), new(5, null), new(7, 8), new(9, 8)]);
        Assert.Equal("▁▁▅▅▅  ███", Sparkline.Of(copy, scale, 10));
        var reader = new Series(LabText.None, SeriesKind.Dots, [new(1, 1), new(3, 7), new(3.5, 2), new(6, 1, IsBad: true)]);
        Assert.Equal(" ▂ █  ×   ", Sparkline.Of(reader, scale, 10));
        Assert.Equal("1    2    ", Sparkline.Marks([new(0, LabText.None), new(5, LabText.None), new(5.2, LabText.None)], scale, 10));
        Assert.Equal(10, Sparkline.Of(new Series(LabText.None, SeriesKind.Steps, []), scale, 10).Length);
    }

    [Theory]
    [InlineData("db1 has", 7)]
    [InlineData("복제본 db2", 10)]
    [InlineData("", 0)]
    public void A_syllable_of_Hangul_is_two_columns_wide(string text, int width)
    {
        Assert.Equal(width, LabWidth.Of(text));
        Assert.Equal(9, LabWidth.Of(LabWidth.Fit(text, 9)));
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ko")]
    public void Nothing_on_a_terminal_is_wider_than_80_columns(string code)
    {
        var language = Enum.Parse<LabLanguage>(code, ignoreCase: true);
        var screen = new LabScreen(language);
        var report = Report();
        var lines = screen.List(LabCatalogue.All).Concat(report.Results.SelectMany(screen.Result)).Concat(screen.Summary(report)).Select(Markup.Remove).ToList();
        Assert.All(lines, static line => Assert.True(LabWidth.Of(line) <= 80, line));
        Assert.Contains(lines, static line => line.Contains('×', StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains(LabCatalogue.All[0].Title.In(language), StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.StartsWith("FAIL  split-brain", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ko")]
    public void The_page_is_well_formed_and_asks_nobody_for_anything(string code)
    {
        var language = Enum.Parse<LabLanguage>(code, ignoreCase: true);
        var page = LabHtml.Of(Report(), language);
        // XML is stricter than HTML: what an XML reader takes is closed and escaped throughout.
        var root = XDocument.Parse(page["<!DOCTYPE html>".Length..]).Root!;
        Assert.Equal(code, root.Attribute("lang")!.Value);
        Assert.DoesNotMatch(Address(), page);
        Assert.DoesNotContain(root.Descendants(), static element => element.Name.LocalName is "script" or "img" or "link" or "iframe" or "object");
        Assert.All(root.Descendants("a"), static link => Assert.StartsWith("#", link.Attribute("href")!.Value, StringComparison.Ordinal));
        Assert.Equal(LabCatalogue.All.Select(static scenario => scenario.Name), root.Descendants("section").Select(static section => section.Attribute("id")!.Value));
        Assert.Contains("prefers-color-scheme:dark", page, StringComparison.Ordinal);

        // Two pictures each, but for the one that came to no end; drawn from what was measured.
        Assert.Equal(2 * (LabCatalogue.All.Length - 1), root.Descendants("svg").Count());
        var first = root.Descendants("svg").First();
        Assert.Equal(2, first.Descendants("circle").Count());
        Assert.Single(first.Descendants("path"), static path => path.Attribute("class")!.Value == "bad");
        Assert.Contains("<i>& \"quoted\"</i>", root.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_goes_through_JSON_with_its_series()
    {
        var report = Report();
        var json = JsonSerializer.Serialize(report, LabJson.Default.LabReport);
        var back = JsonSerializer.Deserialize(json, LabJson.Default.LabReport)!;
        Assert.Equal(report.Results.Length, back.Results.Length);
        Assert.Equal(report.Results[0].Without!.Series[1].Points, back.Results[0].Without!.Series[1].Points);
        Assert.Equal(report.Results[0].Scenario.Explanation, back.Results[0].Scenario.Explanation);
        using var document = JsonDocument.Parse(json);
        var point = document.RootElement.GetProperty("results")[0].GetProperty("without").GetProperty("series")[0].GetProperty("points")[2];
        Assert.Equal((1.0, false), (point.GetProperty("seconds").GetDouble(), point.TryGetProperty("value", out _)));
        Assert.Equal("analysts", document.RootElement.GetProperty("results")[0].GetProperty("scenario").GetProperty("name").GetString());
    }

    /// <summary>Every scenario, with evidence that has something of everything; one could not be played.</summary>
    static LabReport Report() => new()
    {
        Version = "0",
        Server = "10.11",
        Started = DateTimeOffset.UnixEpoch,
        Seconds = 100,
        Results = [.. LabCatalogue.All.Select(static scenario => scenario.Name == "split-brain"
            ? new ScenarioResult(scenario, false, new LabText("It could not be played to its end: <i>& \"quoted\"</i>", "끝까지 실행하지 못했습니다: <i>& \"quoted\"</i>"), 3, null, null)
            : new ScenarioResult(scenario, true, new LabText("3 without, 0 with.", "보호 없이 3, 보호를 켜고 0."), 12.3, Evidence(3), Evidence(0)))],
    };

    static Evidence Evidence(double anomaly) => new()
    {
        Anomaly = anomaly,
        Tries = 20,
        Axis = new LabText("orders acknowledged by anybody", "누군가가 확인해 준 주문의 수"),
        Seconds = 4,
        Series =
        [
            new Series(new LabText("a replica with rather a long name", "이름이 상당히 긴 어떤 복제본"), SeriesKind.Steps, [new(0, 0), new(0.5, 5), new(1, null), new(2, 12_345)]),
            new Series(new LabText("a reader", "독자"), SeriesKind.Dots, [new(0.2, 1), new(1.5, 2), new(1.7, 1, IsBad: true)]),
        ],
        Events = [new(1, new LabText($"db1 is killed, {new string('x', 30)} and somebody tells of it at such length that one line is not enough", "db1을 강제 종료하고, 누군가 그 일을 한 줄로는 모자랄 만큼 길게 이야기합니다"))],
        Figures = [new(new LabText("orders acknowledged when it was the primary no more, and then some", "더는 프라이머리가 아니게 된 뒤에 확인된 주문과 그 밖의 것들"), "AFTER_COMMIT")],
    };

    [GeneratedRegex("https?:|url\\(|@import|//[a-z]", RegexOptions.IgnoreCase)]
    private static partial Regex Address();
}
