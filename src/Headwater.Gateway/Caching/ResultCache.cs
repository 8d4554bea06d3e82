using System.Collections.Concurrent;
using Headwater.Core.Caching;

namespace Headwater.Gateway.Caching;

/// <summary>
/// The results that are kept, of all reactors. Looking one up takes no lock, where the policy's hits need none; keeping and evicting take one. What may be served is
/// not decided here: an entry may be invalid.
/// </summary>
internal sealed class ResultCache(CacheOptions options)
{
    readonly ConcurrentDictionary<ulong, CachedResult> _results = new();
    readonly EvictionPolicy _policy = EvictionPolicy.Create(options.Eviction, options.MemoryBytes);
    readonly Lock _lock = new();

    public CacheOptions Options => options;
    public int Count => _results.Count;
    public long Bytes => _policy.Bytes;
    public long Evicted { get; private set; }

    public CachedResult? Find(ulong hash, ReadOnlySpan<byte> key) =>
        _results.TryGetValue(hash, out var found) && key.SequenceEqual(found.Key.Span) ? found : null;

    public void Hit(CachedResult result)
    {
        result.CountHit();
        if (!_policy.HitNeedsOwner)
        {
            _policy.Hit(result);
            return;
        }
        lock (_lock)
            if (result.IsResident) _policy.Hit(result);
    }

    public void Keep(CachedResult result)
    {
        lock (_lock)
        {
            if (_results.TryGetValue(result.Hash, out var before)) Remove_NeedsLock(before);
            if (!_policy.Admit(result)) return;
            _results[result.Hash] = result;
            while (_policy.Evict() is { } victim)
            {
                Evicted++;
                _results.TryRemove(new KeyValuePair<ulong, CachedResult>(victim.Hash, (CachedResult)victim));
            }
        }
    }

    public void Remove(CachedResult result)
    {
        lock (_lock) Remove_NeedsLock(result);
    }

    void Remove_NeedsLock(CachedResult result)
    {
        if (_policy.Remove(result)) _results.TryRemove(new KeyValuePair<ulong, CachedResult>(result.Hash, result));
    }

    /// <summary>How many results of this digest there are.</summary>
    public int Of(string digest) => _results.Values.Count(result => result.Digest == digest);

    /// <summary>The results that were served most, for people.</summary>
    public IReadOnlyList<CachedResult> Hottest(int most) => [.. _results.Values.OrderByDescending(static result => result.Hits).Take(most)];
}
