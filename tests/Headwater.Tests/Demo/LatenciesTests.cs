using Headwater.Demo;
using Xunit;

namespace Headwater.Tests.Demo;

public class LatenciesTests
{
    [Fact]
    public void Percentiles_are_at_most_a_sixteenth_above_the_true_value()
    {
        var latencies = new Latencies();
        for (var i = 1; i <= 10_000; i++) latencies.Add(TimeSpan.FromMicroseconds(i * 7));
        var took = latencies.Take();
        Assert.Equal(10_000, took.Count);
        foreach (var (got, share) in new[] { (took.P50, 0.50), (took.P95, 0.95), (took.P99, 0.99) })
            Assert.InRange(got.TotalMicroseconds, 70_000 * share, 70_000 * share * (1 + 1.0 / 16) + 1);
    }

    [Fact]
    public void A_look_is_about_the_time_since_the_last_one()
    {
        var latencies = new Latencies();
        latencies.Add(TimeSpan.FromSeconds(1));
        latencies.Take();
        latencies.Add(TimeSpan.FromMicroseconds(3));
        var took = latencies.Take();
        Assert.Equal((1, TimeSpan.FromMicroseconds(3)), (took.Count, took.P99));
        Assert.Equal(0, latencies.Take().Count);
        Assert.Equal(2, latencies.All);
    }

    [Fact]
    public void Durations_from_nothing_to_days_are_counted()
    {
        var latencies = new Latencies();
        latencies.Add(TimeSpan.Zero);
        latencies.Add(TimeSpan.FromDays(30));
        Assert.True(latencies.Take().P99 >= TimeSpan.FromDays(30));
    }
}
