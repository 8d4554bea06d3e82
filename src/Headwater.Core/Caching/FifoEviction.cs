namespace Headwater.Core.Caching;

/// <summary>Who came first leaves first. A hit changes nothing.</summary>
sealed class FifoEviction(long capacityBytes) : EvictionPolicy(capacityBytes)
{
    readonly ResidentQueue _queue = new(Place.Only);

    public override bool HitNeedsOwner => false;
    public override void Hit(CacheResident resident) { }

    private protected override void Link(CacheResident newcomer) => _queue.Add(newcomer);
    private protected override void Unlink(CacheResident resident) => _queue.Remove(resident);

    private protected override CacheResident TakeVictim()
    {
        var victim = _queue.Oldest!;
        _queue.Remove(victim);
        return victim;
    }
}
