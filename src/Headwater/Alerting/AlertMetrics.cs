using Headwater.Core.Alerting;
using Headwater.Http;

namespace Headwater.Alerting;

/// <summary>What is measured for the rules and is nobody else's metric, and what is amiss.</summary>
static class AlertMetrics
{
    public static void Write(PrometheusText text, AlertRun run)
    {
        var readings = run.Readings;
        text.Gauge("headwater_host_cpu_percent", "Share of the machine's processors that is used, over the last minute.");
        foreach (var reading in readings.Where(static reading => reading.Signal == AlertSignal.HostCpu)) text.Sample(reading.Value);
        text.Gauge("headwater_disk_free_percent", "What is free of the disk that the directory is on.");
        foreach (var reading in readings.Where(static reading => reading.Signal == AlertSignal.DiskFree)) text.Sample(reading.Value, ("directory", reading.Subject!));
        text.Gauge("headwater_alerts", "What is amiss now by the rules of alerts, by rule and severity.");
        foreach (var rule in run.Firing.GroupBy(static alert => alert.Rule)) text.Sample(rule.Count(), ("rule", rule.Key.Name), ("severity", FiringJson.Word(rule.Key.Severity)));
    }
}
