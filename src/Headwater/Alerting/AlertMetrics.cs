using Headwater.Core.Alerting;
using Headwater.Http;

namespace Headwater.Alerting;

/// <summary>What is measured for the rules and is nobody else's metric, and what is amiss.</summary>
static class AlertMetrics
{
    public static void Write(PrometheusText text, AlertRun run)
    {
        var readings = run.Readings;
        text.Begin("headwater_host_cpu_percent");
        foreach (var reading in readings.Where(static reading => reading.Signal == AlertSignal.HostCpu)) text.Sample(reading.Value);
        text.Begin("headwater_disk_free_percent");
        foreach (var reading in readings.Where(static reading => reading.Signal == AlertSignal.DiskFree)) text.Sample(reading.Value, ("directory", reading.Subject!));
        text.Begin("headwater_alerts");
        foreach (var rule in run.Firing.GroupBy(static alert => alert.Rule)) text.Sample(rule.Count(), ("rule", rule.Key.Name), ("severity", FiringJson.Word(rule.Key.Severity)));
    }
}
