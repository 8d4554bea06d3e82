namespace Headwater.Core.Alerting;

/// <summary>One measurement.</summary>
/// <param name="Subject">The server or directory, where there are several; else null.</param>
public readonly record struct Reading(AlertSignal Signal, string? Subject, double Value);

/// <summary>Something that is amiss now.</summary>
/// <param name="Since">When it began to be.</param>
public sealed record FiringAlert(AlertRule Rule, string? Subject, Instant Since, double Value)
{
    public string Sentence => Rule.Sentence(Subject, Value);
}

/// <param name="Resolved">It was amiss, and is no more.</param>
public sealed record AlertChange(FiringAlert Alert, bool Resolved);

/// <summary>
/// Tells from measurement to measurement what begins and ends to be amiss. What is not measured any more (a server that has left, a lag that is not known) is amiss no more: that is told by
/// others. One owner.
/// </summary>
public sealed class AlertWatch
{
    // Since when it has been on the other side of its limit than what was told.
    readonly Dictionary<(AlertSignal Signal, string? Subject), Instant> _turning = [];
    readonly Dictionary<(AlertSignal Signal, string? Subject), FiringAlert> _firing = [];

    public IReadOnlyList<FiringAlert> Firing => [.. _firing.Values.OrderByDescending(static alert => alert.Rule.Severity).ThenBy(static alert => alert.Rule.Name, StringComparer.Ordinal).ThenBy(static alert => alert.Subject, StringComparer.Ordinal)];

    public IReadOnlyList<AlertChange> Judge(IReadOnlyList<AlertRule> rules, IReadOnlyList<Reading> readings, Instant now)
    {
        var changes = new List<AlertChange>();
        foreach (var reading in readings)
        {
            if (rules.FirstOrDefault(rule => rule.Signal == reading.Signal) is not { } rule) continue;
            var key = (reading.Signal, reading.Subject);
            var amiss = rule.IsAmiss(reading.Value);
            var told = _firing.TryGetValue(key, out var firing);
            if (told && amiss) _firing[key] = firing! with { Rule = rule, Value = reading.Value };
            if (told == amiss)
            {
                _turning.Remove(key);
                continue;
            }
            if (!_turning.TryGetValue(key, out var since)) since = _turning[key] = now;
            if (now - since < rule.For) continue;
            _turning.Remove(key);
            if (amiss) changes.Add(new AlertChange(_firing[key] = new FiringAlert(rule, reading.Subject, since, reading.Value), Resolved: false));
            else
            {
                _firing.Remove(key);
                changes.Add(new AlertChange(firing!, Resolved: true));
            }
        }
        var measured = readings.Select(static reading => (reading.Signal, reading.Subject)).ToHashSet();
        foreach (var gone in _turning.Keys.Where(key => !measured.Contains(key)).ToList()) _turning.Remove(gone);
        foreach (var (key, alert) in _firing.Where(one => !measured.Contains(one.Key)).ToList())
        {
            _firing.Remove(key);
            changes.Add(new AlertChange(alert, Resolved: true));
        }
        return changes;
    }
}
