using System.Numerics;

namespace Headwater.Core.Caching;

/// <summary>
/// Who was asked for least often while here leaves; among equals, who was not asked for longest. A queue per count, in constant time (Shah, Mitra,
/// Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme", 2010, section 3). Counts end at 1,024, so that the queues are an array and no
/// hit allocates. Nothing ages: what was popular once stays.
/// </summary>
sealed class LfuEviction : EvictionPolicy
{
    const int Counts = 1024;

    // Queue n holds those that were asked for n + 1 times; a bit says that a queue holds somebody.
    readonly ResidentQueue[] _queues = new ResidentQueue[Counts];
    readonly ulong[] _occupied = new ulong[Counts / 64];

    public LfuEviction(long capacityBytes) : base(capacityBytes)
    {
        for (var n = 0; n < Counts; n++) _queues[n] = new ResidentQueue(Place.Only);
    }

    public override bool HitNeedsOwner => true;
    public override long Overhead => Counts * 56;

    public override void Hit(CacheResident resident)
    {
        if (resident.Place != Place.Only) return;
        Unlink(resident);
        if (resident.Frequency < Counts - 1) resident.Frequency++;
        Link(resident);
    }

    private protected override void Link(CacheResident newcomer)
    {
        var count = newcomer.Frequency;
        _queues[count].Add(newcomer);
        _occupied[count >> 6] |= 1UL << count;
    }

    private protected override void Unlink(CacheResident resident)
    {
        var count = resident.Frequency;
        _queues[count].Remove(resident);
        if (_queues[count].Count == 0) _occupied[count >> 6] &= ~(1UL << count);
    }

    private protected override CacheResident TakeVictim()
    {
        var word = 0;
        while (_occupied[word] == 0) word++;
        var victim = _queues[word * 64 + BitOperations.TrailingZeroCount(_occupied[word])].Oldest!;
        Unlink(victim);
        return victim;
    }
}
