namespace Headwater.Streams.Store;

/// <summary>When what was written is forced to the disk. What is acknowledged to a primary is on the disk in any case.</summary>
public enum SyncPolicy : byte
{
    /// <summary>Before any consumer sees it.</summary>
    Always,

    /// <summary>At most <see cref="LogStoreOptions.SyncInterval"/> later. A crash of the machine may lose that much of the copy, which is then read again from the primary.</summary>
    Interval,

    /// <summary>When the operating system likes.</summary>
    Never,
}

public sealed record LogStoreOptions
{
    public required string Directory { get; init; }

    /// <summary>A segment ends behind the transaction that makes it this long.</summary>
    public long SegmentBytes { get; init; } = 128 << 20;
    public SyncPolicy Sync { get; init; } = SyncPolicy.Interval;
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whole segments above this are removed, the oldest first; the newest stays.</summary>
    public long RetainBytes { get; init; } = 8L << 30;

    /// <summary>Segments whose newest transaction is older than this are removed; null: none for its age.</summary>
    public TimeSpan? RetainFor { get; init; }
}
