using Headwater.Lab;
using Headwater.Lab.Catalogue;
using Xunit;

namespace Headwater.IntegrationTests.Lab;

/// <summary>The lab as such, by two of its quicker scenarios; all of them are played by <c>headwater lab run all</c>.</summary>
public sealed class LabTests
{
    [Fact]
    public async Task A_scenario_shows_its_problem_and_its_cure_and_one_whose_cure_is_left_out_is_red()
    {
        var (result, told) = await PlayAsync("thundering-herd", isUnprotected: false);
        Assert.True(result.Passed, result.Sentence.En);
        Assert.Same(result, Assert.Single(told));
        Assert.True(result.Without!.Anomaly > result.With!.Anomaly);
        Assert.All((Evidence[])[result.Without, result.With], static side => Assert.True(side.Tries > 0 && side.Events.Length > 0 && side.Series.All(static series => series.Points.Length > 1)));

        var (planted, _) = await PlayAsync("phantom-read", isUnprotected: true);
        Assert.False(planted.Passed);
        Assert.Equal("The problem was there with the protection too. Payments that were seen and are gone: 6 without the protection, 6 with it; allowed: none.", planted.Sentence.En);
    }

    static async Task<(ScenarioResult, List<ScenarioResult>)> PlayAsync(string name, bool isUnprotected)
    {
        var told = new List<ScenarioResult>();
        var folder = Directory.CreateTempSubdirectory("headwater-lab-").FullName;
        try
        {
            var run = new LabRun(new LabRunOptions { Directory = folder, IsUnprotected = isUnprotected }, static _ => { }, told.Add);
            return ((await run.RunAsync([LabCatalogue.Find(name)!], TestContext.Current.CancellationToken)).Results[0], told);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
