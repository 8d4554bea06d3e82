using Headwater.Core.Positions;
using Xunit;

namespace Headwater.Tests.Simulation;

public class SimulationTests(ITestOutputHelper output)
{
    static readonly ulong Seeds = ulong.TryParse(Environment.GetEnvironmentVariable("HEADWATER_SEEDS"), out var seeds) ? seeds : 2_000;

    [Fact]
    public void No_level_is_ever_violated_and_no_session_gets_stuck()
    {
        var verdict = new Verdict();
        for (var seed = 1UL; seed <= Seeds; seed++) Simulated.Run(seed, Fault.None, verdict);
        output.WriteLine($"{Seeds} seeds, reads by level: " + string.Join(", ", verdict.Reads.Select((n, i) => $"{(LevelKind)i} {n}")));
        output.WriteLine("reasons: " + string.Join(", ", verdict.Reasons.OrderByDescending(r => r.Value).Select(r => $"{r.Key} {r.Value}")));
        output.WriteLine($"{verdict.Fills} results kept, {verdict.Merged} shared while they were read");
        Assert.True(verdict.Bad == 0 && verdict.Stuck == 0, $"{verdict.Bad} violations, {verdict.Stuck} stuck; first: {verdict.First}");
    }

    [Theory]
    [InlineData(Fault.SampleDatedByItsAnswer)]
    [InlineData(Fault.IncarnationForgotten)]
    [InlineData(Fault.LowerBoundTakenAsUpper)]
    [InlineData(Fault.LoggedTakenAsVisible)]
    [InlineData(Fault.BinlogPositionTakenAsApplied)]
    [InlineData(Fault.WriteForgotten)]
    [InlineData(Fault.TokenWithoutTheLastRead)]
    [InlineData(Fault.ReadDatedByItsStart)]
    [InlineData(Fault.HistoryForgotten)]
    [InlineData(Fault.TokenIgnored)]
    [InlineData(Fault.SampleOfAnotherHistory)]
    [InlineData(Fault.FillWithoutBound)]
    [InlineData(Fault.RowSkipped)]
    [InlineData(Fault.ExtentAhead)]
    [InlineData(Fault.DefinitionSkipped)]
    [InlineData(Fault.UnsettledOverAnEpoch)]
    [InlineData(Fault.OldNumbers)]
    [InlineData(Fault.MergeUncovered)]
    [InlineData(Fault.LostBranchKept)]
    [InlineData(Fault.ResultForgotten)]
    [InlineData(Fault.PlannedChangeUnheard)]
    public void A_planted_fault_is_found(object planted)
    {
        var fault = (Fault)planted;
        var verdict = new Verdict();
        var seed = 1UL;
        while (seed <= 4_000 && verdict.Bad == 0) Simulated.Run(seed++, fault, verdict);
        output.WriteLine($"{fault} found after {seed - 1} seeds: {verdict.First}");
        Assert.True(verdict.Bad > 0, $"{fault} was not found in {seed - 1} seeds");
    }
}
