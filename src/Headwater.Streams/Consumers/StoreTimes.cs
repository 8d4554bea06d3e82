using Headwater.Core.Positions;

namespace Headwater.Streams.Consumers;

/// <summary>When the store was where, by this machine's clock: what tells in seconds how far behind a consumer is. Any thread.</summary>
sealed class StoreTimes(TimeProvider time)
{
    // At half a second each, an hour; beyond it the lag is told as at least that.
    const int Most = 7200;
    readonly Lock _lock = new();
    readonly List<(long At, Position End)> _samples = [];

    public void Add(in Position end)
    {
        lock (_lock)
        {
            if (_samples is [.., var last] && last.End == end) return;
            if (_samples.Count >= Most) _samples.RemoveRange(0, Most / 8);
            _samples.Add((time.GetTimestamp(), end));
        }
    }

    /// <summary>How long ago the store had come to something that the consumer has not; zero when it has all.</summary>
    public TimeSpan Behind(in Position had)
    {
        lock (_lock)
        {
            int low = 0, high = _samples.Count;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (had.Covers(_samples[middle].End)) low = middle + 1;
                else high = middle;
            }
            return low == _samples.Count ? TimeSpan.Zero : time.GetElapsedTime(_samples[low].At);
        }
    }
}
