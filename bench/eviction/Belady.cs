using System.Numerics;

namespace Headwater.Bench.Eviction;

/// <summary>
/// The most that can be hit by one who knows the future: who is needed last leaves (Belady 1966), the newcomer included. Exact where all sizes are equal; with
/// sizes it is a good guess from below, as the optimum is NP-hard.
/// </summary>
static class Belady
{
    public static Score Run(Trace trace, long capacity)
    {
        var next = NextUses(trace);
        // A bit at n: what is asked for at n is in the cache.
        var cached = new LastBits(trace.Events.Length);
        var score = new Score();
        var bytes = 0L;
        for (var n = 0; n < next.Length; n++)
        {
            var key = trace.Events[n];
            if (key < 0) continue;
            var size = trace.SizeOf(key);
            var hit = cached.Clear(n);
            score.Count(hit, size);
            if (hit) bytes -= size;
            if (next[n] < 0) continue;
            cached.Set(next[n]);
            for (bytes += size; bytes > capacity;)
            {
                var last = cached.Last();
                cached.Clear(last);
                bytes -= trace.SizeOf(trace.Events[last]);
            }
        }
        return score;
    }

    // Where the key of each access is asked for next; -1: never, or it is invalidated before.
    static int[] NextUses(Trace trace)
    {
        var next = new int[trace.Events.Length];
        var later = new int[trace.Keys];
        Array.Fill(later, -1);
        for (var n = next.Length - 1; n >= 0; n--)
        {
            var key = trace.Events[n];
            if (key < 0)
            {
                later[~key] = -1;
                continue;
            }
            next[n] = later[key];
            later[key] = n;
        }
        return next;
    }

    /// <summary>A set of numbers that finds its largest in a few steps: each level says which words of the one below are not empty.</summary>
    sealed class LastBits
    {
        readonly ulong[][] _levels;

        public LastBits(int length)
        {
            var levels = new List<ulong[]>();
            do
            {
                length = (length + 63) / 64;
                levels.Add(new ulong[length]);
            }
            while (length > 1);
            _levels = [.. levels];
        }

        public void Set(int at)
        {
            foreach (var level in _levels)
            {
                level[at >> 6] |= 1UL << at;
                at >>= 6;
            }
        }

        public bool Clear(int at)
        {
            if ((_levels[0][at >> 6] >> at & 1) == 0) return false;
            foreach (var level in _levels)
            {
                level[at >> 6] &= ~(1UL << at);
                if (level[at >> 6] != 0) break;
                at >>= 6;
            }
            return true;
        }

        public int Last()
        {
            var at = 0;
            for (var level = _levels.Length - 1; level >= 0; level--) at = at * 64 + BitOperations.Log2(_levels[level][at]);
            return at;
        }
    }
}
