using Headwater.Lab;
using Headwater.Lab.Catalogue;
using Xunit;

namespace Headwater.IntegrationTests.Lab;

/// <summary>The lab as such, by two of its quicker scenarios; all of them are played by <c>headwater lab run all</c>.</summary>
public sealed class LabTests
{
    [Fact]
    public async Task A_scenario_shows_its_problem_and_its_cure_and_is_red_where_the_cure_is_left_out()
    {
        Scenario[] scenarios = [LabCatalogue.Find("thundering-herd")!, LabCatalogue.Find("phantom-read")!];
        var (report, told) = await PlayAsync(scenarios, isUnprotected: false);
        Assert.True(report.Passed, string.Join('\n', report.Results.Select(static result => result.Sentence.En)));
        Assert.Equal(scenarios, told.Select(static result => result.Scenario));
        Assert.All(told, static result =>
        {
            Assert.True(result.Without!.Anomaly > result.With!.Anomaly);
            Assert.True(result.Without.Tries > 0 && result.With.Tries > 0);
            Assert.All((Evidence[])[result.Without, result.With], static side => Assert.True(side.Events.Length > 0 && side.Series.All(static series => series.Points.Length > 1)));
        });

        var (unprotected, _) = await PlayAsync([scenarios[1]], isUnprotected: true);
        Assert.False(unprotected.Passed);
        Assert.Contains("The problem was there with the protection too", unprotected.Results[0].Sentence.En, StringComparison.Ordinal);
    }

    static async Task<(LabReport, List<ScenarioResult>)> PlayAsync(Scenario[] scenarios, bool isUnprotected)
    {
        var told = new List<ScenarioResult>();
        var folder = Directory.CreateTempSubdirectory("headwater-lab-").FullName;
        try
        {
            var run = new LabRun(new LabRunOptions { Directory = folder, IsUnprotected = isUnprotected }, static _ => { }, told.Add);
            return (await run.RunAsync(scenarios, TestContext.Current.CancellationToken), told);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
