using Headwater.Core;

namespace Headwater.Tests.Simulation.Clusters;

/// <summary>One clock and all that is going to happen, in microseconds. Two things of one moment happen in the order in which they were asked for.</summary>
sealed class Clockwork
{
    public const long Millisecond = 1_000;
    public const long Second = 1_000_000;

    readonly PriorityQueue<Action, long> _events = new();
    uint _order;

    public long Now { get; private set; }

    /// <summary>The clock of the controller's machine, which began long before.</summary>
    public Instant Instant => new(TimeSpan.TicksPerHour + Now * TimeSpan.TicksPerMicrosecond);

    public void In(long microseconds, Action what) => _events.Enqueue(what, ((Now + microseconds) << 32) | _order++);

    public void RunUntil(long end)
    {
        while (_events.TryPeek(out var what, out var key) && key >> 32 <= end)
        {
            _events.Dequeue();
            Now = key >> 32;
            what();
        }
        Now = end;
    }
}
