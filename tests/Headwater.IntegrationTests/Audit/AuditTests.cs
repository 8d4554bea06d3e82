using System.Globalization;
using Headwater.Bench.Audit;

namespace Headwater.IntegrationTests.Audit;

/// <summary>The short form of bench/audit: real servers, two gateways, faults from the run's seed.</summary>
public sealed class AuditTests(ITestOutputHelper output)
{
    static readonly ulong _seed = ulong.TryParse(Environment.GetEnvironmentVariable("HEADWATER_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : 20261121;

    [Fact]
    public void Sessions_see_what_their_level_promises_while_replicas_are_late_stopped_and_killed()
    {
        var options = new AuditOptions { Reads = 30_000, AtLeast = TimeSpan.FromSeconds(15), AtMost = TimeSpan.FromSeconds(90), Seed = _seed };
        Assert.True(Audit(options, out var report), report);
    }

    /// <summary>An auditor that finds nothing where reads go to any replica would prove nothing anywhere else.</summary>
    [Fact]
    public void The_audit_finds_reads_that_go_to_any_replica()
    {
        var options = new AuditOptions { Reads = 8_000, AtLeast = TimeSpan.FromSeconds(6), AtMost = TimeSpan.FromSeconds(60), Through = Through.Replicas, Seed = _seed };
        Assert.True(Audit(options, out var report), report);
    }

    bool Audit(AuditOptions options, out string report)
    {
        using var text = new StringWriter();
        var outcome = AuditRun.Run(options, text);
        var passed = AuditReport.Print(text, options, outcome);
        report = text.ToString();
        output.WriteLine(report);
        return passed;
    }
}
