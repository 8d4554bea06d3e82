using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

/// <summary>One look at the cluster under the rules: collects what comes of it. This part replaces the primary; the other keeps everybody in order while it answers.</summary>
sealed partial class ControlRound(Situation s)
{
    readonly List<Effect> _effects = [];
    readonly List<Finding> _findings = [];

    public ControlState Next { get; private set; } = s.State;
    public IReadOnlyList<Effect> Effects => _effects;
    public IReadOnlyList<Finding> Findings => _findings;

    public bool Unsettled => s.View.Primary is not { Outcome: ProbeOutcome.Answered } || Record.Change is not null || Next.Stuck is not null
        || _effects.Any(static effect => effect.Kind != EffectKind.Reconcile)
        || s.Answering.Any(server => server.Role == ServerRole.Replica && Managed(server.LastAnswer!) is { Acknowledging: false });

    ControlRecord Record => Next.Record;

    public void Run()
    {
        if (Record.Primary is null) AppointTheFirst();
        else if (Record.Change is { } change) CarryOn(change);
        else if (s.Primary is not { } primary) Find("primary-not-watched", Record.Primary, $"{Record.Primary}, the appointed primary, is not among the servers any more");
        else if (Situation.Answers(primary) && primary.Outcome == ProbeOutcome.Answered)
        {
            if (!IsReplacedAsStalled(primary)) KeepInOrder(primary);
        }
        else ConsiderReplacing(primary);
        if (!s.Policy.Acts) _effects.Clear();
    }

    void AppointTheFirst()
    {
        if (s.View.Primary is not { } found)
        {
            Find("no-primary", null, s.View.Ring.Length > 0 && !s.Policy.IsRing ? $"{s.View.Reason}; {Election.Names(s.View.Ring)} replicate in a ring, which only control.shape: ring keeps, so nothing is done" : s.View.Reason);
            return;
        }
        Next = Next with { Record = Record with { Epoch = new Epoch(Math.Max(1, s.View.Epoch.Number)), Primary = found.Id, Number = found.Number, AppointedAt = Situation.AppliedBy(found), History = [.. found.LastAnswer!.History] } };
        Find("appointed", found.Id, $"{found.Id} is the primary: {s.View.Reason}");
    }

    // ---- while the primary is silent

    void ConsiderReplacing(ServerView primary)
    {
        if (Why(primary) is { } not)
        {
            Find("primary-silent", primary.Id, $"{primary.Id} {Silence(primary)}; it is not replaced: {not}");
            return;
        }
        StopWhoWaitsForRoom(primary.Id);
        var election = Election.Hold(s, primary.Id);
        if (election.Winner is null)
        {
            Find("cannot-decide", primary.Id, $"{primary.Id} {Silence(primary)}, and cannot be replaced: {election.Reason}");
            return;
        }
        Replace(primary, $"{primary.Id} {Silence(primary)}, and no replica hears it");
    }

    /// <summary>A receiver that waits for room on its disk keeps its server from saying what it has received, long after there is room again.</summary>
    void StopWhoWaitsForRoom(ServerId from)
    {
        foreach (var server in s.Others)
            if (server.Id != from && server.Outcome == ProbeOutcome.Full) Do(EffectKind.StopReceiving, server.Id, $"its receiver waits for room on the disk, and what it holds must be known to replace {from}");
    }

    void Replace(ServerView primary, string proof)
    {
        var change = new Change
        {
            Kind = ChangeKind.Failover,
            From = primary.Id,
            Step = ChangeStep.Fencing,
            Proof = [proof],
        };
        Next = Next with { Record = Record with { Change = change }, StepAt = s.Now };
        CarryOn(change);
    }

    /// <summary>
    /// One that answers and cannot log what is committed. It is fenced as one that is dead: whose replicas receive nothing more cannot acknowledge, whenever its storage goes on.
    /// </summary>
    bool IsReplacedAsStalled(ServerView primary)
    {
        if (Next.Stalled is not { } stalled || primary.LastAnswer!.AskedAt - stalled.Since is var time && time < s.Policy.ReplaceAfter) return false;
        var (full, committing) = (primary.LastAnswer.DiskFull, primary.LastAnswer.Committing);
        var says = $"{primary.Id} answers and has logged nothing for {Milliseconds(time)} though {committing} {(committing == 1 ? "session is" : "sessions are")} committing: {(full ? "its disk is full" : "its storage hangs, or one transaction is very large")}";
        var patience = full ? s.Policy.ReplaceSilentAfter : s.Policy.ReplaceStalledAfter;
        var not = time < patience ? $"it gets {Milliseconds(patience)}" : WhyNobodyIsReplaced(primary) ?? WhyNotNow();
        if (not is null)
        {
            StopWhoWaitsForRoom(primary.Id);
            if (Election.Hold(s, primary.Id) is { Winner: null } nobody) not = nobody.Reason;
        }
        Find("primary-stalled", primary.Id, not is null ? says : $"{says}; it is not replaced: {not}");
        if (not is not null) return false;
        Replace(primary, says);
        return true;
    }

    string? WhyNobodyIsReplaced(ServerView primary) => !s.Policy.Acts ? "the controller only watches"
        : Record.Paused ? "the controller is paused"
        : s.IsInMaintenance(primary.Id) ? "it is in maintenance" : null;

    string? WhyNotNow()
    {
        if (s.Now < Next.NotBefore) return "an attempt was undone a moment ago";
        var recent = Next.Failovers.Count(at => s.Now - at < s.Policy.FlapWindow);
        return recent >= s.Policy.MostFailovers ? $"there were {recent} failovers within {s.Policy.FlapWindow.TotalMinutes:0} minutes; an operator should look (headwater resume ends the wait)" : null;
    }

    /// <summary>Why the silent primary is not replaced, or not yet; null when it is to be.</summary>
    string? Why(ServerView primary)
    {
        if (WhyNobodyIsReplaced(primary) is { } not) return not;
        if (primary.Outcome == ProbeOutcome.Refused) return "it answers, if only to refuse us";
        var silent = SilentFor(primary);
        var patience = primary.Outcome == ProbeOutcome.Closed ? s.Policy.ReplaceAfter : s.Policy.ReplaceSilentAfter;
        if (silent < patience) return $"shorter than {Milliseconds(patience)} is a glitch";
        var hearing = s.Answering.Where(server => s.Hears(server, primary)).Select(static server => server.Id).ToList();
        if (hearing.Count > 0) return $"{Election.Names(hearing)} {(hearing.Count == 1 ? "hears" : "hear")} it, so it is we who are cut off";
        return WhyNotNow();
    }

    /// <summary>From the end of the first look that was not answered to the beginning of the last: so long it was away, at least.</summary>
    TimeSpan SilentFor(ServerView primary) => Next.SilentSince is { } since && primary.LookedAt > since ? primary.LookedAt - since : TimeSpan.Zero;

    string Silence(ServerView primary) => primary.Outcome switch
    {
        ProbeOutcome.Closed => $"has not listened for {Milliseconds(SilentFor(primary))}",
        ProbeOutcome.Silent => $"accepts connections and has not answered for {Milliseconds(SilentFor(primary))}",
        ProbeOutcome.Refused => $"refuses us: {primary.Reason}",
        _ => $"has not been reachable for {Milliseconds(SilentFor(primary))}",
    };

    // ---- a change under way

    void CarryOn(Change change)
    {
        Find(change.Kind == ChangeKind.Failover ? "failover" : "switchover", change.From, $"{change.Step}: {change.Proof[^1]}");
        switch (change.Step)
        {
            case ChangeStep.Holding: Holding(change); break;
            case ChangeStep.Closing: Closing(change); break;
            case ChangeStep.Fencing: Fencing(change); break;
            case ChangeStep.Draining: Draining(change); break;
            case ChangeStep.Promoting: Promoting(change); break;
        }
    }

    void Holding(Change change)
    {
        if (Undone(change)) return;
        if (s.OpenWrites > 0 && Elapsed < s.Policy.HandoverDrain) return;
        Step(change with { Step = ChangeStep.Closing }, s.OpenWrites == 0 ? "no transaction is open at the gateways"
            : s.OpenWrites == int.MaxValue ? $"not every gateway has said within {Milliseconds(s.Policy.HandoverDrain)} that it holds writes; what it still sends will be refused"
            : $"{s.OpenWrites} transactions did not end within {Milliseconds(s.Policy.HandoverDrain)} and will be refused");
    }

    void Closing(Change change)
    {
        if (Undone(change)) return;
        var from = s.Find(change.From)!;
        if (!from.LastAnswer!.ReadOnly || from.LastAnswer.AskedAt < Next.StepAt)
        {
            if (!from.LastAnswer.ReadOnly) Do(EffectKind.MakeReadOnly, from.Id, $"{change.To} is taking over");
            return;
        }
        // It was asked after it had become read_only, so nothing comes behind this position any more.
        Step(change with { Step = ChangeStep.Draining, Goal = Situation.AppliedBy(from) }, $"{from.Id} is read_only and stands at {Situation.AppliedBy(from)}");
    }

    void Fencing(Change change)
    {
        if (CameBack(change)) return;
        StopWhoWaitsForRoom(change.From);
        var receiving = s.Answering.Where(server => server.Id != change.From && s.Follows(server, s.Find(change.From)!) && server.LastAnswer!.Links.Any(static link => link.Receiving != LinkState.Stopped)).ToList();
        foreach (var server in receiving) Do(EffectKind.StopReceiving, server.Id, $"{change.From} is being replaced: it shall acknowledge nothing any more");
        if (receiving.Count > 0)
        {
            if (Elapsed > s.Policy.StepDeadline) Undo(change, $"{Election.Names(receiving.Select(static server => server.Id))} did not stop receiving within {Milliseconds(s.Policy.StepDeadline)}");
            return;
        }
        // A controller that has taken over has not looked at every server yet.
        if (s.Now - Next.BegunAt < s.Policy.ReplaceAfter) return;
        // What was received is known exactly now: looked at after receiving had stopped, on every server that could have acknowledged.
        if (s.Answering.Any(server => server.LastAnswer!.AskedAt < Next.StepAt)) return;
        var election = Election.Hold(s, change.From);
        if (election.Winner is not { } winner)
        {
            Undo(change, election.Reason);
            return;
        }
        Step(change with { Step = ChangeStep.Draining, To = winner.Id, Goal = election.Goal }, election.Reason);
    }

    void Draining(Change change)
    {
        if (change.Kind == ChangeKind.Switchover ? Undone(change) : CameBack(change)) return;
        if (s.Find(change.To) is not { } to || !Situation.Answers(to))
        {
            // Nobody was appointed yet: choose again.
            Step(change with { Step = ChangeStep.Fencing, To = null }, $"{change.To} does not answer any more");
            return;
        }
        var goal = change.Goal;
        if (change.Kind == ChangeKind.Failover && Election.Comparable(s, change.From).FirstOrDefault(server => s.HoldsMoreOfFormer(server, goal)) is { } late)
        {
            // It was out of reach when the others were compared, and draining may take long.
            Step(change with { Step = ChangeStep.Fencing, To = null }, $"{late.Id} holds {Situation.HeldBy(late)}, which was not known when {to.Id} was chosen");
            return;
        }
        var stray = s.Astray(to);
        if (stray is null && Situation.AppliedBy(to).Covers(in goal))
        {
            Record_(Record with
            {
                Epoch = new Epoch(Record.Epoch.Number + 1),
                Primary = to.Id,
                Number = to.Number,
                AppointedAt = goal,
                History = [.. to.LastAnswer!.History],
                LossAccepted = false,
                InheritedFrom = NobodyWasShownMore(change, goal) ? Record.Number : 0,
                Acknowledgers = [.. Record.Acknowledgers.Where(id => id != to.Id && id != change.From)],
            });
            Step(change with { Step = ChangeStep.Promoting }, $"{to.Id} has applied everything, up to {(goal.IsEmpty ? "nothing" : goal)}");
            Next = Next with { SilentSince = null, Marks = s.Policy.Promise == LossPromise.Bounded ? LogMarks.Begin(Record.Epoch, s.Now, in goal) : null };
            if (change.Kind == ChangeKind.Failover) Next = Next with { Failovers = [.. Next.Failovers.Where(at => s.Now - at < s.Policy.FlapWindow), s.Now] };
            Do(EffectKind.Promote, to.Id, Record.Change!.Proof[^1]);
            return;
        }
        // A long way to go is gone to its end; a way that leads nowhere is not.
        var leadsNowhere = Election.Unfit(s, to) ?? (stray is not null ? $"has {stray}, which {change.From} never wrote" : null) ?? (Elapsed > s.Policy.StepDeadline && !Situation.HeldBy(to).Covers(in goal) ? $"did not receive {goal} within {Milliseconds(s.Policy.StepDeadline)}" : null);
        if (change.Kind == ChangeKind.Switchover)
        {
            if (leadsNowhere is not null || Elapsed > s.Policy.StepDeadline) Undo(change, $"{to.Id} {leadsNowhere ?? $"did not reach {goal} within {Milliseconds(s.Policy.StepDeadline)}"}");
        }
        else if (leadsNowhere is not null)
        {
            Step(change with { Step = ChangeStep.Fencing, To = null }, $"{to.Id} {leadsNowhere}");
            return;
        }
        if (!Situation.HasAppliedAll(to))
        {
            // First what it holds: to follow another is to throw away what is not applied.
            if (Freed(to) && to.LastAnswer!.Links.Any(static link => !link.Applying)) Do(EffectKind.StartApplying, to.Id, "what it has received is to be applied before it is promoted");
            return;
        }
        var source = s.Answering.Where(server => server.Id != to.Id && server.Id != change.From && s.Astray(server) is null).OrderBy(server => Situation.AppliedBy(server).Behind(in goal)).FirstOrDefault();
        if (source is null) return;
        // From a source that has not applied what it has itself it would get an error (1236) and no transactions.
        var stands = Situation.AppliedBy(to);
        if (change.Kind == ChangeKind.Failover && (!s.Follows(to, source) || to.LastAnswer!.Links.Any(static link => link.Receiving == LinkState.Stopped)) && Situation.AppliedBy(source).Covers(in stands) && !Situation.AppliedBy(source).Equals(stands)) Do(EffectKind.Follow, to.Id, $"{source.Id} has what it lacks", source.Id);
        foreach (var other in s.Answering)
            if (!Situation.HasAppliedAll(other) && other.LastAnswer!.Links.Any(static link => !link.Applying && link.Broken.Length == 0)) Do(EffectKind.StartApplying, other.Id, $"{to.Id} needs what it has received");
    }

    /// <summary>
    /// A primary that waits for acknowledgements shows only what a replica holds; a replica may show what is not acknowledged yet. So when every one of them was
    /// counted, and no commit was let go without an acknowledgement, nobody has seen more than the goal.
    /// </summary>
    bool NobodyWasShownMore(Change change, Position goal) =>
        s.Promise == LossPromise.Zero
        && s.Find(change.From)?.LastAnswer?.SemiSync is { Waits: true } sync && Next.Shared is { } shared && shared.Of == s.Find(change.From)!.State && shared.Unacknowledged == sync.Unacknowledged
        && s.Others.Where(server => server.Id != change.From).All(server => Situation.Answers(server) && s.Astray(server) is null && goal.Covers(Situation.HeldBy(server)));

    void Promoting(Change change)
    {
        // Appointed: there is no way back, only to the end, or to another failover from here.
        if (s.Find(change.To) is not { } to || s.Primary is null || !Situation.Answers(to) && Elapsed > s.Policy.ReplaceAfter)
        {
            Find("promotion-cut", change.To, $"{change.To} went away while it was promoted");
            Record_(Record with { Change = null });
            return;
        }
        if (!Situation.Answers(to)) return;
        if (to.LastAnswer is { ReadOnly: false, Links.IsEmpty: true })
        {
            Find("promoted", to.Id, $"{to.Id} is the primary of epoch {Record.Epoch}: {string.Join("; ", change.Proof)}");
            Record_(Record with { Change = null });
            return;
        }
        if (Freed(to)) Do(EffectKind.Promote, to.Id, change.Proof[^1]);
    }

    /// <summary>A replica that waits for acknowledgements, having started with the settings of a primary, can neither apply nor stop: nobody acknowledges to it.</summary>
    bool Freed(ServerView server)
    {
        if (Managed(server.LastAnswer!) is not { Waits: true } || server.LastAnswer!.Links.IsEmpty) return true;
        // Closed first: whoever waits there is not to be told that all is well.
        if (!server.LastAnswer.ReadOnly) Do(EffectKind.MakeReadOnly, server.Id, "it still replicates: nobody writes to it before it is promoted");
        else Do(EffectKind.SetAcknowledging, server.Id, "nothing that it applies waits for an acknowledgement");
        return false;
    }

    /// <summary>The primary of a failover answers again, or its log goes on, before anybody was appointed: it stays.</summary>
    bool CameBack(Change change)
    {
        if (s.Find(change.From) is not { } from || !Situation.Answers(from)) return false;
        var isStalledYet = Next.Stalled is { } stalled && stalled.Of == from.State && stalled.Since < Next.StepAt;
        if (isStalledYet) return false;
        Undo(change, $"{change.From} is back, and nobody had been appointed");
        return true;
    }

    /// <summary>A switchover that cannot go on while nobody has been appointed.</summary>
    bool Undone(Change change)
    {
        if (s.Find(change.From) is not { } from || !Situation.Answers(from))
        {
            if (Elapsed <= s.Policy.StepDeadline && s.Find(change.From) is { Health: not ServerHealth.Down }) return true; // one late answer
            Undo(change, $"{change.From} does not answer any more");
            return true;
        }
        if (s.Find(change.To) is not { } to || !Situation.Answers(to)) Undo(change, $"{change.To} does not answer any more");
        else if (Elapsed > s.Policy.StepDeadline) Undo(change, $"it took longer than {Milliseconds(s.Policy.StepDeadline)}");
        else return false;
        return true;
    }

    void Undo(Change change, string reason)
    {
        Find("undone", change.From, $"the {Controller.Word(change.Kind)} from {change.From} is undone: {reason}");
        Record_(Record with { Change = null });
        Next = Next with { NotBefore = s.Now + TimeSpan.FromSeconds(1) };
    }

    TimeSpan Elapsed => s.Now - Next.StepAt;

    void Step(Change next, string why)
    {
        Record_(Record with { Change = next with { Proof = next.Proof.Add(why) } });
        Next = Next with { StepAt = s.Now };
    }

    void Record_(ControlRecord record) => Next = Next with { Record = record };

    void Find(string rule, ServerId? server, string sentence) => _findings.Add(new Finding(rule, server, sentence));

    void Do(EffectKind kind, ServerId server, string reason, ServerId? source = null, ServerRole role = ServerRole.Unknown, bool skipsItsOwn = false) =>
        _effects.Add(new Effect(kind, server, reason) { Source = source, Role = role, SkipsItsOwn = skipsItsOwn, Epoch = Record.Epoch });

    static string Milliseconds(TimeSpan time) => $"{time.TotalMilliseconds:0} ms";
}
