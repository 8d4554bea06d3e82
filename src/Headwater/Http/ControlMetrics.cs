using Headwater.Control.Failover;
using Headwater.Core.Failover;

namespace Headwater.Http;

/// <summary>What the controller finds and has done, as metrics.</summary>
static class ControlMetrics
{
    public static void Write(PrometheusText text, ControlRecord record, IReadOnlyList<Finding> findings, ControlFigures figures)
    {
        text.Gauge("headwater_control_change_under_way", "1 while a primary is being replaced or handing over, else 0.");
        text.Sample(record.Change is null ? 0 : 1);
        text.Gauge("headwater_control_paused", "1 while an operator has paused the controller, else 0.");
        text.Sample(record.Paused ? 1 : 0);
        text.Gauge("headwater_control_findings", "What is amiss now, by rule and severity.");
        foreach (var rule in findings.GroupBy(static finding => finding.Rule))
            text.Sample(rule.Count(), ("rule", rule.Key), ("severity", FindingRules.SeverityOf(rule.Key).ToString().ToLowerInvariant()));
        text.Counter("headwater_control_changes_total", "Changes of the primary that were brought to an end, by kind.");
        text.Sample(figures.Failovers, ("kind", "failover"));
        text.Sample(figures.Switchovers, ("kind", "switchover"));
        text.Counter("headwater_control_changes_undone_total", "Changes of the primary that were given up before anybody was appointed.");
        text.Sample(figures.Undone);
        text.Counter("headwater_control_effects_total", "What was asked of servers, by outcome.");
        text.Sample(figures.Effects - figures.EffectsFailed, ("outcome", "done"));
        text.Sample(figures.EffectsFailed, ("outcome", "failed"));
        text.Summary("headwater_control_seconds", "How long it took. detection: from a lost primary's last answer until its replacement was begun; promotion: from there until the successor was writable; outage: both; handover: a switchover, from its beginning to its end.");
        foreach (var (phase, durations) in ((string, Durations)[])[("detection", figures.Detection), ("promotion", figures.Promotion), ("outage", figures.Outage), ("handover", figures.Handover)])
            text.Totals(durations.Seconds, durations.Count, ("phase", phase));
    }
}
