using Headwater.Alerting;
using Headwater.Core.Alerting;
using Headwater.Core.Failover;

namespace Headwater.Http;

/// <summary>/api/alerts: what is amiss now, what weighs most first, and by which rules, with what was measured last; and what was amiss since the start, the newest first.</summary>
sealed record AlertsJson(IReadOnlyList<FiringJson> Firing, IReadOnlyList<AlertRuleJson> Rules, IReadOnlyList<AlertEpisodeJson> History)
{
    public static AlertsJson Of(AlertRun run, TimeProvider time)
    {
        var readings = run.Readings;
        return new AlertsJson(FiringJson.All(run, time), [.. run.Rules.Select(rule => AlertRuleJson.Of(rule, readings))], AlertEpisodeJson.All(run));
    }
}

/// <param name="Subject">The server or directory; left out where it is the gateway itself.</param>
sealed record FiringJson(string Rule, string Severity, string? Subject, double ForSeconds, string Sentence)
{
    public static IReadOnlyList<FiringJson> All(AlertRun run, TimeProvider time) => [.. run.Firing.Select(alert =>
        new FiringJson(alert.Rule.Name, Word(alert.Rule.Severity), alert.Subject, Math.Max(0, time.GetElapsedTime(0).TotalSeconds - new TimeSpan(alert.Since.Ticks).TotalSeconds), alert.Sentence))];

    public static string Word(Severity severity) => severity.ToString().ToLowerInvariant();
}

/// <summary>Something that was amiss, or is.</summary>
/// <param name="Ended">Left out while it is.</param>
/// <param name="Worst">What was measured when it was worst, which the sentence says too.</param>
/// <param name="Told">What became of telling people: nobody (none is to be told), waiting, told, failed.</param>
sealed record AlertEpisodeJson(string Rule, string Severity, string? Subject, DateTimeOffset Began, DateTimeOffset? Ended, double Worst, string Sentence, string Told)
{
    public static IReadOnlyList<AlertEpisodeJson> All(AlertRun run) => [.. run.History.Reverse().Select(Of)];

    static AlertEpisodeJson Of(AlertEpisode one) => new(one.Rule.Name, FiringJson.Word(one.Rule.Severity), one.Subject, one.Began, one.Ended, one.Worst, one.Sentence, one.Told.ToString().ToLowerInvariant());
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
