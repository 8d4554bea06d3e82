using System.Numerics;

namespace Headwater.Core.Caching;

/// <summary>
/// How often a hash was seen lately, at most 15, never too low but for what <see cref="Halve"/> took: a count-min sketch with four counters of four bits per hash, all in one
/// cache line (Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM TOS 2017, section 3). 8 bytes for each key that is to be told from others.
/// </summary>
sealed class FrequencySketch
{
    const ulong Lowest = 0x1111111111111111;
    const ulong Lower3 = 0x7777777777777777;
    const int Block = 8;

    ulong[] _table;

    public FrequencySketch(int keys) => _table = new ulong[Math.Max(Block, (int)BitOperations.RoundUpToPowerOf2((uint)keys))];

    public int Keys => _table.Length;

    /// <summary>What was counted since the beginning, less what halving took.</summary>
    public long Counted { get; private set; }

    public void Count(ulong hash)
    {
        var (block, counters) = Where(hash);
        var grew = false;
        for (var row = 0; row < 4; row++, counters >>= 8)
        {
            ref var word = ref _table[block + 2 * row + (int)(counters & 1)];
            var shift = (int)(counters >> 1 & 15) * 4;
            if ((word >> shift & 15) == 15) continue;
            word += 1UL << shift;
            grew = true;
        }
        if (grew) Counted++;
    }

    public int Estimate(ulong hash)
    {
        var (block, counters) = Where(hash);
        var least = 15;
        for (var row = 0; row < 4; row++, counters >>= 8)
        {
            var word = _table[block + 2 * row + (int)(counters & 1)];
            least = Math.Min(least, (int)(word >> (int)(counters >> 1 & 15) * 4 & 15));
        }
        return least;
    }

    public void Halve()
    {
        long odd = 0;
        foreach (ref var word in _table.AsSpan())
        {
            odd += BitOperations.PopCount(word & Lowest);
            word = word >> 1 & Lower3;
        }
        Counted = (Counted - odd / 4) / 2;
    }

    /// <summary>Twice the room. A key's block is chosen by the low bits of its hash, so that a copy of the table answers as the table did.</summary>
    public void Grow()
    {
        var larger = new ulong[2 * _table.Length];
        _table.CopyTo(larger, 0);
        _table.CopyTo(larger, _table.Length);
        _table = larger;
    }

    (int Block, uint Counters) Where(ulong hash)
    {
        // Blocks by the low bits, counters by bits that depend on all: two keys of one block seldom share all four.
        var block = (int)(hash & (ulong)(_table.Length / Block - 1)) * Block;
        return (block, (uint)(hash * 0x9E3779B97F4A7C15 >> 32));
    }
}
