using System.Numerics;

namespace Headwater.Core.Caching;

/// <summary>
/// The hashes of those that left last, in order. Its memory is taken once: a ring of hashes, and an open-addressed index into the ring. 16 bytes per ghost, 24 at most.
/// </summary>
sealed class GhostQueue
{
    readonly ulong[] _ring;
    readonly int[] _index; // place in the ring + 1; 0: free
    int _next;

    /// <param name="ghosts">How many at least; rounded up to a power of two.</param>
    public GhostQueue(int ghosts)
    {
        var length = (int)BitOperations.RoundUpToPowerOf2((uint)ghosts);
        _ring = new ulong[length];
        _index = new int[2 * length];
    }

    public int Length => _ring.Length;
    public long Overhead => _ring.Length * 8L + _index.Length * 4L;

    public void Add(ulong hash)
    {
        if (Find(hash) is >= 0 and var known) Free(known);
        Free(FindPlace(_next));
        _ring[_next] = hash;
        var at = Start(hash);
        while (_index[at] != 0) at = (at + 1) & (_index.Length - 1);
        _index[at] = _next + 1;
        _next = (_next + 1) & (_ring.Length - 1);
    }

    /// <summary>Whether it is among the last that were added; it is forgotten then.</summary>
    public bool Take(ulong hash, int last)
    {
        var at = Find(hash);
        if (at < 0) return false;
        var age = (_next - _index[at]) & (_ring.Length - 1); // how many were added after it
        Free(at);
        return age < last;
    }

    int Start(ulong hash) => (int)(hash >> 32) & (_index.Length - 1);

    int Find(ulong hash)
    {
        for (var at = Start(hash); _index[at] != 0; at = (at + 1) & (_index.Length - 1))
        {
            if (_ring[_index[at] - 1] == hash) return at;
        }
        return -1;
    }

    int FindPlace(int place)
    {
        for (var at = Start(_ring[place]); _index[at] != 0; at = (at + 1) & (_index.Length - 1))
        {
            if (_index[at] == place + 1) return at;
        }
        return -1;
    }

    // Who stands behind a freed place in a chain moves up, so that chains have no holes.
    void Free(int hole)
    {
        if (hole < 0) return;
        var mask = _index.Length - 1;
        for (var at = (hole + 1) & mask; _index[at] != 0; at = (at + 1) & mask)
        {
            var start = Start(_ring[_index[at] - 1]);
            if (((at - start) & mask) < ((at - hole) & mask)) continue;
            _index[hole] = _index[at];
            hole = at;
        }
        _index[hole] = 0;
    }
}
