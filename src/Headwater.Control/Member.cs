using Headwater.Core.Topology;

namespace Headwater.Control;

/// <summary>One watched server as the deciding loop keeps it. One owner.</summary>
sealed class Member(WatchedServer server, ServerWatch watch, bool found)
{
    public WatchedServer Server { get; } = server;
    public ServerWatch Watch { get; } = watch;

    /// <summary>Found through another server, not written in the configuration.</summary>
    public bool Found { get; } = found;

    /// <summary>The latest look, answered or not; null before the first.</summary>
    public Observation? Latest { get; set; }

    /// <summary>What the last decision made of it; null before the first.</summary>
    public ServerView? View { get; set; }
    public bool Answers => View is { LastAnswer: not null, Health: not ServerHealth.Down };
}
