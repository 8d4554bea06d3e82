namespace Headwater.Verify;

/// <summary>How a comparison is done, and how much of the servers it may take.</summary>
sealed record VerifyOptions
{
    /// <summary>Tables or schemas; empty: all.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>While a replica is further behind, nothing is read anywhere.</summary>
    public TimeSpan MaxLag { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>While more statements run on the primary, nothing is read anywhere.</summary>
    public int MaxRunning { get; init; } = 25;

    /// <summary>How long reading one chunk is to take.</summary>
    public TimeSpan ChunkTime { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>How long rows may be locked on the primary, at the very most; only rows that differed several times are locked at all.</summary>
    public TimeSpan LockTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A replica that applies nothing for so long, though there is something to apply, is left out.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);
    public bool Apply { get; init; }

    /// <summary>How many rows of a table and replica are named, and mended in one run.</summary>
    public int MostRows { get; init; } = 1000;
}
