namespace Headwater.Demo;

/// <summary>SplitMix64: the same numbers from the same seed on every runtime. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.</summary>
internal sealed class SeededChance(ulong seed)
{
    ulong _state = seed;

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="count"/> − 1.</summary>
    public int Below(int count) => (int)(Next() % (ulong)count);

    public double Share() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>0 to <paramref name="count"/> − 1, small numbers far more often: few are famous.</summary>
    public int Skewed(int count)
    {
        var share = Share();
        return (int)(share * share * share * count);
    }
}
