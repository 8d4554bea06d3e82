using Headwater.Core;

namespace Headwater.Tests;

public class PaceTests
{
    static readonly Instant _begin = new(4_711);

    static Instant After(double seconds) => _begin + TimeSpan.FromSeconds(seconds);

    /// <summary>So many a second, told four times a second.</summary>
    static Pace Steady(Pace pace, double from, double until, long perSecond)
    {
        for (var at = from + 0.25; at <= until; at += 0.25) pace = pace.More(perSecond / 4, After(at));
        return pace;
    }

    [Fact]
    public void Steady_work_tells_its_rate_and_how_long_the_rest_takes()
    {
        var seen = Steady(Pace.Begin(WorkUnit.Rows, _begin).Expect(10_000), 0, 60, 100).Seen(After(60));
        Assert.Equal((6_000, 10_000), (seen.Done, seen.Of));
        Assert.Equal(100, seen.PerSecond!.Value, 2.0);
        Assert.Equal(40, seen.RemainingSeconds!.Value, 1.0);
        Assert.Equal(0.6, seen.Share);
        Assert.Equal("6,000 of 10,000 rows (60 %), 100 rows/s, about 40 s left", seen.ToString());
    }

    [Fact]
    public void The_rate_is_that_of_the_last_while_and_not_of_the_hour_before()
    {
        var pace = Steady(Pace.Begin(WorkUnit.Rows, _begin).Expect(1_000_000), 0, 3600, 200);
        Assert.InRange(pace.Seen(After(3600)).PerSecond!.Value, 195, 205);
        pace = Steady(pace, 3600, 3620, 20);
        Assert.InRange(pace.Seen(After(3620)).PerSecond!.Value, 19, 21);
    }

    [Fact]
    public void In_its_first_second_nothing_is_said_of_the_rate()
    {
        var seen = Pace.Begin(WorkUnit.Rows, _begin).Expect(1_000).At(100, After(0.5)).Seen(After(0.9));
        Assert.Null(seen.PerSecond);
        Assert.Null(seen.RemainingSeconds);
        Assert.Equal("100 of 1,000 rows (10 %)", seen.ToString());
    }

    [Fact]
    public void Work_that_stands_still_is_seen_to_though_nobody_tells_anything()
    {
        var pace = Steady(Pace.Begin(WorkUnit.Transactions, _begin).Expect(10_000), 0, 30, 100);
        // Slower and slower, and then not at all.
        Assert.InRange(pace.Seen(After(36)).PerSecond!.Value, 50, 75);
        var seen = pace.Seen(After(46));
        Assert.Equal(0, seen.PerSecond);
        Assert.Null(seen.RemainingSeconds);
        Assert.Equal("3,000 of 10,000 transactions (30 %), standing still", seen.ToString());
        // It goes on: at first the stall counts in, then no more.
        pace = Steady(pace, 100, 101, 100);
        Assert.InRange(pace.Seen(After(101)).PerSecond!.Value, 0.5, 10);
        Assert.InRange(Steady(pace, 101, 120, 100).Seen(After(120)).PerSecond!.Value, 95, 105);
    }

    [Fact]
    public void It_stands_still_too_when_the_last_of_it_came_between_two_marks()
    {
        var pace = Steady(Pace.Begin(WorkUnit.Rows, _begin).Expect(10_000), 0, 30.75, 100);
        Assert.Equal(0, pace.Seen(After(46)).PerSecond);
        Assert.Null(pace.Seen(After(3600)).RemainingSeconds);
    }

    [Fact]
    public void Nobody_knows_how_long_it_takes_while_nobody_knows_how_much_there_is()
    {
        var seen = Steady(Pace.Begin(WorkUnit.Rows, _begin), 0, 20, 100).Seen(After(20));
        Assert.Null(seen.Of);
        Assert.Null(seen.Share);
        Assert.Null(seen.RemainingSeconds);
        Assert.Equal("2,000 rows, 100 rows/s", seen.ToString());
    }

    [Fact]
    public void An_estimate_never_says_that_all_is_done()
    {
        var seen = Steady(Pace.Begin(WorkUnit.Rows, _begin).Guess(2_000), 0, 20, 100).Seen(After(20));
        Assert.Equal(0.99, seen.Share);
        Assert.Null(seen.RemainingSeconds);
        Assert.Equal("2,000 of about 2,000 rows (99 %), 100 rows/s", seen.ToString());
    }

    [Fact]
    public void An_estimate_that_has_been_passed_is_told_no_more()
    {
        var seen = Steady(Pace.Begin(WorkUnit.Rows, _begin).Guess(1_900), 0, 20, 100).Seen(After(20));
        Assert.Null(seen.Of);
        Assert.Null(seen.Share);
        Assert.Null(seen.RemainingSeconds);
        Assert.Equal("2,000 rows, 100 rows/s", seen.ToString());
        Assert.Equal("10 rows", Pace.Begin(WorkUnit.Rows, _begin).Guess(0).At(10, _begin).Seen(_begin).ToString());
    }

    [Fact]
    public void What_is_known_exactly_ends_with_all_of_it_and_nothing_left()
    {
        var pace = Steady(Pace.Begin(WorkUnit.Rows, _begin).Expect(10_000), 0, 20, 100);
        Assert.Equal(0.99, pace.At(9_999, After(21)).Seen(After(21)).Share);
        var seen = pace.At(10_000, After(21)).Seen(After(21));
        Assert.Equal(1, seen.Share);
        Assert.Equal(0, seen.RemainingSeconds);
        Assert.Equal("10,000 of 10,000 rows (100 %), 627 rows/s", seen.ToString());
        // There came more than was counted: not 104 %, and no time before now.
        var more = pace.At(10_400, After(21)).Seen(After(21));
        Assert.Equal(1, more.Share);
        Assert.Equal(0, more.RemainingSeconds);
        Assert.Equal(1, Pace.Begin(WorkUnit.Rows, _begin).Expect(0).Seen(_begin).Share);
    }

    [Fact]
    public void Work_that_is_taken_back_and_begun_anew_has_no_negative_rate()
    {
        var pace = Steady(Pace.Begin(WorkUnit.Rows, _begin).Expect(10_000), 0, 20, 100).At(0, After(21));
        var seen = pace.Seen(After(22));
        Assert.Equal(0, seen.Done);
        Assert.Equal("0 of 10,000 rows (0 %), standing still", seen.ToString());
        Assert.Null(seen.RemainingSeconds);
    }

    [Fact]
    public void Before_the_first_piece_is_done_nothing_is_called_a_stall_for_a_while()
    {
        var pace = Pace.Begin(WorkUnit.Transactions, _begin).Expect(100);
        Assert.Equal("0 of 100 transactions (0 %)", pace.Seen(After(10)).ToString());
        Assert.Equal("0 of 100 transactions (0 %), standing still", pace.Seen(After(20)).ToString());
    }

    [Fact]
    public void What_was_done_before_says_nothing_of_the_pace()
    {
        var seen = Steady(Pace.Begin(WorkUnit.Rows, _begin, done: 5_000).Expect(6_000), 0, 5, 100).Seen(After(5));
        Assert.Equal(5_500, seen.Done);
        Assert.Equal(100, seen.PerSecond!.Value, 2.0);
        Assert.Equal(5, seen.RemainingSeconds!.Value, 0.2);
    }

    [Theory]
    [InlineData(0.2, "about 1 s left")]
    [InlineData(99, "about 99 s left")]
    [InlineData(120, "about 2 min left")]
    [InlineData(5_900, "about 98 min left")]
    [InlineData(7_300, "about 2 h left")]
    [InlineData(432_000, "about 5 days left")]
    public void What_is_left_is_told_as_coarsely_as_it_is_known(double seconds, string told) =>
        Assert.Equal(told, new Progress(1, 2, false, WorkUnit.Rows, 1, seconds).Left);

    [Fact]
    public void What_would_take_for_ever_is_not_told() =>
        Assert.Null(Pace.Begin(WorkUnit.Rows, _begin).Expect(long.MaxValue).At(1, After(10)).Seen(After(10)).RemainingSeconds);

    [Fact]
    public void Bytes_are_told_in_a_size_that_can_be_read() =>
        Assert.Equal("1.50 GB of about 3.00 GB (50 %), 75.0 MB/s, about 20 s left", new Progress(1_500_000_000, 3_000_000_000, true, WorkUnit.Bytes, 75e6, 20).ToString());

    [Fact]
    public void A_pace_keeps_no_more_than_it_needs()
    {
        var pace = Steady(Pace.Begin(WorkUnit.Rows, _begin).Expect(1_000_000), 0, 10_000, 100);
        var first = GC.GetAllocatedBytesForCurrentThread();
        pace.More(1, After(10_001));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - first, 0, 2_000);
    }
}
