using Headwater.Http;
using Xunit;

namespace Headwater.Tests.Http;

public class PrometheusTextTests
{
    [Fact]
    public void A_family_is_written_with_help_type_and_escaped_labels()
    {
        var text = new PrometheusText();
        text.Counter("headwater_reads_total", "Reads, by server.\nSecond line \\ backslash.");
        text.Sample(3, ("server", "a\"b\\c\nd"), ("role", "replica"));
        text.Gauge("headwater_lag_seconds", "Lag.");
        text.Sample(0.25);
        Assert.Equal("""
            # HELP headwater_reads_total Reads, by server.\nSecond line \\ backslash.
            # TYPE headwater_reads_total counter
            headwater_reads_total{server="a\"b\\c\nd",role="replica"} 3
            # HELP headwater_lag_seconds Lag.
            # TYPE headwater_lag_seconds gauge
            headwater_lag_seconds 0.25

            """, text.ToString());
    }

    [Fact]
    public void A_histogram_is_cumulative_and_ends_with_infinity_sum_and_count()
    {
        var text = new PrometheusText();
        text.Histogram("headwater_statement_seconds", "Latency.");
        text.Buckets([0.001, 0.01], static bound => bound < 0.005 ? 2 : 5, 7, 0.5, ("kind", "read"));
        Assert.EndsWith("""
            headwater_statement_seconds_bucket{kind="read",le="0.001"} 2
            headwater_statement_seconds_bucket{kind="read",le="0.01"} 5
            headwater_statement_seconds_bucket{kind="read",le="+Inf"} 7
            headwater_statement_seconds_sum{kind="read"} 0.5
            headwater_statement_seconds_count{kind="read"} 7

            """, text.ToString());
    }

    [Fact]
    public void Names_that_Prometheus_users_would_stumble_over_are_refused()
    {
        var text = new PrometheusText();
        Assert.Throws<ArgumentException>(() => text.Counter("headwater_reads", "no _total"));
        Assert.Throws<ArgumentException>(() => text.Gauge("reads", "no prefix"));
        text.Gauge("headwater_up", "once");
        Assert.Throws<InvalidOperationException>(() => text.Gauge("headwater_up", "twice"));
    }
}
