using Headwater.Control.Failover;
using Headwater.Core.Failover;

namespace Headwater.Http;

/// <summary>What the controller finds and has done, as metrics.</summary>
static class ControlMetrics
{
    public static void Write(PrometheusText text, ControlRecord record, IReadOnlyList<Finding> findings, ControlFigures figures)
    {
        text.Begin("headwater_control_change_under_way");
        text.Sample(record.Change is null ? 0 : 1);
        text.Begin("headwater_control_paused");
        text.Sample(record.Paused ? 1 : 0);
        text.Begin("headwater_control_findings");
        foreach (var rule in findings.GroupBy(static finding => finding.Rule))
            text.Sample(rule.Count(), ("rule", rule.Key), ("severity", FindingRules.SeverityOf(rule.Key).ToString().ToLowerInvariant()));
        text.Begin("headwater_control_changes_total");
        text.Sample(figures.Failovers, ("kind", "failover"));
        text.Sample(figures.Switchovers, ("kind", "switchover"));
        text.Begin("headwater_control_changes_undone_total");
        text.Sample(figures.Undone);
        text.Begin("headwater_control_effects_total");
        text.Sample(figures.Effects - figures.EffectsFailed, ("outcome", "done"));
        text.Sample(figures.EffectsFailed, ("outcome", "failed"));
        text.Begin("headwater_control_seconds");
        foreach (var (phase, durations) in ((string, Durations)[])[("detection", figures.Detection), ("promotion", figures.Promotion), ("outage", figures.Outage), ("handover", figures.Handover)])
            text.Totals(durations.Seconds, durations.Count, ("phase", phase));
    }
}
