using System.Collections.Concurrent;
using System.Diagnostics;

namespace Headwater.Lab.Stage;

/// <summary>
/// The cache that applications put before a database: what was found is kept for a fixed time, what was not found is not kept, and whoever finds nothing kept asks the
/// database himself, however many do so at once.
/// </summary>
sealed class TtlCache(TimeSpan keepFor)
{
    readonly ConcurrentDictionary<string, (string Value, long Since)> _kept = new();
    int _hits;

    public int Hits => Volatile.Read(ref _hits);

    public async Task<string?> GetAsync(string key, Func<Task<string?>> ask)
    {
        if (_kept.TryGetValue(key, out var kept) && Stopwatch.GetElapsedTime(kept.Since) < keepFor)
        {
            Interlocked.Increment(ref _hits);
            return kept.Value;
        }
        var value = await ask();
        if (value is not null) _kept[key] = (value, Stopwatch.GetTimestamp());
        return value;
    }
}
