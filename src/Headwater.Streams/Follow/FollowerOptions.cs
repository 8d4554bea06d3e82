using Headwater.Servers;

namespace Headwater.Streams.Follow;

public sealed record FollowerOptions
{
    /// <summary>An account with REPLICATION SLAVE (called BINLOG MONITOR beside it since 10.5, to be asked where the log stands).</summary>
    public required ServerLogin Login { get; init; }

    /// <summary>The reader's own server id: no server's and no other reader's.</summary>
    public required uint ReaderId { get; init; }

    /// <summary>The primary's commits wait until they are safe here: the store is a witness.</summary>
    public bool Acknowledges { get; init; }
    /// <summary>
    /// Others rely on what is in the store: an empty one begins with the oldest that the primary still has, not with what comes next, and nothing is taken back because the
    /// primary does not have it yet.
    /// </summary>
    public bool IsWitness { get; init; }
    public string ReportHost { get; init; } = "";
    public ushort ReportPort { get; init; }

    /// <summary>How long to wait after a failure before the next try.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(200);
}
