using Headwater.Core;
using Headwater.Core.Alerting;
using Headwater.Core.Failover;
using Xunit;

namespace Headwater.Tests.Alerting;

public class AlertWatchTests
{
    readonly AlertWatch _watch = new();
    AlertRule _lag = new(AlertSignal.Lag, "lag", Severity.Warning, Above: true, TimeSpan.FromSeconds(30), 10);

    string Judge(int second, params (string Server, double Value)[] lags) => string.Join("; ", _watch
        .Judge([_lag], [.. lags.Select(static lag => new Reading(AlertSignal.Lag, lag.Server, lag.Value))], Instant.Zero + TimeSpan.FromSeconds(second))
        .Select(static change => $"{(change.Resolved ? "over: " : "")}{change.Alert.Sentence}"));

    [Fact]
    public void What_lasts_is_told_once_and_so_is_its_end()
    {
        Assert.Equal("", Judge(0, ("db2", 12)));
        Assert.Equal("", Judge(25, ("db2", 13)));
        Assert.Equal("db2 is 14 s behind (limit 10 s for 30 s)", Judge(30, ("db2", 14)));
        Assert.Equal("", Judge(35, ("db2", 40)));
        Assert.Equal(40, _watch.Firing.Single().Value);
        Assert.Equal("", Judge(40, ("db2", 1)));
        Assert.Equal("", Judge(69, ("db2", 1)));
        Assert.Equal("over: db2 is 40 s behind (limit 10 s for 30 s)", Judge(70, ("db2", 1)));
        Assert.Empty(_watch.Firing);
    }

    [Fact]
    public void What_comes_and_goes_is_not_told()
    {
        for (var second = 0; second < 600; second += 5) Assert.Equal("", Judge(second, ("db2", second % 25 == 0 ? 1 : 100)));
    }

    [Fact]
    public void Each_server_has_its_own()
    {
        Judge(0, ("db2", 20), ("db3", 1));
        Judge(20, ("db2", 20), ("db3", 30));
        Assert.StartsWith("db2 is 20 s", Judge(30, ("db2", 20), ("db3", 30)), StringComparison.Ordinal);
        Assert.StartsWith("db3 is 30 s", Judge(50, ("db2", 20), ("db3", 30)), StringComparison.Ordinal);
        Assert.Equal(["db2", "db3"], _watch.Firing.Select(static alert => alert.Subject));
    }

    [Fact]
    public void What_is_not_measured_any_more_is_over()
    {
        Judge(0, ("db2", 20));
        Assert.NotEqual("", Judge(30, ("db2", 20)));
        Assert.StartsWith("over: db2", Judge(35), StringComparison.Ordinal);
        // And begins anew.
        Assert.Equal("", Judge(40, ("db2", 20)));
        Assert.Equal("", Judge(65, ("db2", 20)));
        Assert.NotEqual("", Judge(70, ("db2", 20)));
    }

    [Fact]
    public void A_rule_that_is_taken_off_ends_what_it_told()
    {
        Judge(0, ("db2", 20));
        Judge(30, ("db2", 20));
        _lag = _lag with { Limit = null };
        Judge(35, ("db2", 20));
        Assert.StartsWith("over: db2", Judge(65, ("db2", 20)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(AlertSignal.DiskFree, 9.5, true)]
    [InlineData(AlertSignal.DiskFree, 10.5, false)]
    [InlineData(AlertSignal.HostCpu, 95, true)]
    [InlineData(AlertSignal.WrongReads, 1, true)]
    [InlineData(AlertSignal.WrongReads, 0, false)]
    public void Too_little_and_too_much(AlertSignal signal, double value, bool amiss)
    {
        var rule = AlertRules.Of(signal);
        Assert.Equal(amiss, rule.IsAmiss(value));
        Assert.NotEqual("", rule.Sentence("/var/lib/headwater", value));
    }
}
