using System.Diagnostics;

namespace Headwater.Gateway.Reactor;

/// <summary>
/// A deadline that is set and met over and over, as one is per statement: setting it only writes an instant, and the loop's timer, when it
/// comes, looks whether the instant has moved. So many statements share one timer, and none allocates one.
/// </summary>
internal sealed class Deadline
{
    const long Never = long.MaxValue;
    readonly EventLoop _loop;
    readonly Action _missed;
    readonly Action _look;
    LoopTimer? _timer;
    long _due = Never;
    long _looksAt = Never;

    public Deadline(EventLoop loop, Action missed)
    {
        _loop = loop;
        _missed = missed;
        _look = Look;
    }

    public void Set(TimeSpan limit)
    {
        _due = Stopwatch.GetTimestamp() + (long)(limit.TotalSeconds * Stopwatch.Frequency);
        if (_due < _looksAt) LookAt(_due);
    }

    public void Met() => _due = Never;

    public bool IsSet => _due != Never;

    /// <summary>For good: the loop forgets it.</summary>
    public void End()
    {
        _due = _looksAt = Never;
        _timer?.Cancel();
    }

    void LookAt(long at)
    {
        _timer?.Cancel();
        _looksAt = at;
        _timer = _loop.After(Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), at), _look);
    }

    void Look()
    {
        _looksAt = Never;
        if (_due == Never) return;
        if (_due > Stopwatch.GetTimestamp())
        {
            LookAt(_due);
            return;
        }
        _due = Never;
        _missed();
    }
}
