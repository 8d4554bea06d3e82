namespace Headwater.Core.Caching;

/// <summary>Who was not asked for longest leaves.</summary>
sealed class LruEviction(long capacityBytes) : EvictionPolicy(capacityBytes)
{
    readonly ResidentQueue _queue = new(Place.Only);

    public override bool HitNeedsOwner => true;

    public override void Hit(CacheResident resident)
    {
        if (resident.Place == Place.Only) _queue.Renew(resident);
    }

    private protected override void Link(CacheResident newcomer) => _queue.Add(newcomer);
    private protected override void Unlink(CacheResident resident) => _queue.Remove(resident);

    private protected override CacheResident TakeVictim()
    {
        var victim = _queue.Oldest!;
        _queue.Remove(victim);
        return victim;
    }
}
