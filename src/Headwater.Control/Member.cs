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
    /// <summary>
    /// The latest look, unless the server has answered a session of ours since: then it lives, and is what it said last. On a machine that is
    /// too busy to answer a probe in time, this keeps servers that work from being taken for dead.
    /// </summary>
    public Observation WithWhatWasHeard()
    {
        var latest = Latest!;
        if (View is not { LastAnswer: { } told, State: { } state } || latest.Outcome is ProbeOutcome.Closed or ProbeOutcome.Refused or ProbeOutcome.Full) return latest;
        var heardAt = state.HeardAt;
        var since = latest.Outcome == ProbeOutcome.Answered ? latest.AnsweredAt : latest.AskedAt;
        // A look that nothing has been decided by yet may be the one that tells of a restart.
        var isNew = latest.Outcome == ProbeOutcome.Answered && latest.AskedAt != told.AskedAt && latest.NewConnection;
        return heardAt <= since ? latest : (latest.Outcome == ProbeOutcome.Answered ? latest : told) with { AnsweredAt = heardAt, NewConnection = isNew };
    }

    public bool Answers => View is { LastAnswer: not null, Health: not ServerHealth.Down };
}
