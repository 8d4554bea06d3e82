namespace Headwater.Core.Caching;

/// <summary>
/// W-TinyLFU: newcomers pass a window in LRU order; who leaves it stays only if it was seen more often lately than who would leave for it (Einziger, Friedman,
/// Manes, "TinyLFU", ACM TOS 2017, sections 3 and 4). The rest is a segmented LRU: on probation until hit once more, then protected, for four fifths of it.
/// The window's size climbs to where most is hit (Einziger, Eytan, Friedman, Manes, "Adaptive Software Cache Management", Middleware '18, section 4; steps as Caffeine's).
/// No doorkeeper before the sketch: measured, it gained nothing (bench/eviction).
/// </summary>
sealed class WTinyLfuEviction : EvictionPolicy
{
    const double FirstWindow = 0.01;
    const double ProtectedShare = 0.8;
    const double FirstStep = 0.0625;
    const double StepDecay = 0.98;
    const double NewClimb = 0.05; // such a change of the hit ratio means that the load is another
    const int SamplePerResident = 10;
    // Fewer events tell change from chance too badly, and small caches would wander; more, and large ones learn too late that the load is another.
    const int FewestToClimb = 50_000;
    const int MostToClimb = 250_000;
    const int Warm = 6; // of 15: from here a candidate that loses may win by chance, or colliding hashes could keep it out for good
    const int Moves = 8; // at most at once, so that no single call takes long after the window was made smaller
    const int FewestKeys = 64;

    readonly ResidentQueue _window = new(Place.Window);
    readonly ResidentQueue _probation = new(Place.Probation);
    readonly ResidentQueue _protected = new(Place.Protected);
    readonly FrequencySketch _sketch = new(FewestKeys);
    readonly long _shared; // bytes that window and protected divide among themselves

    long _windowBytes;
    CacheResident? _candidate;
    ulong _chance;

    long _hits, _misses;
    double _hitRatio;
    double _step;

    public WTinyLfuEviction(long capacityBytes) : base(capacityBytes)
    {
        _windowBytes = Math.Max(1, (long)(capacityBytes * FirstWindow));
        _shared = _windowBytes + (long)((capacityBytes - _windowBytes) * ProtectedShare);
        _step = -FirstStep * capacityBytes;
    }

    public override bool HitNeedsOwner => true;
    public override long Overhead => _sketch.Keys * 8L;

    public override void Hit(CacheResident resident)
    {
        _hits++;
        See(resident.Hash);
        switch (resident.Place)
        {
            case Place.Window:
                _window.Renew(resident);
                break;
            case Place.Protected:
                _protected.Renew(resident);
                break;
            case Place.Probation:
                _probation.Remove(resident);
                _protected.Add(resident);
                for (var moves = 0; moves < Moves && _protected.Bytes > _shared - _windowBytes; moves++)
                {
                    var back = _protected.Oldest!;
                    _protected.Remove(back);
                    _probation.Add(back);
                }
                break;
        }
    }

    private protected override void Link(CacheResident newcomer)
    {
        _misses++;
        if (Count > _sketch.Keys) _sketch.Grow();
        See(newcomer.Hash);
        _candidate = null;
        // One that fills the window alone must not drive out all the others.
        if (newcomer.Bytes > _windowBytes) _window.AddOldest(newcomer);
        else _window.Add(newcomer);
    }

    private protected override void Unlink(CacheResident resident)
    {
        if (resident == _candidate) _candidate = null;
        (resident.Place switch { Place.Window => _window, Place.Probation => _probation, _ => _protected }).Remove(resident);
    }

    private protected override CacheResident TakeVictim()
    {
        Settle();
        for (var moves = 0; moves < Moves && _window.Bytes > _windowBytes; moves++)
        {
            var leaving = _window.Oldest!;
            _window.Remove(leaving);
            _probation.Add(leaving);
            _candidate ??= leaving;
        }
        var victim = _probation.Oldest ?? _protected.Oldest ?? _window.Oldest!;
        if (_candidate is { Place: Place.Probation } candidate && candidate != victim && !Beats(candidate, victim))
        {
            _candidate = candidate.Newer;
            _probation.Remove(candidate);
            return candidate;
        }
        Unlink(victim);
        return victim;
    }

    bool Beats(CacheResident candidate, CacheResident victim)
    {
        var (more, less) = (_sketch.Estimate(candidate.Hash), _sketch.Estimate(victim.Hash));
        if (more > less) return true;
        if (more < Warm) return false;
        _chance = (_chance ^ candidate.Hash) * 0x9E3779B97F4A7C15;
        return _chance >> 57 == 0;
    }

    void See(ulong hash)
    {
        _sketch.Count(hash);
        var sample = (long)SamplePerResident * Math.Max(Count, FewestKeys);
        if (_sketch.Counted >= sample) _sketch.Halve();
        if (_hits + _misses >= Math.Clamp(sample, FewestToClimb, MostToClimb)) Climb();
    }

    void Climb()
    {
        var ratio = (double)_hits / (_hits + _misses);
        var change = ratio - _hitRatio;
        if (change < 0) _step = -_step;
        _windowBytes = Math.Clamp(_windowBytes + (long)_step, 1, _shared);
        _step = Math.Abs(change) >= NewClimb ? Math.CopySign(FirstStep * Capacity, _step) : _step * StepDecay;
        _hitRatio = ratio;
        _hits = _misses = 0;
    }
}
