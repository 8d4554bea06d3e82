namespace Headwater.Bench.Eviction;

/// <param name="Events">A key that is asked for, or ~key: what is cached of it is no longer true.</param>
/// <param name="Sizes">Bytes per key; null: all keys are of one size.</param>
sealed record Trace(string Name, int[] Events, int Keys, int[]? Sizes = null)
{
    public const int UnitBytes = 512;

    public int SizeOf(int key) => Sizes is null ? UnitBytes : Sizes[key];

    public long DistinctBytes()
    {
        var seen = new bool[Keys];
        var bytes = 0L;
        foreach (var key in Events)
        {
            if (key < 0 || seen[key]) continue;
            seen[key] = true;
            bytes += SizeOf(key);
        }
        return bytes;
    }
}
