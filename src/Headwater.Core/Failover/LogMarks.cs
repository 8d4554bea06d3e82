using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

/// <summary>
/// How far the primary's log went, and when, over the last while: what a loss is measured by in time. A mark says that all that was acknowledged before it was asked for stands
/// at or before its position. All by this controller's clock.
/// </summary>
/// <param name="LastSeen">When the last look began that the primary answered.</param>
public sealed record LogMarks(ServerId Of, Instant LastSeen, ImmutableArray<(Instant AskedAt, Position Logged)> Marks)
{
    // So much of the bound may lie between two marks: whoever has the one has kept the bound with so much to spare.
    const int PerBound = 8;

    public static LogMarks After(LogMarks? before, ServerView primary, TimeSpan bound)
    {
        var told = primary.LastAnswer!;
        var marks = before is not null && before.Of == primary.Id ? before.Marks : [];
        if (marks.IsEmpty || told.AskedAt - marks[^1].AskedAt >= bound / PerBound) marks = marks.Add((told.AskedAt, Situation.AppliedBy(primary)));
        return new LogMarks(primary.Id, told.AskedAt, [.. marks.Where(mark => told.AskedAt - mark.AskedAt <= bound)]);
    }

    /// <summary>It has been looked at for nearly that long: what is owed is no more than what there was time to receive.</summary>
    public bool Spans(TimeSpan bound) => LastSeen - Marks[0].AskedAt >= bound * (PerBound - 2) / PerBound;

    /// <summary>What its successor must have, that at most the last <paramref name="bound"/> before it was last seen to answer is lost.</summary>
    public Position Owed(TimeSpan bound) => Marks.First(mark => LastSeen - mark.AskedAt <= bound).Logged;
}
