using Headwater.Lab;
using Headwater.Lab.Catalogue;
using Xunit;

namespace Headwater.Tests.Lab;

public class VerdictTests
{
    static readonly Scenario Counted = LabCatalogue.Find("my-comment-is-gone")! with { Demand = Demand.Gone(10) };
    static readonly Scenario Measured = LabCatalogue.Find("analysts")! with { Demand = Demand.AtMost(0.5, "ms", 10) };

    [Theory]
    [InlineData(7, 0, true)]
    [InlineData(7, 1, false)]
    [InlineData(0, 0, false)]
    [InlineData(0, 3, false)]
    public void What_is_counted_is_seen_without_the_protection_and_never_with_it(double without, double with, bool passes) =>
        Assert.Equal(passes, Verdict.Of(Counted, Seen(without), Seen(with)).Passed);

    [Theory]
    [InlineData(20, 10, true)]
    [InlineData(20, 10.1, false)]
    [InlineData(20, 0, true)]
    [InlineData(0, 0, false)]
    [InlineData(20, double.NaN, false)]
    [InlineData(double.NaN, 0, false)]
    public void What_is_measured_falls_to_the_share_that_is_demanded(double without, double with, bool passes) =>
        Assert.Equal(passes, Verdict.Of(Measured, Seen(without), Seen(with)).Passed);

    [Theory]
    [InlineData(9, 10)]
    [InlineData(10, 9)]
    [InlineData(10, 0)]
    public void A_run_that_hardly_tried_proves_nothing(long without, long with)
    {
        Assert.False(Verdict.Of(Counted, Seen(7) with { Tries = without }, Seen(0) with { Tries = with }).Passed);
        Assert.True(Verdict.Of(Counted, Seen(7) with { Tries = 10 }, Seen(0) with { Tries = 10 }).Passed);
    }

    [Fact]
    public void A_scenario_whose_protection_was_left_out_is_red_whatever_it_is()
    {
        foreach (var scenario in LabCatalogue.All)
        {
            var unprotected = Seen(40) with { Tries = 100_000 };
            Assert.False(Verdict.Of(scenario, unprotected, unprotected).Passed);
            Assert.True(Verdict.Of(scenario, unprotected, unprotected with { Anomaly = 0 }).Passed);
        }
    }

    [Fact]
    public void The_sentence_says_what_was_found_and_what_is_allowed()
    {
        Assert.Equal("Reads without the author's own comment: 7 without the protection, 0 with it.", Verdict.Of(Counted, Seen(7), Seen(0)).Sentence.En);
        Assert.Equal("자기 댓글이 빠진 읽기: 보호 없이 7, 보호를 켜고 0.", Verdict.Of(Counted, Seen(7), Seen(0)).Sentence.Ko);
        Assert.EndsWith("7 without the protection, 2 with it; allowed: none.", Verdict.Of(Counted, Seen(7), Seen(2)).Sentence.En, StringComparison.Ordinal);
        Assert.EndsWith("20.0 ms without the protection, 15.0 ms with it; allowed: at most 50 % of what it was without.", Verdict.Of(Measured, Seen(20), Seen(15)).Sentence.En, StringComparison.Ordinal);
        Assert.StartsWith("Without the protection the problem was not seen", Verdict.Of(Counted, Seen(0), Seen(0)).Sentence.En, StringComparison.Ordinal);
        Assert.Equal("The run with the protection made 3 tries; fewer than 10 show nothing.", Verdict.Of(Counted, Seen(7), Seen(0) with { Tries = 3 }).Sentence.En);
    }

    static Evidence Seen(double anomaly) => new() { Anomaly = anomaly, Tries = 50, Axis = LabText.None, Seconds = 3 };
}
