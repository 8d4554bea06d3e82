using Headwater.Core.Positions;

namespace Headwater.Core.Topology;

/// <summary>
/// How long ago the primary stood where a replica stands, by our clock alone. The timeline of a server reaches back seconds; this keeps one
/// position of the primary per second for an hour, so that a replica that stands still is seen to fall behind ever further.
/// </summary>
public sealed class LagMeter
{
    const int Capacity = 3600;
    static readonly TimeSpan Step = TimeSpan.FromSeconds(1);
    readonly Queue<PositionSample> _coarse = new();
    PositionSample? _newest;

    /// <summary>Remembers where the primary stood; called now and then, in order.</summary>
    public void Record(PositionSample primary)
    {
        if (_newest is not null && (primary.AskedAt - _newest.AskedAt < Step || primary.Logged == _newest.Logged)) return;
        _newest = primary;
        _coarse.Enqueue(primary);
        if (_coarse.Count > Capacity) _coarse.Dequeue();
    }

    /// <summary>
    /// An upper bound of the lag where the samples reach that far, else the time since the oldest of them; null when nothing is known.
    /// Never 0 for a replica that lacks something the primary is known to have.
    /// </summary>
    public TimeSpan? Lag(PositionTimeline replica, PositionTimeline primary, Instant now)
    {
        if (replica.Latest is not { } latest || primary.Latest is not { } head) return null;
        // All there was when the primary was last asked: it may have logged something since, but nothing is known of that.
        if (latest.Position.Covers(head.Logged)) return TimeSpan.Zero;
        Instant? ahead = null; // when the primary was first seen ahead of the replica
        var reaches = false;
        for (var back = 0; primary.Back(back) is { } sample; back++)
        {
            reaches = latest.Position.Covers(sample.Logged);
            if (reaches) break;
            ahead = sample.AskedAt;
        }
        if (!reaches)
            foreach (var sample in _coarse)
                if (sample.AskedAt < ahead && !latest.Position.Covers(sample.Logged))
                {
                    ahead = sample.AskedAt;
                    break;
                }
        return now - ahead;
    }
}
