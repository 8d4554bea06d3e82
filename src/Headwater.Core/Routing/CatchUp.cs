using Headwater.Core.Positions;

namespace Headwater.Core.Routing;

/// <summary>When a replica will cover a position, judged from what it has done lately. A guess: it decides how long to wait, never what may be served.</summary>
public static class CatchUp
{
    static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);
    const ulong FewTransactions = 32;
    static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(1);

    /// <summary>Null when nothing suggests that it ever will: no sample, or behind and not moving.</summary>
    public static TimeSpan? Predict(PositionTimeline replica, PositionTimeline? primary, in Position needed, Instant now)
    {
        if (replica.Latest is not { } latest) return null;
        if (latest.Position.Covers(in needed)) return TimeSpan.Zero;
        var distance = latest.Position.Behind(in needed);

        // Oldest sample within the window: how far has the replica come since?
        var past = latest;
        for (var back = 1; replica.Back(back) is { } sample && now - sample.AskedAt <= Window; back++) past = sample;
        var moved = past.Position.Behind(latest.Position);
        TimeSpan? byRate = null;
        if (moved > 0)
        {
            var took = (latest.AskedAt - past.AskedAt).Ticks;
            var remaining = (double)distance / moved * took - Math.Max(0, (now - latest.AnsweredAt).Ticks);
            byRate = new TimeSpan((long)Math.Clamp(remaining, Soon.Ticks, TimeSpan.TicksPerDay));
        }

        // A replica that had all until just before has nothing to work off: the new transactions take as long as the last ones took.
        // Many at once are a backlog all the same.
        if (primary is not null && (distance <= FewTransactions || byRate is null) && HadAllBefore(latest, primary, in needed, out var loggedBy))
        {
            var remaining = loggedBy + RecentDelay(replica, primary) - now;
            var byDelay = remaining > Soon ? remaining : Soon;
            return byRate is { } rate && rate < byDelay ? rate : byDelay;
        }
        return byRate;
    }

    /// <summary>How long ago the primary stood where the replica stands, by samples of both on this machine's clock. Null when they do not reach back that far.</summary>
    public static TimeSpan? Lag(PositionTimeline replica, PositionTimeline primary, Instant now)
    {
        if (replica.Latest is not { } latest || primary.Latest is not { } head) return null;
        if (latest.Position.Covers(head.Logged)) return now > head.AskedAt ? now - head.AskedAt : TimeSpan.Zero;
        var ahead = head; // the earliest remembered sample that the replica does not cover
        for (var back = 1; primary.Back(back) is { } sample; back++)
        {
            if (latest.Position.Covers(sample.Logged)) return now - ahead.AskedAt;
            ahead = sample;
        }
        return null;
    }

    static bool HadAllBefore(PositionSample latest, PositionTimeline primary, in Position needed, out Instant loggedBy)
    {
        loggedBy = default;
        for (var back = 0; primary.Back(back) is { } sample; back++)
        {
            if (latest.Position.Covers(sample.Logged))
            {
                if (back == 0) loggedBy = sample.AskedAt;
                return true;
            }
            if (sample.Logged.Covers(in needed)) loggedBy = sample.AskedAt;
            else return false;
        }
        return false;
    }

    static TimeSpan RecentDelay(PositionTimeline replica, PositionTimeline primary)
    {
        // The last step the replica took: when did the primary first stand there?
        var latest = replica.Latest!;
        var reachedAt = latest.AskedAt;
        for (var back = 1; replica.Back(back) is { } sample && sample.Position.Covers(latest.Position); back++) reachedAt = sample.AskedAt;
        Instant? logged = null;
        for (var back = 0; primary.Back(back) is { } sample && sample.Logged.Covers(latest.Position); back++) logged = sample.AskedAt;
        if (logged is not { } at || reachedAt <= at) return Soon;
        return reachedAt - at;
    }
}
