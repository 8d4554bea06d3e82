using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

/// <summary>
/// What to do next, purely: from the record, a look at the cluster and the policy to the next record and the effects that are due.
///
/// It remembers no commands and no answers. Every round looks at what is and asks for what is missing, so an effect that failed, was done twice,
/// or was begun by a controller that died is all the same to it. The one irreversible moment, the appointment of another primary, is a change
/// of the record, which is on disk before anybody acts on it.
/// </summary>
public static class Controller
{
    public static Decision Decide(ControlState state, ClusterView view, ControlPolicy policy, int openWrites, Instant now)
    {
        var round = new ControlRound(new Situation(Watch(state, view, policy, now), view, policy, openWrites, now));
        round.Run();
        return new Decision(round.Next, round.Effects, round.Findings, round.Unsettled);
    }

    /// <summary>What an operator asks for: to make <paramref name="to"/> (or the best, when null) the primary. The sentence says why not, when the state is null.</summary>
    public static (ControlState? Next, string Sentence) Switchover(ControlState state, ClusterView view, ControlPolicy policy, ServerId? to, Instant now)
    {
        var s = new Situation(state, view, policy, 0, now);
        if (state.Record.Change is { } running) return (null, $"a {Word(running.Kind)} from {running.From} is under way");
        if (s.Primary is not { } primary || view.Primary is null || !Situation.Answers(primary)) return (null, "there is no primary that could hand over");
        if (to == primary.Id) return (null, $"{to} is the primary already");
        ServerView? target;
        if (to is { } wanted)
        {
            target = s.Find(wanted);
            if (target is null) return (null, $"{wanted} is not known; known are {Election.Names(view.Servers.Select(static server => server.Id))}");
            if (!Situation.Answers(target)) return (null, $"{wanted} does not answer");
            if (Election.Unfit(s, target) is { } unfit) return (null, $"{wanted} {unfit}");
        }
        else
        {
            var election = Election.Hold(s, primary.Id, planned: true);
            target = election.Winner;
            if (target is null) return (null, election.Reason);
        }
        if (!target.Replicating || !s.LeadsTo(target, primary)) return (null, $"{target.Id} does not follow {primary.Id}: {target.Reason}");
        var change = new Change
        {
            Kind = ChangeKind.Switchover,
            From = primary.Id,
            To = target.Id,
            Step = ChangeStep.Holding,
            Proof = [$"{target.Id} follows {primary.Id} and may be promoted"],
        };
        return (state with { Record = state.Record with { Change = change }, StepAt = now }, $"{target.Id} takes over from {primary.Id}");
    }

    /// <summary>Whether writes are to wait now, and why; null: they go to the appointed primary.</summary>
    public static string? Closed(ControlRecord record) => record.Change switch
    {
        null => null,
        { Kind: ChangeKind.Switchover } change => $"{change.To} is taking over from {change.From}",
        { } change => $"{change.From} is being replaced{(change.To is { } to ? $" by {to}" : "")}",
    };

    /// <summary>What is remembered of a look, also by a process that may not act: so it need not begin to count silence when it may, and knows what the primary had shown.</summary>
    public static ControlState Watch(ControlState state, ClusterView view, ControlPolicy policy, Instant now)
    {
        var primary = view.Servers.FirstOrDefault(server => server.Id == state.Record.Primary);
        // To refuse us it has to live: its silence begins anew with the next look that is not answered at all.
        var silent = primary is not null && primary.Outcome is not (ProbeOutcome.Answered or ProbeOutcome.Refused);
        return state with { SilentSince = silent ? state.SilentSince ?? now : null, Stalled = Stalled(state, primary), Shared = Shared(state, new Situation(state, view, policy, 0, now)), Marks = Marks(state, primary, policy), BegunAt = state.BegunAt ?? now };
    }

    static (ServerState Of, long Unacknowledged)? Shared(ControlState state, Situation s)
    {
        if (s.Primary is not { } primary || !Situation.Answers(primary)) return state.Shared;
        return primary.LastAnswer!.SemiSync is not { Waits: true } sync ? null : s.IsShared(primary) ? (primary.State, sync.Unacknowledged) : state.Shared;
    }

    static LogMarks? Marks(ControlState state, ServerView? primary, ControlPolicy policy) =>
        policy.Promise != LossPromise.Bounded ? null : primary is null || !Situation.Answers(primary) ? state.Marks : LogMarks.After(state.Marks, state.Record.Epoch, primary, policy.LossBound);

    static (ServerState Of, Position At, Instant Since)? Stalled(ControlState state, ServerView? primary)
    {
        // A look that is not answered shows nothing else.
        if (primary is { Outcome: not ProbeOutcome.Answered }) return state.Stalled is { } stalled && stalled.Of == primary.State ? stalled : null;
        // Commits that wait for a replica are written; it is not the storage that they wait for.
        if (primary is not { LastAnswer: { ReadOnly: false, Committing: > 0, SemiSync: not { WaitingCommits: > 0 } } told }) return null;
        return state.Stalled is { } before && before.Of == primary.State && before.At == told.BinlogPosition ? before : (primary.State, told.BinlogPosition, told.AskedAt);
    }

    internal static string Word(ChangeKind kind) => kind == ChangeKind.Failover ? "failover" : "switchover";
}
