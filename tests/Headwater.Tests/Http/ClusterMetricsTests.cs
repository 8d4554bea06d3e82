using Headwater.Core.Topology;
using Headwater.Http;
using Xunit;

namespace Headwater.Tests.Http;

public class ClusterMetricsTests
{
    static string[] Lines(ClusterView view)
    {
        var text = new PrometheusText();
        ClusterMetrics.Write(text, view);
        return text.ToString().Split('\n');
    }

    [Fact]
    public void Lag_is_told_in_seconds_and_transactions()
    {
        var lines = Lines(Views.OfThree());
        Assert.Contains("headwater_server_lag_seconds{server=\"db2\"} 0.04", lines);
        Assert.Contains("headwater_server_lag_transactions{server=\"db2\"} 10", lines);
        Assert.Contains("headwater_server_position_sequence{server=\"db1\",domain=\"0\"} 110", lines);
        Assert.Contains("headwater_server_info{server=\"db2\",role=\"replica\",health=\"up\",tags=\"analytics,delayed\",zone=\"\",version=\"\"} 1", lines);
    }

    [Fact]
    public void A_stopped_replica_is_never_0_seconds_behind()
    {
        var lines = Lines(Views.OfThree());
        Assert.DoesNotContain(lines, static line => line.StartsWith("headwater_server_lag_seconds{server=\"db3\"", StringComparison.Ordinal));
        Assert.Contains("headwater_server_replicating{server=\"db3\"} 0", lines);
        Assert.Contains("headwater_server_up{server=\"db3\"} 0", lines);
        Assert.Contains("headwater_server_lag_transactions{server=\"db3\"} 20", lines);
    }

    [Theory]
    [InlineData(true, true, true, "listening; the primary is db1")]
    [InlineData(true, false, true, "listening; reads are served by 1 copy, writes wait for a primary: gone: db1 is down; db2 is up; db3 is draining (replication is stopped)")]
    [InlineData(false, true, false, "the gateway is not listening (starting, or stopping and draining its sessions)")]
    public void Readiness_says_why(bool listening, bool hasPrimary, bool ready, string sentence)
    {
        var view = Views.OfThree();
        if (!hasPrimary)
            view = view with
            {
                Primary = null,
                Reason = "gone",
                Servers = [view.Servers[0] with { Health = ServerHealth.Down }, view.Servers[1] with { Tags = ServerTags.None }, view.Servers[2]],
            };
        Assert.Equal(new Readiness(ready, sentence), Readiness.Of(listening, view));
    }

    [Fact]
    public void A_view_of_nothing_that_may_be_read_is_not_ready()
    {
        var readiness = Readiness.Of(true, new ClusterView { Cluster = "shop" });
        Assert.Equal(new Readiness(false, "listening, but neither a primary nor a copy that may be read is known: no server was looked at yet"), readiness);
    }
}
