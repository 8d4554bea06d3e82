using System.Diagnostics;

namespace Headwater.Core.Caching;

/// <summary>
/// Who leaves a cache that is bounded in bytes. One owner at a time, whoever holds the lock of the cache's shard; only <see cref="Hit"/> may be
/// called without it, where <see cref="HitNeedsOwner"/> is false. After <see cref="Admit"/> the owner calls <see cref="Evict"/> until it
/// returns null; what it returns has left, and may be the newcomer itself.
/// </summary>
public abstract class EvictionPolicy
{
    // Admitted, and waiting for room: the papers choose the victim before the newcomer is among those who could be it.
    CacheResident? _arriving;

    private protected EvictionPolicy(long capacityBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacityBytes);
        Capacity = capacityBytes;
    }

    public static EvictionPolicy Create(EvictionKind kind, long capacityBytes) => kind switch
    {
        EvictionKind.Fifo => new FifoEviction(capacityBytes),
        EvictionKind.Lru => new LruEviction(capacityBytes),
        EvictionKind.Lfu => new LfuEviction(capacityBytes),
        EvictionKind.Sieve => new SieveEviction(capacityBytes),
        EvictionKind.S3Fifo => new S3FifoEviction(capacityBytes),
        EvictionKind.WTinyLfu => new WTinyLfuEviction(capacityBytes),
        _ => throw new UnreachableException($"eviction {kind}"),
    };

    /// <summary>Bytes; residents may sum to it, and to more only between <see cref="Admit"/> and the last <see cref="Evict"/>.</summary>
    public long Capacity { get; }

    public long Bytes { get; private set; }
    public int Count { get; private set; }

    /// <summary>Bytes of memory that the policy itself holds, beside its residents.</summary>
    public virtual long Overhead => 0;

    /// <summary>False where a hit is at most one store into the resident, which any number of threads may do at any time, also to a resident that has just left.</summary>
    public abstract bool HitNeedsOwner { get; }

    public abstract void Hit(CacheResident resident);

    /// <summary>False, and nothing has changed, when it is larger than the whole capacity.</summary>
    public bool Admit(CacheResident newcomer)
    {
        if (newcomer.IsResident) throw new InvalidOperationException("a resident was admitted that is one already");
        if (newcomer.Bytes > Capacity) return false;
        Settle();
        Bytes += newcomer.Bytes;
        Count++;
        newcomer.Frequency = 0;
        newcomer.Place = Place.Arriving;
        _arriving = newcomer;
        if (Bytes <= Capacity) Settle();
        return true;
    }

    /// <summary>The next one that has to leave, unlinked; null once <see cref="Bytes"/> is within <see cref="Capacity"/>.</summary>
    public CacheResident? Evict()
    {
        if (Bytes <= Capacity)
        {
            Settle();
            return null;
        }
        var victim = TakeVictim();
        Bytes -= victim.Bytes;
        Count--;
        return victim;
    }

    /// <summary>Takes one out that the outside no longer wants. False when it had left already.</summary>
    public bool Remove(CacheResident resident)
    {
        if (!resident.IsResident) return false;
        if (resident == _arriving)
        {
            _arriving = null;
            resident.Place = Place.Nowhere;
        }
        else
        {
            Unlink(resident);
        }
        Bytes -= resident.Bytes;
        Count--;
        return true;
    }

    /// <summary>Links the newcomer now, for policies that let it compete at once.</summary>
    private protected void Settle()
    {
        if (_arriving is not { } newcomer) return;
        _arriving = null;
        Link(newcomer);
    }

    private protected abstract void Link(CacheResident newcomer);
    private protected abstract void Unlink(CacheResident resident);

    /// <summary>Called only while more is held than fits; as no resident is larger than the capacity, somebody is linked then.</summary>
    private protected abstract CacheResident TakeVictim();
}
