namespace Headwater.Bench.CacheCheck;

/// <summary>What one thread has counted; summed at the end.</summary>
sealed class Tally
{
    public long Reads, Hits, Fills, Refused, Unbegun, Merged, Proven, Waits, Writes;
    public readonly long[] ByLevel = new long[6], Violations = new long[6];
    public string First = "";

    public long Wrong => Violations.Sum();

    public void Add(Tally other)
    {
        Reads += other.Reads;
        Hits += other.Hits;
        Fills += other.Fills;
        Refused += other.Refused;
        Unbegun += other.Unbegun;
        Merged += other.Merged;
        Proven += other.Proven;
        Waits += other.Waits;
        Writes += other.Writes;
        for (var i = 0; i < 6; i++)
        {
            ByLevel[i] += other.ByLevel[i];
            Violations[i] += other.Violations[i];
        }
        if (First.Length == 0) First = other.First;
    }
}
