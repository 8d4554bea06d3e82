using Xunit;

namespace Headwater.Tests.Simulation.Clusters;

public class ClusterSimulationTests(ITestOutputHelper output)
{
    [Fact]
    public void No_acknowledged_write_is_lost_and_nobody_is_left_against_its_role_whatever_dies()
    {
        var runs = new ManyRuns(Breakage.None, 1, 2_000);
        runs.Go();
        output.WriteLine(runs.Tally.ToString());
        Assert.True(runs.Violations.Count == 0, $"{runs.Violations.Count} of {runs.Tally.Seeds} seeds: {string.Join('\n', runs.Violations.Take(10))}\n{runs.Story}\nagain: HEADWATER_SEED={runs.Failed.Keys.FirstOrDefault()} dotnet run -c Release --project bench/simulation");
    }

    [Theory]
    [InlineData(Breakage.BoundIgnored)]
    [InlineData(Breakage.RankedByWhatIsApplied)]
    [InlineData(Breakage.AcknowledgersNotWaitedFor)]
    [InlineData(Breakage.AcknowledgersForgottenAtOnce)]
    [InlineData(Breakage.PromotedBeforeTheJournal)]
    [InlineData(Breakage.NotFenced)]
    [InlineData(Breakage.OwnSilenceTakenForDeath)]
    [InlineData(Breakage.EpochNotRaised)]
    [InlineData(Breakage.NotDrained)]
    [InlineData(Breakage.GlitchTakenForDeath)]
    [InlineData(Breakage.FormerPrimaryLeftWritable)]
    [InlineData(Breakage.TailIgnored)]
    [InlineData(Breakage.RestartTakenForProof)]
    [InlineData(Breakage.AppointmentForgotten)]
    [InlineData(Breakage.MoreWasShown)]
    public void A_broken_rule_is_found(Breakage breakage)
    {
        var runs = new ManyRuns(breakage, 1, 2_000) { StopsAtTheFirst = true };
        runs.Go();
        Assert.True(runs.Violations.Count > 0, $"{breakage} was not found in {runs.Tally.Seeds} seeds");
        output.WriteLine($"{breakage}: found after {runs.Tally.Seeds} seeds: {runs.Violations.First()}");
    }
}
