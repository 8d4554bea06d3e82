namespace Headwater.Bench.Sql;

/// <summary>A stream of bits from a seed, the same on every machine (splitmix64): one per thread, derived from the run's.</summary>
struct Chance(ulong seed)
{
    ulong _state = seed;

    public static Chance For(ulong seed, int number) => new(seed * 0x9E3779B97F4A7C15UL + (ulong)number * 0xD1342543DE82EF95UL + 1);

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15UL;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ z >> 27) * 0x94D049BB133111EBUL;
        return z ^ z >> 31;
    }

    public int Below(int limit) => (int)((Next() >> 33) % (ulong)limit);
    public int Between(int least, int most) => least + Below(most - least + 1);
    public bool Percent(int percent) => Below(100) < percent;
}
