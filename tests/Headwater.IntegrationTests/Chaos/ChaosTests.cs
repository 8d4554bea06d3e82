using System.Globalization;
using Headwater.Bench.Chaos;

namespace Headwater.IntegrationTests.Chaos;

/// <summary>The short form of bench/chaos: servers die under load, and every server is held against what every session was told.</summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    static readonly ulong _seed = ulong.TryParse(Environment.GetEnvironmentVariable("HEADWATER_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : 20261121;

    [Fact]
    public void Nothing_that_was_acknowledged_is_lost_when_servers_die_or_stop() => Assert.Equal(0, Violations(new ChaosOptions { Rounds = 6, Seed = _seed }));

    /// <summary>A checker that misses these would prove nothing.</summary>
    [Theory]
    [InlineData("lose")]
    [InlineData("double")]
    public void A_write_that_is_taken_away_or_done_twice_behind_the_log_is_found(string plant) =>
        Assert.NotEqual(0, Violations(new ChaosOptions { Rounds = 1, Faults = ["glitch"], Seed = _seed, Plant = plant }));

    int Violations(ChaosOptions options)
    {
        using var text = new StringWriter();
        var (violations, _) = ChaosRun.Run(options, text);
        output.WriteLine(text.ToString());
        return violations;
    }
}
