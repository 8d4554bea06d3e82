using Headwater.Configuration;
using Headwater.Control.Alerting;
using Headwater.Core.Alerting;

namespace Headwater.Alerting;

/// <summary>What is amiss by the configuration, and who is told.</summary>
/// <param name="Told">Null: nobody.</param>
/// <param name="Rules">One of each signal; those that are off have no limit.</param>
sealed record AlertConfig(AlertOptions? Told, IReadOnlyList<AlertRule> Rules)
{
    public static AlertConfig Of(ConfigValues values) => new(
        values.Find(Keys.AlertsUrl) is { } url ? new AlertOptions(url, values.Get(Keys.AlertsFormat), values.Get(Keys.AlertsAtLeast)) : null,
        [.. AlertRules.Default.Select(rule => rule with { Limit = LimitOf(values, rule) })]);

    static double? LimitOf(ConfigValues values, AlertRule rule) => rule.Signal switch
    {
        AlertSignal.HostCpu => values.Get(Keys.AlertsHostCpu),
        AlertSignal.StatementLatency => values.Get(Keys.AlertsStatementLatency)?.TotalSeconds,
        AlertSignal.SlowStatements => values.Get(Keys.AlertsSlowStatements),
        AlertSignal.Errors => values.Get(Keys.AlertsErrors),
        AlertSignal.Lag => values.Get(Keys.AlertsLag)?.TotalSeconds,
        AlertSignal.DiskFree => values.Get(Keys.AlertsDiskFree),
        // Reads that were answered wrongly are amiss whatever anybody configures.
        _ => rule.Limit,
    };
}
