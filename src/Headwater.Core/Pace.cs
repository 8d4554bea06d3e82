using System.Collections.Immutable;

namespace Headwater.Core;

/// <summary>
/// What long work has done by when: whoever works makes the next one of the last, whoever looks on asks for the <see cref="Progress"/> by the time of the look.
/// So work that stands still is seen to stand still, though nobody tells anything.
/// </summary>
public sealed record Pace
{
    // Long enough that one slow block is no stall, short enough that what the pace is now is told, and not what it was an hour ago.
    static readonly TimeSpan Window = TimeSpan.FromSeconds(15), Between = TimeSpan.FromSeconds(1), Enough = TimeSpan.FromSeconds(1);

    // Beyond that it is no prediction.
    static readonly TimeSpan Longest = TimeSpan.FromDays(99);

    readonly record struct Mark(Instant At, long Done);

    // Oldest first; one of them is as old as the window, or is the beginning.
    ImmutableArray<Mark> _marks = [];
    long _done;
    Instant _movedAt;
    long? _of;
    bool _isEstimate;

    Pace()
    {
    }

    public WorkUnit Unit { get; private init; }

    /// <param name="done">What was done before, and says nothing of the pace.</param>
    public static Pace Begin(WorkUnit unit, Instant now, long done = 0) => new() { Unit = unit, _done = done, _movedAt = now, _marks = [new Mark(now, done)] };

    /// <summary>There is so much to do; null: nobody knows.</summary>
    public Pace Expect(long? of) => this with { _of = of, _isEstimate = false };

    /// <summary>There may be so much to do; null: nobody knows.</summary>
    public Pace Guess(long? of) => this with { _of = of, _isEstimate = true };

    /// <summary>So much is done by now, of all.</summary>
    public Pace At(long done, Instant now)
    {
        var movedAt = done == _done ? _movedAt : now;
        return now - _marks[^1].At < Between ? this with { _done = done, _movedAt = movedAt } : this with { _done = done, _movedAt = movedAt, _marks = Recent(now).Add(new Mark(now, done)) };
    }

    public Pace More(long done, Instant now) => At(_done + done, now);

    public Progress Seen(Instant now)
    {
        // An estimate that has been passed was none.
        var of = _isEstimate && (_of <= 0 || _done > _of) ? null : _of;
        var rate = RateAt(now);
        double? remaining = of is not { } all ? null : _done >= all ? _isEstimate ? null : 0 : rate is > 0 and var perSecond && (all - _done) / perSecond < Longest.TotalSeconds ? (all - _done) / perSecond : null;
        return new Progress(_done, of, _isEstimate, Unit, rate, remaining);
    }

    double? RateAt(Instant now)
    {
        var from = Recent(now)[0];
        var took = now - from.At;
        // What came behind the last mark was before the window too.
        if (took >= Window && now - _movedAt >= Window) return 0;
        // Where the first piece takes its time, nothing stands still yet.
        return took < Enough || took < Window && _done <= from.Done ? null : Math.Max(0, _done - from.Done) / took.TotalSeconds;
    }

    /// <summary>Without what is older than the window, but for the youngest of these: from there the window is measured.</summary>
    ImmutableArray<Mark> Recent(Instant now)
    {
        var first = 0;
        while (first + 1 < _marks.Length && now - _marks[first + 1].At >= Window) first++;
        return first == 0 ? _marks : _marks.RemoveRange(0, first);
    }
}
