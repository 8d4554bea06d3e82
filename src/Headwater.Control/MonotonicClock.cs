using Headwater.Core;

namespace Headwater.Control;

public static class MonotonicClock
{
    /// <summary>Now, on the process's one monotonic clock: the time since its timestamp 0, as everybody in this process counts it.</summary>
    public static Instant Now(this TimeProvider time) => new(time.GetElapsedTime(0).Ticks);
}
