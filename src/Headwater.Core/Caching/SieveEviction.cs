namespace Headwater.Core.Caching;

/// <summary>
/// SIEVE (Zhang et al., "SIEVE is Simpler than LRU", NSDI '24, section 3, algorithm 1): a queue in order of arrival, and a hand that goes from the oldest to the
/// newest. Who was asked for since the hand last came by stays where it is and loses its mark; the first without one leaves.
/// </summary>
sealed class SieveEviction(long capacityBytes) : EvictionPolicy(capacityBytes)
{
    readonly ResidentQueue _queue = new(Place.Only);

    // Null: at the oldest.
    CacheResident? _hand;

    public override bool HitNeedsOwner => false;

    public override void Hit(CacheResident resident)
    {
        // Reading first leaves the cache line shared between processors that hit the same resident.
        if (resident.Frequency == 0) resident.Frequency = 1;
    }

    private protected override void Link(CacheResident newcomer) => _queue.Add(newcomer);

    private protected override void Unlink(CacheResident resident)
    {
        if (_hand == resident) _hand = resident.Newer;
        _queue.Remove(resident);
    }

    private protected override CacheResident TakeVictim()
    {
        var at = _hand ?? _queue.Oldest!;
        // Two rounds at most: others may mark as fast as the hand clears.
        for (var left = 2 * _queue.Count; at.Frequency != 0 && left > 0; left--)
        {
            at.Frequency = 0;
            at = at.Newer ?? _queue.Oldest!;
        }
        _hand = at;
        Unlink(at);
        return at;
    }
}
