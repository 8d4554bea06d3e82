namespace Headwater.Core.Verify;

/// <summary>
/// How many rows the next chunk has, so that reading one takes the target time on the slowest server. It begins small, for a table's first chunk says how
/// wide its rows are, and grows at most fourfold at a time: a chunk that happened to be in memory says little of the next one.
/// </summary>
public readonly record struct ChunkSize(long Rows, TimeSpan Target)
{
    public const long Least = 10, Most = 1_000_000;

    public static ChunkSize First(TimeSpan target) => new(1000, target);

    public ChunkSize After(long rows, TimeSpan took)
    {
        // The last chunk of a range may have had few rows, and says nothing then.
        if (rows < Rows / 2) return this;
        var fitting = took <= TimeSpan.Zero ? Rows * 4 : (long)Math.Min(Most, rows * (Target / took));
        return this with { Rows = Math.Clamp(fitting, Math.Max(Least, Rows / 4), Math.Min(Most, Rows * 4)) };
    }
}
