using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Topology;

namespace Headwater.Control.Failover;

/// <summary>A count of durations and their sum, in seconds.</summary>
public readonly record struct Durations(long Count, double Seconds)
{
    public Durations Add(TimeSpan one) => new(Count + 1, Seconds + one.TotalSeconds);
}

/// <summary>What a controller has done since it started. A value: each look gives the next.</summary>
public sealed record ControlFigures
{
    public long Failovers { get; init; }
    public long Switchovers { get; init; }

    /// <summary>Changes that were given up before anybody was appointed.</summary>
    public long Undone { get; init; }
    public long Effects { get; init; }
    public long EffectsFailed { get; init; }

    /// <summary>From the primary's last answer until its replacement was begun.</summary>
    public Durations Detection { get; init; }

    /// <summary>From the beginning of a failover until its successor was writable.</summary>
    public Durations Promotion { get; init; }

    /// <summary>From the primary's last answer until its successor was writable: what writers wait at most, beside their way.</summary>
    public Durations Outage { get; init; }

    /// <summary>From the beginning of a switchover until its end.</summary>
    public Durations Handover { get; init; }

    Instant? BegunAt { get; init; }
    Instant? AnsweredAt { get; init; }

    /// <param name="before">The record before a look, and <paramref name="after"/> the one that came of it.</param>
    /// <param name="view">The look.</param>
    public ControlFigures After(ControlRecord before, ControlRecord after, ClusterView view, Instant now)
    {
        var next = this;
        if (before.Change is null && after.Change is { } begun)
        {
            var answered = view.Servers.FirstOrDefault(server => server.Id == begun.From)?.LastAnswer?.AnsweredAt;
            next = next with { BegunAt = now, AnsweredAt = answered };
            if (begun.Kind == ChangeKind.Failover && answered is { } at) next = next with { Detection = next.Detection.Add(now - at) };
        }
        if (before.Change is { } ended && after.Change is null)
        {
            if (after.Primary == ended.From) next = next with { Undone = next.Undone + 1 };
            else if (ended.Kind == ChangeKind.Switchover) next = next with { Switchovers = next.Switchovers + 1, Handover = BegunAt is { } since ? next.Handover.Add(now - since) : next.Handover };
            else
            {
                next = next with { Failovers = next.Failovers + 1 };
                if (BegunAt is { } since) next = next with { Promotion = next.Promotion.Add(now - since) };
                if (AnsweredAt is { } at) next = next with { Outage = next.Outage.Add(now - at) };
            }
            next = next with { BegunAt = null, AnsweredAt = null };
        }
        return next;
    }
}
