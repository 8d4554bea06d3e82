using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

/// <summary>
/// How far the log of an epoch's primary went, and when: what a loss is measured by in time. A mark says that all that was acknowledged before it was asked for stands at or before
/// its position. Oldest first, never empty; all by this controller's clock.
/// </summary>
/// <param name="BegunAt">When the first look of the epoch began, or its primary was appointed.</param>
/// <param name="AnsweredUntil">When the last look began that the primary answered.</param>
public sealed record LogMarks(Epoch Epoch, Instant BegunAt, Instant AnsweredUntil, ImmutableArray<(Instant AskedAt, Position Logged)> Marks)
{
    // So much of the bound may lie between two marks: whoever has the one has kept the bound with so much to spare.
    const int PerBound = 8;
    static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    /// <summary>An appointment: before it nobody was told of anything beyond <paramref name="at"/>.</summary>
    public static LogMarks Begin(Epoch epoch, Instant now, in Position at) => new(epoch, now, now, [(now, at)]);

    /// <summary>A look that the primary has answered.</summary>
    public static LogMarks After(LogMarks? before, Epoch epoch, ServerView primary, TimeSpan bound)
    {
        var told = primary.LastAnswer!;
        var known = before is not null && before.Epoch == epoch ? before : new LogMarks(epoch, told.AskedAt, told.AskedAt, []);
        var marks = known.Marks;
        if (marks.IsEmpty || told.AskedAt - marks[^1].AskedAt >= bound / PerBound) marks = marks.Add((told.AskedAt, Situation.AppliedBy(primary)));
        return known with { AnsweredUntil = told.AskedAt, Marks = [.. marks.Where((mark, index) => index == marks.Length - 1 || told.AskedAt - mark.AskedAt <= bound)] };
    }

    /// <summary>The replicas have had the time to receive what there was at first.</summary>
    public bool HaveSettled => AnsweredUntil - BegunAt >= Settling;

    /// <summary>What a successor must have, that no more is lost than was acknowledged within <paramref name="bound"/> before the primary last answered, and later.</summary>
    public (Instant AskedAt, Position Logged) Owed(TimeSpan bound)
    {
        foreach (var mark in Marks)
            if (AnsweredUntil - mark.AskedAt <= bound) return mark;
        return Marks[^1];
    }
}
