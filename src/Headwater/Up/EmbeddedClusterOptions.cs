namespace Headwater.Up;

/// <summary>What <c>headwater up</c> is asked to start.</summary>
internal sealed record EmbeddedClusterOptions
{
    /// <summary>The state directory: data, settings, logs, passwords. Made when missing.</summary>
    public required string Directory { get; init; }

    /// <summary>Replicas beside the primary. Fewer than last time leaves the data of the others where it is.</summary>
    public int Replicas { get; init; } = 2;

    public string Cluster { get; init; } = "local";

    /// <summary>A controller stands over the servers: one that is started again is read_only, follows whom it followed, and waits for its orders.</summary>
    public bool Controlled { get; init; }

    /// <summary>InnoDB's buffer pool of each server. 64 MB keeps three servers small on a laptop; give more for real data.</summary>
    public int BufferPoolMegabytes { get; init; } = 64;

    /// <summary>The schema of the application account.</summary>
    public string Schema { get; init; } = "app";

    /// <summary>How long all servers together may take until they serve.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one server may take to stop before it is killed.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A server that dies unasked is started again after this long; null leaves it dead.</summary>
    public TimeSpan? RestartAfter { get; init; } = TimeSpan.FromSeconds(1);
}
