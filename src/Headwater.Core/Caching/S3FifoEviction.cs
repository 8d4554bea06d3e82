namespace Headwater.Core.Caching;

/// <summary>
/// S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP '23, section 4, algorithm 1): newcomers pass a small queue, a tenth of the bytes.
/// Who is asked for twice there goes on to the main queue; others leave, and only their hash is remembered: who comes back soon goes to the main queue at once.
/// There, who was asked for goes round again, up to three times.
/// After each step it is decided anew which queue gives, so that nobody leaves who need not. A tenth and two hits are the paper's: others gain a point on some loads and lose
/// six on others (bench/eviction).
/// </summary>
sealed class S3FifoEviction(long capacityBytes) : EvictionPolicy(capacityBytes)
{
    const int MostHits = 3;
    const int HitsForMain = 2;
    const int BytesPerGhost = 512;
    const int FewestGhosts = 16;
    const int MostGhosts = 1 << 22;

    readonly ResidentQueue _small = new(Place.Small);
    readonly ResidentQueue _main = new(Place.Main);
    readonly GhostQueue _ghosts = new((int)Math.Clamp(capacityBytes / BytesPerGhost, FewestGhosts, MostGhosts));
    readonly long _smallBytes = capacityBytes / 10;

    public override bool HitNeedsOwner => false;
    public override long Overhead => _ghosts.Overhead;

    public override void Hit(CacheResident resident)
    {
        // Two hits at once may count as one: nobody minds.
        var hits = resident.Frequency;
        if (hits < MostHits) resident.Frequency = (ushort)(hits + 1);
    }

    // As many ghosts as there are residents, if the memory for them suffices.
    private protected override void Link(CacheResident newcomer) => (_ghosts.Take(newcomer.Hash, Count) ? _main : _small).Add(newcomer);

    // Not in the paper: one that was made invalid, and had earned its place, comes back to it. It was wanted, it was only no longer true.
    private protected override void Unlink(CacheResident resident)
    {
        if (resident.Place == Place.Main || resident.Frequency >= HitsForMain) _ghosts.Add(resident.Hash);
        (resident.Place == Place.Small ? _small : _main).Remove(resident);
    }

    private protected override CacheResident TakeVictim()
    {
        while (_small.Oldest is { } leaving && (_small.Bytes >= _smallBytes || _main.Count == 0))
        {
            _small.Remove(leaving);
            if (leaving.Frequency < HitsForMain)
            {
                _ghosts.Add(leaving.Hash);
                return leaving;
            }
            leaving.Frequency = 0;
            _main.Add(leaving);
        }

        var victim = _main.Oldest!;
        // So many rounds at most: others may hit as fast as this counts down.
        for (var left = (MostHits + 1) * _main.Count; victim.Frequency > 0 && left > 0; left--)
        {
            victim.Frequency--;
            _main.Renew(victim);
            victim = _main.Oldest!;
        }
        _main.Remove(victim);
        return victim;
    }
}
