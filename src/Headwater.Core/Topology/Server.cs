using Headwater.Core.Positions;

namespace Headwater.Core.Topology;

/// <summary>The name by which people know a server, unique in its cluster: <c>db1</c> or <c>10.0.0.1:3306</c>.</summary>
public readonly record struct ServerId(string Name)
{
    public override string ToString() => Name;
}

/// <summary>Where a server listens. <paramref name="Socket"/> is a Unix socket on this host, preferred over TCP when given.</summary>
public sealed record ServerAddress(string Host, int Port, string? Socket = null)
{
    public override string ToString() => Socket ?? $"{Host}:{Port}";
}

public enum ServerRole : byte
{
    Unknown,
    Primary,
    Replica,
}

[Flags]
public enum ServerTags : byte
{
    None = 0,

    /// <summary>Serves only users, listeners or statements that ask for it.</summary>
    Analytics = 1,

    /// <summary>Never serves.</summary>
    Backup = 2,

    /// <summary>Deliberately behind: serves only at level eventual and only when asked for.</summary>
    Delayed = 4,

    /// <summary>Has the log and no data: acknowledges, and gives others what they lack; never serves, never is the primary. Found by its version, not configured.</summary>
    Witness = 8,
}

public enum ServerHealth : byte
{
    /// <summary>Not yet looked at.</summary>
    Unknown,
    Up,

    /// <summary>Answers, but gets no new statements; those that run may finish (replication stopped, too far behind, being drained).</summary>
    Draining,
    Down,
}
