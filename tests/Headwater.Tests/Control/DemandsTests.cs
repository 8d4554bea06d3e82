using Headwater.Control;
using Headwater.Core;
using Headwater.Core.Positions;

namespace Headwater.Tests.Control;

public class DemandsTests
{
    static readonly Instant Start = new(123_456_789);

    [Fact]
    public void The_nearest_demand_is_served_first_and_met_ones_are_forgotten()
    {
        var demands = new Demands();
        demands.Add(At("0-1-30"), Start);
        demands.Add(At("0-1-10"), Start);
        demands.Add(At("0-1-20"), Start);
        Assert.True(demands.Take(At("0-1-5"), Start, out var nearest));
        Assert.Equal("0-1-10", nearest.ToString());
        Assert.True(demands.Take(At("0-1-10"), Start, out nearest));
        Assert.Equal("0-1-20", nearest.ToString());
        Assert.False(demands.Take(At("0-1-30"), Start, out nearest));
        Assert.True(nearest.IsEmpty);
    }

    [Fact]
    public void An_empty_demand_asks_for_one_sample()
    {
        var demands = new Demands();
        demands.Add(Position.Empty, Start);
        Assert.True(demands.Take(At("0-1-5"), Start, out var nearest));
        Assert.True(nearest.IsEmpty);
        Assert.False(demands.Take(At("0-1-5"), Start, out _));
    }

    [Fact]
    public void A_demand_that_is_never_met_is_forgotten_after_a_while()
    {
        var demands = new Demands();
        demands.Add(At("0-1-30"), Start);
        Assert.True(demands.Take(At("0-1-5"), Start + TimeSpan.FromSeconds(1.9), out _));
        Assert.False(demands.Take(At("0-1-5"), Start + TimeSpan.FromSeconds(2.1), out _));
    }

    [Fact]
    public void A_position_that_somebody_asked_for_is_sampled_often_for_a_second_and_then_ever_less()
    {
        var rhythm = new SampleRhythm(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(100));
        Assert.Equal([20, 40, 80, 100, 100], Enumerable.Range(0, 5).Select(_ =>
        {
            rhythm.After(demanded: false, Start);
            return (int)rhythm.Pause.TotalMilliseconds;
        }));
        rhythm.After(demanded: true, Start);
        Assert.Equal(10, rhythm.Pause.TotalMilliseconds);
        rhythm.After(demanded: false, Start + TimeSpan.FromMilliseconds(999));
        Assert.Equal(10, rhythm.Pause.TotalMilliseconds);
        rhythm.After(demanded: false, Start + TimeSpan.FromMilliseconds(1001));
        Assert.Equal(20, rhythm.Pause.TotalMilliseconds);
    }

    static Position At(string text) => Position.TryParse(text, out var position) ? position : throw new FormatException(text);
}
