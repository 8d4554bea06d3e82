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
        var told = new List<ScenarioResult>();
        var folder = Directory.CreateTempSubdirectory("headwater-lab-").FullName;
        try
        {
            var run = new LabRun(new LabRunOptions { Directory = folder, IsUnprotected = static scenario => scenario.Name == "phantom-read" }, static _ => { }, told.Add);
            var report = await run.RunAsync([LabCatalogue.Find("thundering-herd")!, LabCatalogue.Find("phantom-read")!], TestContext.Current.CancellationToken);
            Assert.Equal(report.Results, told);
            Assert.False(report.Passed);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        Assert.True(told[0].Passed, told[0].Sentence.En);
        Assert.True(told[0].Without!.Anomaly > told[0].With!.Anomaly);
        Assert.Equal("The problem was there with the protection too. Payments that were seen and are gone: 6 without the protection, 6 with it; allowed: none.", told[1].Sentence.En);
        Assert.All((Evidence[])[told[0].Without!, told[0].With!, told[1].Without!, told[1].With!], static side =>
            Assert.True(side.Tries > 0 && side.Events.Length > 0 && side.Series.All(static series => series.Points.Length > 1)));
    }
}
