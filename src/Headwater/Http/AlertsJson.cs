using Headwater.Alerting;
using Headwater.Core.Alerting;
using Headwater.Core.Failover;

namespace Headwater.Http;

/// <summary>/api/alerts: what is amiss now, what weighs most first, and by which rules; with what was measured last.</summary>
sealed record AlertsJson(IReadOnlyList<FiringJson> Firing, IReadOnlyList<AlertRuleJson> Rules)
{
    public static AlertsJson Of(AlertRun run, TimeProvider time)
    {
        var readings = run.Readings;
        return new AlertsJson(FiringJson.All(run, time), [.. run.Rules.Select(rule => AlertRuleJson.Of(rule, readings))]);
    }
}

/// <param name="Subject">The server or directory; left out where it is the gateway itself.</param>
sealed record FiringJson(string Rule, string Severity, string? Subject, double ForSeconds, string Sentence)
{
    public static IReadOnlyList<FiringJson> All(AlertRun run, TimeProvider time) => [.. run.Firing.Select(alert =>
        new FiringJson(alert.Rule.Name, Word(alert.Rule.Severity), alert.Subject, Math.Max(0, time.GetElapsedTime(0).TotalSeconds - new TimeSpan(alert.Since.Ticks).TotalSeconds), alert.Sentence))];

    public static string Word(Severity severity) => severity.ToString().ToLowerInvariant();
}

/// <param name="Limit">In the unit that the configuration has: percent, seconds, statements. Left out where the rule is off.</param>
/// <param name="Worst">What was measured last, of the subject where it is worst; left out where nothing was.</param>
sealed record AlertRuleJson(string Rule, string Severity, string Amiss, double? Limit, double ForSeconds, double? Worst)
{
    public static AlertRuleJson Of(AlertRule rule, IReadOnlyList<Reading> readings)
    {
        var values = readings.Where(reading => reading.Signal == rule.Signal).Select(static reading => reading.Value).ToList();
        return new AlertRuleJson(rule.Name, FiringJson.Word(rule.Severity), rule.Above ? "above" : "below", rule.Limit, rule.For.TotalSeconds,
            values.Count == 0 ? null : rule.Above ? values.Max() : values.Min());
    }
}
