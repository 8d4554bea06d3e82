using System.Collections.Immutable;

namespace Headwater.Core.Alerting;

/// <summary>What became of telling people.</summary>
public enum AlertTold : byte
{
    /// <summary>Nobody wants to be told, or not of what weighs so little.</summary>
    Nobody,
    Waiting,
    Told,
    Failed,
}

/// <summary>Something that was amiss from one time to another.</summary>
/// <param name="Worst">What was measured when it was worst.</param>
/// <param name="Ended">Null: it is amiss still.</param>
public sealed record AlertEpisode(AlertRule Rule, string? Subject, DateTimeOffset Began, DateTimeOffset? Ended, double Worst, AlertTold Told = AlertTold.Nobody)
{
    public string Sentence => Rule.Sentence(Subject, Worst);
}

/// <summary>What was amiss, the newest last; of what has ended only the last ones. A value: each look at what is amiss makes the next.</summary>
public sealed record AlertHistory(int Most)
{
    public ImmutableArray<AlertEpisode> Episodes { get; private init; } = [];

    /// <param name="changes">What began and ended since the last look.</param>
    /// <param name="firing">What is amiss now.</param>
    /// <param name="clock">The time of the look for people; <paramref name="now"/> is the same time for arithmetic.</param>
    public AlertHistory After(IReadOnlyList<AlertChange> changes, IReadOnlyList<FiringAlert> firing, Instant now, DateTimeOffset clock)
    {
        if (changes.Count == 0 && firing.Count == 0) return this;
        var next = Episodes.ToBuilder();
        foreach (var (alert, resolved) in changes)
        {
            if (!resolved) next.Add(new AlertEpisode(alert.Rule, alert.Subject, clock - (now - alert.Since), null, alert.Value));
            else if (Standing(next, alert) is { } at) next[at] = next[at] with { Ended = clock };
        }
        foreach (var alert in firing)
            if (Standing(next, alert) is { } at && alert.Rule.IsWorse(alert.Value, next[at].Worst)) next[at] = next[at] with { Worst = alert.Value };
        while (next.Count > Most && Oldest(next) is { } gone) next.RemoveAt(gone);
        return this with { Episodes = next.ToImmutable() };
    }

    public AlertEpisode? Last(AlertSignal signal, string? subject) => Episodes.LastOrDefault(one => one.Rule.Signal == signal && one.Subject == subject);

    /// <summary>What became of telling people of the one that began last.</summary>
    public AlertHistory Told(AlertSignal signal, string? subject, AlertTold told) => Last(signal, subject) is { } last ? this with { Episodes = Episodes.Replace(last, last with { Told = told }) } : this;

    static int? Standing(ImmutableArray<AlertEpisode>.Builder episodes, FiringAlert alert) => Find(episodes, one => one.Ended is null && one.Rule.Signal == alert.Rule.Signal && one.Subject == alert.Subject);

    static int? Oldest(ImmutableArray<AlertEpisode>.Builder episodes) => Find(episodes, static one => one.Ended is not null);

    static int? Find(ImmutableArray<AlertEpisode>.Builder episodes, Predicate<AlertEpisode> wanted)
    {
        for (var i = 0; i < episodes.Count; i++)
            if (wanted(episodes[i])) return i;
        return null;
    }
}
