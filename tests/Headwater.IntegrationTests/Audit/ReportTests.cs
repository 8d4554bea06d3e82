using Headwater.Bench.Cost;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;

namespace Headwater.IntegrationTests.Audit;

/// <summary>What the measuring commands read from others.</summary>
public sealed class ReportTests
{
    [Fact]
    public void The_figures_of_sysbench_are_read_from_its_report()
    {
        var result = Sysbench.Parse("""
            SQL statistics:
                queries performed:
                    read:                            131248
                    total:                           131248
                transactions:                        131248 (65607.12 per sec.)
                queries:                             131248 (65607.12 per sec.)
                ignored errors:                      3      (0.00 per sec.)

            Latency (ms):
                     95th percentile:                        0.18
            """);
        Assert.Equal(new SysbenchResult(131248, 65607.12, 0.18, 3), result);
    }

    [Fact]
    public void A_counter_is_the_sum_of_its_series()
    {
        var metrics = Metrics.Parse("# HELP x y\nheadwater_reads_total{level=\"session\",answered_by=\"replica\"} 3\nheadwater_reads_total{level=\"strong\"} 4\nheadwater_statements_total 1e3\n");
        Assert.Equal(7, metrics.Sum("headwater_reads_total"));
        Assert.Equal(1000, metrics.Sum("headwater_statements_total"));
        Assert.Null(metrics.Sum("headwater_unknown_total"));
    }

    [Fact]
    public void A_spread_is_median_least_and_most() => Assert.Equal("2.5 (1.0–9.0)", Spread.Of([9, 1, 2, 3]).Text("0.0"));
}
