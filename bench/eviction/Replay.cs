using Headwater.Core.Caching;

namespace Headwater.Bench.Eviction;

/// <summary>A trace through one policy. The index is an array, so that the time, of the processor, is the policy's and the memory's, and no hash table's.</summary>
sealed class Replay
{
    readonly Trace _trace;
    readonly Keyed[] _keys;

    public Replay(Trace trace)
    {
        _trace = trace;
        _keys = new Keyed[trace.Keys];
        foreach (var named in trace.Events)
        {
            var key = named < 0 ? ~named : named;
            _keys[key] ??= new Keyed(key, trace.SizeOf(key));
        }
    }

    public (Score Score, TimeSpan Took) Run(EvictionPolicy policy)
    {
        var score = new Score();
        var started = Environment.CpuUsage.TotalTime;
        foreach (var named in _trace.Events)
        {
            if (named < 0)
            {
                policy.Remove(_keys[~named]);
                continue;
            }
            var entry = _keys[named];
            var hit = entry.IsResident;
            score.Count(hit, entry.Bytes);
            if (hit)
            {
                policy.Hit(entry);
                continue;
            }
            policy.Admit(entry);
            while (policy.Evict() is not null) { }
        }
        var took = Environment.CpuUsage.TotalTime - started;
        if (policy.Bytes > policy.Capacity) throw new InvalidOperationException($"{policy.GetType().Name} holds {policy.Bytes} bytes of {policy.Capacity}");
        foreach (var entry in _keys)
        {
            if (entry is not null) policy.Remove(entry);
        }
        if (policy.Bytes != 0 || policy.Count != 0) throw new InvalidOperationException($"{policy.GetType().Name} holds {policy.Bytes} bytes when all were removed");
        return (score, took);
    }

    sealed class Keyed(int key, int bytes) : CacheResident(Mixed(key), bytes)
    {
        static ulong Mixed(int key)
        {
            var x = (ulong)key * 0x9E3779B97F4A7C15 + 0x1234567;
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
            x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
            return x ^ (x >> 31);
        }
    }
}
