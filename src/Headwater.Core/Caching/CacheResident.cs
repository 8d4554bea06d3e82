namespace Headwater.Core.Caching;

/// <summary>
/// What an eviction policy keeps order of. The links are in the resident itself, so that neither a hit nor a miss allocates. It belongs to one
/// policy at a time, and may be admitted again once it has left.
/// </summary>
public abstract class CacheResident
{
    /// <param name="hash">Of the key, well mixed in all 64 bits: ghosts and sketches know a key by nothing else.</param>
    /// <param name="bytes">All that it costs, the key and what surrounds it included; at least 1.</param>
    protected CacheResident(ulong hash, int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        (Hash, Bytes) = (hash, bytes);
    }

    public ulong Hash { get; }
    public int Bytes { get; }

    /// <summary>Whether some policy holds it.</summary>
    public bool IsResident => Place != Place.Nowhere;

    internal CacheResident? Newer;
    internal CacheResident? Older;

    // Written by hits without the lock, where the policy says so: it shares no word with anything that the lock's owner writes by reading it first.
    internal ushort Frequency;
    internal Place Place;
}

/// <summary>Which queue of its policy a resident is linked in.</summary>
enum Place : byte
{
    Nowhere,
    /// <summary>Admitted, and linked as soon as there is room.</summary>
    Arriving,
    Only,
    Small,
    Main,
    Window,
    Probation,
    Protected,
}
