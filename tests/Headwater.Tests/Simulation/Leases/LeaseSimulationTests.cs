namespace Headwater.Tests.Simulation.Leases;

public class LeaseSimulationTests(ITestOutputHelper output)
{
    const ulong Seeds = 600;

    [Fact]
    public void Nobody_acts_who_does_not_hold_the_lease_whatever_stands_still_or_is_late()
    {
        var (orders, refused, terms, records) = (0, 0, 0, 0);
        for (var seed = 1UL; seed <= Seeds; seed++)
        {
            var run = new LeaseRun(seed, Omission.None);
            Assert.True(run.Violations.Count == 0, $"seed {seed}: {run.Violations.FirstOrDefault()}");
            (orders, refused, terms, records) = (orders + run.Orders, refused + run.Refused, terms + run.Terms, records + run.Records);
        }
        output.WriteLine($"{Seeds} seeds: {orders} orders done, {refused} refused as late, {records} records written, {terms} terms");
        Assert.True(terms > 1000 && refused > 1000 && records > 10_000, "nothing much happened");
    }

    [Theory]
    [InlineData(Omission.Margin)]
    [InlineData(Omission.CountedFromTheAnswer)]
    [InlineData(Omission.RefusedByServersWhenLate)]
    [InlineData(Omission.WrittenOnCondition)]
    public void What_is_left_out_of_the_argument_shows(Omission omission)
    {
        for (var seed = 1UL; seed <= Seeds; seed++)
            if (new LeaseRun(seed, omission).Violations is { Count: > 0 } found)
            {
                output.WriteLine($"seed {seed}: {found[0]}");
                return;
            }
        Assert.Fail($"{omission} was not missed in {Seeds} seeds");
    }
}
