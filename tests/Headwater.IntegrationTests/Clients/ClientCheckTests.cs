using Xunit;

namespace Headwater.IntegrationTests.Clients;

public class ClientCheckTests
{
    [Fact]
    public void A_script_that_stops_early_is_a_failure_even_when_all_it_said_was_ok()
    {
        var checks = ClientCheck.Parse(["ok 1 - first (3 ms)"], exitCode: 0, "");
        Assert.Equal(["first", "the script came to its end"], checks.Select(check => check.Name));
        Assert.False(checks[^1].Ok);
    }

    [Fact]
    public void A_failed_line_carries_what_the_script_said_below_it()
    {
        var checks = ClientCheck.Parse(["ok 1 - a # SKIP no TLS", "not ok 2 - b", "# expected 1", "# found 2", "1..2"], exitCode: 0, "");
        Assert.Equal("no TLS", checks[0].Skipped);
        Assert.False(checks[1].Ok);
        Assert.Equal(" expected 1\n found 2\n", checks[1].Detail);
        Assert.True(checks[2].Ok);
    }
}
