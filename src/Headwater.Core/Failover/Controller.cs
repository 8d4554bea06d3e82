using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Core.Rebuild;
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
        var round = new Round(new Situation(Remembered(state, view, now), view, policy, openWrites, now));
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
            var election = Election.Hold(s, primary.Id);
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

    static ControlState Remembered(ControlState state, ClusterView view, Instant now)
    {
        var primary = view.Servers.FirstOrDefault(server => server.Id == state.Record.Primary);
        var silent = primary is not null && primary.Outcome != ProbeOutcome.Answered;
        return state with { SilentSince = silent ? state.SilentSince ?? now : null, BegunAt = state.BegunAt ?? now };
    }

    internal static string Word(ChangeKind kind) => kind == ChangeKind.Failover ? "failover" : "switchover";

    /// <summary>One round: collects what comes of it.</summary>
    sealed class Round(Situation s)
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
            else if (Situation.Answers(primary) && primary.Outcome == ProbeOutcome.Answered) KeepInOrder(primary);
            else ConsiderReplacing(primary);
            if (!s.Policy.Acts) _effects.Clear();
        }

        void AppointTheFirst()
        {
            if (s.View.Primary is not { } found)
            {
                Find("no-primary", null, s.View.Reason);
                return;
            }
            Next = Next with { Record = Record with { Epoch = new Epoch(Math.Max(1, s.View.Epoch.Number)), Primary = found.Id, Number = found.Number, AppointedAt = Situation.AppliedBy(found) } };
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
            var election = Election.Hold(s, primary.Id);
            if (election.Winner is null)
            {
                Find("cannot-decide", primary.Id, $"{primary.Id} {Silence(primary)}, and cannot be replaced: {election.Reason}");
                return;
            }
            var change = new Change
            {
                Kind = ChangeKind.Failover,
                From = primary.Id,
                Step = ChangeStep.Fencing,
                Proof = [$"{primary.Id} {Silence(primary)}, and no replica hears it"],
            };
            Next = Next with { Record = Record with { Change = change }, StepAt = s.Now };
            CarryOn(change);
        }

        /// <summary>Why the silent primary is not replaced, or not yet; null when it is to be.</summary>
        string? Why(ServerView primary)
        {
            if (!s.Policy.Acts) return "the controller only watches";
            if (Record.Paused) return "the controller is paused";
            if (s.IsInMaintenance(primary.Id)) return "it is in maintenance";
            if (primary.Outcome == ProbeOutcome.Refused) return "it answers, if only to refuse us";
            var silent = SilentFor(primary);
            var patience = primary.Outcome == ProbeOutcome.Closed ? s.Policy.ReplaceAfter : s.Policy.ReplaceSilentAfter;
            if (silent < patience) return $"shorter than {Milliseconds(patience)} is a glitch";
            var hearing = s.Answering.Where(server => s.Hears(server, primary)).Select(static server => server.Id).ToList();
            if (hearing.Count > 0) return $"{Election.Names(hearing)} {(hearing.Count == 1 ? "hears" : "hear")} it, so it is we who are cut off";
            if (s.Now < Next.NotBefore) return "an attempt was undone a moment ago";
            var recent = Next.Failovers.Count(at => s.Now - at < s.Policy.FlapWindow);
            return recent >= s.Policy.MostFailovers ? $"there were {recent} failovers within {s.Policy.FlapWindow.TotalMinutes:0} minutes; an operator should look (headwater resume ends the wait)" : null;
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
            Step(change with { Step = ChangeStep.Closing }, s.OpenWrites == 0 ? "no transaction is open at the gateways" : $"{s.OpenWrites} transactions did not end within {Milliseconds(s.Policy.HandoverDrain)} and will be refused");
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
            var stray = s.Astray(to);
            if (stray is null && Situation.AppliedBy(to).Covers(in goal))
            {
                Record_(Record with
                {
                    Epoch = new Epoch(Record.Epoch.Number + 1),
                    Primary = to.Id,
                    Number = to.Number,
                    AppointedAt = goal,
                    Acknowledgers = [.. Record.Acknowledgers.Where(id => id != to.Id && id != change.From)],
                });
                Step(change with { Step = ChangeStep.Promoting }, $"{to.Id} has applied everything, up to {(goal.IsEmpty ? "nothing" : goal)}");
                Next = Next with { SilentSince = null };
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
                if (!Situation.HasAppliedAll(other) && other.LastAnswer!.Links.Any(static link => !link.Applying && link.Error.Length == 0)) Do(EffectKind.StartApplying, other.Id, $"{to.Id} needs what it has received");
        }

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

        /// <summary>The primary of a failover answers again, before anybody was appointed: it stays.</summary>
        bool CameBack(Change change)
        {
            if (s.Find(change.From) is not { } from || !Situation.Answers(from)) return false;
            Undo(change, $"{change.From} answers again, and nobody had been appointed");
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
            Find("undone", change.From, $"the {Word(change.Kind)} from {change.From} is undone: {reason}");
            Record_(Record with { Change = null });
            Next = Next with { NotBefore = s.Now + TimeSpan.FromSeconds(1) };
        }

        // ---- while the primary answers

        void KeepInOrder(ServerView primary)
        {
            CountAcknowledgers(primary);
            Unstick(primary);
            if (Record.Paused) return;
            var told = primary.LastAnswer!;
            if (!s.IsInMaintenance(primary.Id))
            {
                // Its promotion was cut short, or an order of an earlier time came late: nobody is appointed while it replicates.
                if (told.Links.Any(link => s.SourceOf(link) is not null))
                {
                    if (Freed(primary)) Do(EffectKind.Promote, primary.Id, $"{primary.Id} is the appointed primary of epoch {Record.Epoch} and still replicates from {told.Links[0].SourceHost}:{told.Links[0].SourcePort}");
                }
                else if (Managed(told) is { } sync && (!sync.Waits || sync.Acknowledges)) Do(EffectKind.SetAcknowledging, primary.Id, "a primary waits for acknowledgements and gives none", role: ServerRole.Primary);
                else if (told.ReadOnly) Do(EffectKind.OpenWrites, primary.Id, $"{primary.Id} is the appointed primary of epoch {Record.Epoch} and is read_only");
            }
            foreach (var server in s.Answering)
                if (!s.IsInMaintenance(server.Id)) KeepInOrder(server, primary);
        }

        void KeepInOrder(ServerView server, ServerView primary)
        {
            var told = server.LastAnswer!;
            var leads = s.LeadsTo(server, primary);
            if (!told.ReadOnly)
            {
                Find("two-writable", server.Id, $"{server.Id} can be written to, and {primary.Id} is the primary of epoch {Record.Epoch}");
                Do(EffectKind.MakeReadOnly, server.Id, $"{primary.Id} is the primary of epoch {Record.Epoch}");
            }
            else if (!leads && s.Now - Next.BegunAt < s.Policy.ReplaceAfter)
            {
                // Over a server that has not been looked at yet, perhaps.
                return;
            }
            else if (!leads && told.Links.Any(static link => link.Receiving != LinkState.Stopped))
            {
                // Before all else: what it acknowledged to another than the primary would be taken for safe.
                Find("follows-another", server.Id, $"{server.Id} does not follow {primary.Id}");
                Do(EffectKind.StopReceiving, server.Id, $"{primary.Id} is the primary of epoch {Record.Epoch}, and it receives from another");
            }
            else if (RebuildMark.IsOn(told.SlavePosition))
            {
                // Half a copy follows nobody and is nobody's tail: it is rebuilt.
                return;
            }
            else if (Managed(told) is { Waits: true }) Do(EffectKind.SetAcknowledging, server.Id, "it is not the primary: nothing that it applies waits for an acknowledgement");
            else if (!primary.LastAnswer!.Links.IsEmpty)
            {
                // What it still replicates comes into its history yet: until it stands alone nothing can be said to be missing there.
                return;
            }
            else if (Situation.Foreign(server, primary) is { } foreign)
            {
                Find("diverged", server.Id, $"{server.Id} has {foreign}, which is not in the history of {primary.Id}");
                Do(EffectKind.Reconcile, server.Id, $"it has {foreign}, which {primary.Id} has not", primary.Id);
            }
            else if (!leads) Lead(server, primary);
            else if (told.Links.Any(static link => !link.Applying || link.Receiving == LinkState.Stopped)) Restart(server, primary);
            else if (Managed(told) is { } sync && (!sync.Acknowledges || Unasked(sync)) && HasCaughtUp(server, primary))
            {
                // Remembered first, told then: it must not acknowledge a write while nobody knows that it may.
                if (!Record.Acknowledgers.Contains(server.Id)) Record_(Record with { Acknowledgers = Record.Acknowledgers.Add(server.Id) });
                Do(EffectKind.SetAcknowledging, server.Id, "a replica that has caught up acknowledges", role: ServerRole.Replica);
            }

            // The setting holds from the next start of the receiver on; whoever changed it may have died before that. The primary does not count it either.
            bool Unasked(SemiSync sync) => sync is { Acknowledges: true, Acknowledging: false } && Receives(server)
                && primary.LastAnswer!.SemiSync is { Waits: true } waiting && waiting.Acknowledgers < s.Answering.Count(Receives);
            bool Receives(ServerView replica) => s.Follows(replica, primary) && replica.LastAnswer!.Links.All(static link => link.Receiving == LinkState.Running);
        }

        /// <summary>To the primary, once it has applied what it has received: CHANGE MASTER throws the relay log away, and the only copy of an acknowledged write may be in it.</summary>
        void Lead(ServerView server, ServerView primary)
        {
            Find("follows-another", server.Id, $"{server.Id} does not follow {primary.Id}");
            var told = server.LastAnswer!;
            var held = Situation.HeldBy(server);
            if (Situation.HasAppliedAll(server)) Do(EffectKind.Follow, server.Id, $"{primary.Id} is the primary of epoch {Record.Epoch}", primary.Id);
            else if (told.Links.FirstOrDefault(static link => link.Error.Length > 0) is not { } broken)
            {
                if (told.Links.Any(static link => !link.Applying)) Do(EffectKind.StartApplying, server.Id, $"what it has received is to be applied before it follows {primary.Id}");
            }
            else if (s.Answering.Any(other => other.Id != server.Id && Situation.AppliedBy(other).Covers(in held)) && Situation.AppliedBy(primary).Covers(in held))
                Do(EffectKind.Follow, server.Id, $"it cannot apply what it has received ({broken.Error}), and others have all of that", primary.Id);
            else Find("replica-broken", server.Id, $"{server.Id} has stopped: {broken.Error}");
        }

        /// <summary>The applier first: a relay log with which both threads begin anew is thrown away.</summary>
        void Restart(ServerView server, ServerView primary)
        {
            var link = server.LastAnswer!.Links.First(static link => !link.Applying || link.Receiving == LinkState.Stopped);
            var refused = link.Error.Length > 0 && link.Applying;
            if (link.Error.Length > 0) Find("replica-broken", server.Id, $"{server.Id} has stopped: {link.Error}");
            if (refused && !s.Follows(server, primary)) Lead(server, primary);
            else if (link.Error.Length > 0) return;
            else if (!link.Applying && link.Receiving == LinkState.Stopped && !Situation.HasAppliedAll(server)) Do(EffectKind.StartApplying, server.Id, "its replication has been stopped, and it has received what it has not applied");
            else Do(EffectKind.StartReplication, server.Id, "its replication has been stopped");
        }

        // Long enough that an answer under way has come; short enough that clients hardly notice.
        static readonly TimeSpan StuckAfter = TimeSpan.FromMilliseconds(200);

        void Unstick(ServerView primary)
        {
            var told = primary.LastAnswer!;
            var head = Situation.AppliedBy(primary);
            var holder = Managed(told) is { Waits: true, WaitingCommits: > 0 }
                ? s.Answering.FirstOrDefault(server => Record.Acknowledgers.Contains(server.Id) && server.LastAnswer!.SemiSync is { Acknowledging: true } && s.Follows(server, primary) && Situation.HeldBy(server).Covers(in head)) : null;
            Next = Next with { Stuck = holder is null ? null : Next.Stuck is { } before && before.At == head ? before : (head, s.Now) };
            if (Next.Stuck is { } since && s.Now - since.Since >= StuckAfter && !s.IsInMaintenance(primary.Id))
                Do(EffectKind.Vouch, primary.Id, $"commits wait at {head} for an answer that was given before, or lost; {holder!.Id} has it", holder.Id);
        }

        /// <summary>Semi-synchronous replication, where it is ours to manage: at best effort it is the operator's, and a primary alone has nobody to wait for.</summary>
        SemiSync? Managed(Observation told) => s.Policy.Promise == LossPromise.Zero && s.Others.Length > 0 ? told.SemiSync : null;

        /// <summary>It holds all that the primary was seen to have after it had started: so also whatever a relay log of before, thrown away when it started, had acknowledged.</summary>
        static bool HasCaughtUp(ServerView server, ServerView primary)
        {
            var (told, head) = (server.LastAnswer!, primary.LastAnswer!);
            return head.AskedAt >= told.AnsweredAt - told.Uptime && told.AskedAt >= head.AnsweredAt && Situation.HeldBy(server).Covers(Situation.AppliedBy(primary));
        }

        // With one acknowledgement a commit, a write may be on one replica only. So whoever may acknowledge is remembered, and forgotten only when it is
        // known not to, the primary counts no others than those that are remembered, and all that the primary had logged by then is on one of them.
        void CountAcknowledgers(ServerView primary)
        {
            var told = primary.LastAnswer!;
            if (told.SemiSync is not { Waits: true } sync) return;
            var kept = Record.Acknowledgers;
            foreach (var server in s.Answering)
                if (server.LastAnswer!.SemiSync is { Acknowledges: true } or { Acknowledging: true } && !kept.Contains(server.Id)) kept = kept.Add(server.Id);
            var active = s.Answering.Where(server => server.LastAnswer!.SemiSync is { Acknowledging: true } && s.Follows(server, primary)).ToList();
            var head = Situation.AppliedBy(primary);
            if (sync.Acknowledgers > active.Count)
            {
                // Somebody acknowledges whom we do not see: it may be any that does not answer.
                foreach (var server in s.Others)
                    if (!Situation.Answers(server) && !kept.Contains(server.Id)) kept = kept.Add(server.Id);
            }
            else if (active.Any(server => server.LastAnswer!.AskedAt >= told.AnsweredAt && Situation.HeldBy(server).Covers(in head)))
                kept = [.. kept.Where(id => active.Any(server => server.Id == id) || MayAcknowledge(id))];
            if (!kept.SequenceEqual(Record.Acknowledgers)) Record_(Record with { Acknowledgers = kept });

            // One that answers says so; one that is gone acknowledges nothing before it is told to; one that is only silent may come back as it was.
            bool MayAcknowledge(ServerId id) => s.Find(id) is { } server && (Situation.Answers(server)
                ? server.LastAnswer!.SemiSync is { Acknowledges: true }
                : server.Outcome != ProbeOutcome.Closed && s.Now - (server.LastAnswer?.AnsweredAt ?? Next.BegunAt ?? s.Now) < s.Policy.ForgetAfter);
        }

        TimeSpan Elapsed => s.Now - Next.StepAt;

        void Step(Change next, string why)
        {
            Record_(Record with { Change = next with { Proof = next.Proof.Add(why) } });
            Next = Next with { StepAt = s.Now };
        }

        void Record_(ControlRecord record) => Next = Next with { Record = record };

        void Find(string rule, ServerId? server, string sentence) => _findings.Add(new Finding(rule, server, sentence));

        void Do(EffectKind kind, ServerId server, string reason, ServerId? source = null, ServerRole role = ServerRole.Unknown) =>
            _effects.Add(new Effect(kind, server, reason) { Source = source, Role = role, Epoch = Record.Epoch });

        static string Milliseconds(TimeSpan time) => $"{time.TotalMilliseconds:0} ms";
    }
}
