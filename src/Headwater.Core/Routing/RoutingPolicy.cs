using Headwater.Core.Topology;

namespace Headwater.Core.Routing;

/// <summary>How to choose where a choice is left: set by listener and user.</summary>
public sealed record RoutingPolicy
{
    public static readonly RoutingPolicy Default = new();

    /// <summary>A read that no copy covers waits when a copy is expected to within this; else it goes to the primary.</summary>
    public TimeSpan ReadWait { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A read that the log would prove fresh on a copy waits so long for the log to be known as far as the read needs.</summary>
    public TimeSpan LogWait { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long statements wait for a primary while none is known.</summary>
    public TimeSpan WriteHold { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a session that reads without pause stays on the primary before a sample is asked for so that it may leave.</summary>
    public TimeSpan PrimaryStay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The gateway's own zone; copies in it are preferred. Empty: no preference.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Replicas further behind than this get no new reads, whatever the level. Null: the level alone decides.</summary>
    public TimeSpan? MaxLag { get; init; }

    /// <summary>Tags of the servers that are asked for (analytics, delayed).</summary>
    public ServerTags Wanted { get; init; }
}

/// <summary>What the gateway knows of a server's load; kept in an array parallel to the view's servers.</summary>
public struct ServerLoad
{
    /// <summary>Statements that run there now.</summary>
    public int Busy;

    /// <summary>Moving average of the time to the first byte of an answer; 0 when not known.</summary>
    public double LatencyMicroseconds;

    bool _answered;

    /// <summary>
    /// A plain read was answered. One that is slow by its own nature counts for no more than a few of the usual ones.
    /// </summary>
    public void Answered(double microseconds)
    {
        _answered = true;
        if (LatencyMicroseconds <= 0) LatencyMicroseconds = microseconds;
        else LatencyMicroseconds += (Math.Min(microseconds, 8 * LatencyMicroseconds) - LatencyMicroseconds) / 16;
    }

    /// <summary>
    /// To be called now and then: what is not heard from again is forgotten by and by. A server that was slow once gets no reads to show that it is
    /// not any more.
    /// </summary>
    public void Fade()
    {
        if (!_answered) LatencyMicroseconds = LatencyMicroseconds > 1 ? LatencyMicroseconds * 0.9 : 0;
        _answered = false;
    }
}
