namespace Headwater.Tests;

/// <summary>Chance from a seed (splitmix64), so that a failing run is found again by its number.</summary>
sealed class Seeded(ulong seed)
{
    ulong _state = seed * 0x9E3779B97F4A7C15 + 0x1234567;

    public ulong Next()
    {
        var x = _state += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    public int Below(int bound) => (int)(Next() % (ulong)bound);
    public bool OneIn(int n) => Below(n) == 0;
    public double Share() => (Next() >> 11) * (1.0 / (1UL << 53));
}
