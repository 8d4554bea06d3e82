using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Headwater.Lab;
using Headwater.Lab.Catalogue;
using Headwater.WebConsole;
using Xunit;

namespace Headwater.Tests.WebConsole;

/// <summary>The lab's desk with a script in the place of headwater, which says what it is told to say.</summary>
public sealed class LabDeskTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("hw-desk-").FullName;
    readonly Scenario _scenario = LabCatalogue.Find("cache-stale")!;
    bool _isAllowed = true;

    string Place => Path.Combine(_folder, "lab");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    LabReport Report => new()
    {
        Version = "9.9",
        Server = "10.11",
        Started = DateTimeOffset.UnixEpoch,
        Seconds = 2,
        Results = [new ScenarioResult(_scenario, true, new("Old prices: 9 without the protection, 0 with it.", "옛 가격: 보호 없이 9, 보호를 켜고 0."), 2, Evidence(9), Evidence(0))],
    };

    static Evidence Evidence(double anomaly) => new() { Anomaly = anomaly, Tries = 20, Axis = LabText.Same("<price>"), Seconds = 1, Series = [new Series(LabText.Same("<script>"), SeriesKind.Dots, [new(0.5, 1, IsBad: anomaly > 0)])] };

    LabDesk Desk(params string[] script)
    {
        var file = Path.Combine(_folder, "headwater.sh");
        File.WriteAllText(file, string.Join('\n', script) + "\n");
        return new LabDesk(() => _isAllowed, Place, ["/bin/sh", file], TimeProvider.System, static () => { });
    }

    string Says(LabLine line)
    {
        var file = Path.Combine(_folder, Guid.NewGuid().ToString("N"));
        File.WriteAllText(file, JsonSerializer.Serialize(line, LabLineJson.Default.LabLine) + "\n");
        return $"cat {file}";
    }

    static async Task<LabState> UntilAsync(LabDesk desk, Predicate<LabState> reached)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(20, Ct))
            if (desk.State is { } state && reached(state)) return state;
            else if (clock.Elapsed > TimeSpan.FromSeconds(20)) throw new TimeoutException($"{desk.State}");
    }

    [Fact]
    public async Task A_run_is_watched_step_by_step_and_its_report_stays_for_those_who_come_later()
    {
        await using (var desk = Desk(Says(new LabLine(new LabStep(1, 1, _scenario, _scenario.Without))), "touch $(dirname $0)/begun", "while [ ! -e $(dirname $0)/go ]; do sleep 0.02; done", Says(new LabLine(Report: Report))))
        {
            Assert.True(desk.Run("cache-stale", dryRun: false).Applied);
            var running = await UntilAsync(desk, static state => state.Steps.Count == 1);
            Assert.Equal((true, _scenario.Without), (running.Runs, running.Steps[0].Doing));
            Assert.Equal("cache-stale is being played; one at a time.", Assert.Single(desk.Run("analysts", dryRun: true).Sentences));
            File.WriteAllText(Path.Combine(_folder, "go"), "");
            var ended = await UntilAsync(desk, static state => !state.Runs);
            Assert.True(ended.Passed);
            Assert.Equal(Report.Results[0].Sentence, ended.Ended);
        }
        await using var later = Desk();
        Assert.Equal("9.9", later.Last("cache-stale")!.Version);
        Assert.Null(later.Last("analysts"));
        Assert.Null(later.Last("../../etc/passwd"));
        // What the last run took is what the next is expected to take.
        Assert.Contains("for about 2 s", later.Run("cache-stale", dryRun: true).Sentences[0]);
    }

    [Fact]
    public async Task A_run_can_be_stopped_and_ends_with_the_desk()
    {
        string[] script = ["echo $$ > $(dirname $0)/pid", Says(new LabLine(new LabStep(1, 1, _scenario, _scenario.Without))), "while true; do sleep 0.05; done"];
        await using (var desk = Desk(script))
        {
            Assert.False(desk.Stop(dryRun: false).Applied);
            desk.Run("cache-stale", dryRun: false);
            await UntilAsync(desk, static state => state.Steps.Count == 1);
            Assert.True(desk.Stop(dryRun: true).Applied);
            Assert.True(desk.State!.Runs);
            desk.Stop(dryRun: false);
            Assert.Equal("It was stopped.", (await UntilAsync(desk, static state => !state.Runs)).Ended!.En);
            Assert.False(Directory.Exists($"/proc/{Pid}"));
            desk.Run("cache-stale", dryRun: false);
            await UntilAsync(desk, static state => state.Steps.Count == 1);
        }
        Assert.False(Directory.Exists($"/proc/{Pid}"));
    }

    string Pid => File.ReadAllText(Path.Combine(_folder, "pid")).Trim();

    [Fact]
    public async Task Why_it_could_not_be_played_is_told()
    {
        await using var desk = Desk("echo 'headwater: db2 did not serve within 30 s.'", "exit 1");
        desk.Run("cache-stale", dryRun: false);
        Assert.Equal("headwater: db2 did not serve within 30 s.", (await UntilAsync(desk, static state => !state.Runs)).Ended!.En);
        Assert.Contains("There is no scenario \"cache\"; allowed: analysts, ", desk.Run("cache", dryRun: true).Sentences[0]);
        _isAllowed = false;
        Assert.Null(desk.State);
        Assert.StartsWith("The lab is off here: http.lab is false.", desk.Run("cache-stale", dryRun: false).Sentences[0]);
    }

    [Fact]
    public async Task What_a_killed_gateway_left_is_removed()
    {
        // No process has an id so large.
        var left = Directory.CreateDirectory(Path.Combine(Place, "lab-99999999")).FullName;
        var own = Directory.CreateDirectory(Path.Combine(Place, $"lab-{Environment.ProcessId}")).FullName;
        await using (Desk())
        {
            // Its beginning is waited for by its end.
        }
        Assert.False(Directory.Exists(left));
        Assert.True(Directory.Exists(own));
    }

    [Fact]
    public void A_report_is_shown_in_the_language_that_is_asked_for_and_nothing_in_it_is_markup()
    {
        var (english, korean) = (LabReportJson.Of(Report, LabLanguage.En), LabReportJson.Of(Report, LabLanguage.Ko));
        Assert.Equal((_scenario.Title.En, _scenario.Title.Ko), (english.Scenario.Title, korean.Scenario.Title));
        Assert.Equal(Scenario.Sentences, korean.Explanation.Count);
        Assert.Equal([(false, true), (true, false)], english.Sides.Select(static side => (side.Protected, side.Bad)));
        Assert.Contains("&lt;price&gt;", english.Sides[0].Svg);
        Assert.All(english.Sides, static side => Assert.DoesNotMatch("<script|style=|href| on[a-z]+=", side.Svg));
    }
}
