using Headwater.Core;
using Headwater.Core.Positions;

namespace Headwater.Control;

/// <summary>
/// What waiters wait for on one server. Waiters do not say when they give up, so a demand that is not met is forgotten after a while;
/// a waiter that still waits is served by ordinary samples then. Any thread may add.
/// </summary>
sealed class Demands
{
    const int Most = 128;
    static readonly TimeSpan ForgottenAfter = TimeSpan.FromSeconds(2);
    readonly Lock _lock = new();
    readonly List<(Position Needed, Instant At)> _open = [];
    bool _sample;

    /// <summary>An empty position asks for a fresh sample.</summary>
    public void Add(in Position needed, Instant now)
    {
        lock (_lock)
        {
            _sample = true;
            if (needed.IsEmpty) return;
            foreach (var (open, _) in _open)
                if (open == needed) return;
            // Beyond this the nearest ones are kept moving by the others: a wait ends within one pause in any case.
            if (_open.Count < Most) _open.Add((needed, now));
        }
    }

    /// <summary>The nearest demand that <paramref name="applied"/> does not cover, or empty; true when a sample is wanted now.</summary>
    public bool Take(in Position applied, Instant now, out Position nearest)
    {
        lock (_lock)
        {
            var wanted = _sample;
            _sample = false;
            nearest = Position.Empty;
            ulong distance = ulong.MaxValue;
            for (var i = _open.Count - 1; i >= 0; i--)
            {
                var (needed, at) = _open[i];
                var behind = applied.Behind(needed);
                if (behind == 0 || now - at > ForgottenAfter)
                {
                    _open.RemoveAt(i);
                }
                else if (behind < distance)
                {
                    distance = behind;
                    nearest = needed;
                }
            }
            return wanted || !nearest.IsEmpty;
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _open.Clear();
            _sample = false;
        }
    }
}
