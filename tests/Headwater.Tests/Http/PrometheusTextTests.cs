using System.Text.RegularExpressions;
using Headwater.Http;
using Xunit;

namespace Headwater.Tests.Http;

public class PrometheusTextTests
{
    [Fact]
    public void A_family_is_written_with_help_type_and_escaped_labels()
    {
        var text = new PrometheusText();
        text.Begin(new Metric("headwater_reads_total", MetricType.Counter, "Reads, by server.\nSecond line \\ backslash.", "server", "role"));
        text.Sample(3, ("server", "a\"b\\c\nd"), ("role", "replica"));
        text.Begin(new Metric("headwater_lag_seconds", MetricType.Gauge, "Lag."));
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
        text.Begin(new Metric("headwater_statement_seconds", MetricType.Histogram, "Latency.", "kind"));
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
        Assert.Throws<ArgumentException>(() => text.Begin(new Metric("headwater_reads", MetricType.Counter, "no _total")));
        Assert.Throws<ArgumentException>(() => text.Begin(new Metric("reads", MetricType.Gauge, "no prefix")));
        text.Begin("headwater_sessions");
        Assert.Throws<InvalidOperationException>(() => text.Begin("headwater_sessions"));
    }

    [Fact]
    public void What_the_table_of_metrics_does_not_have_is_refused()
    {
        var text = new PrometheusText();
        Assert.Throws<ArgumentException>(() => text.Begin("headwater_made_up"));
        text.Begin("headwater_server_up");
        Assert.Throws<ArgumentException>(() => text.Sample(1));
        Assert.Throws<ArgumentException>(() => text.Sample(1, ("replica", "db1")));
    }

    [Fact]
    public void The_table_has_what_is_written_and_nothing_else()
    {
        var sources = string.Concat(Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "src", "Headwater"), "*Metrics.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var written = Regex.Matches(sources, "\"(headwater_[a-z_]+)\"").Select(static match => match.Groups[1].Value).Order(StringComparer.Ordinal);
        Assert.Equal(MetricTable.Groups.SelectMany(static group => group.Metrics).Select(static metric => metric.Name).Order(StringComparer.Ordinal), written);
    }
}
