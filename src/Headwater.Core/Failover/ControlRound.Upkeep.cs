using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Core.Rebuild;
using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

sealed partial class ControlRound
{
    void KeepInOrder(ServerView primary)
    {
        if (Record.LossAccepted) Record_(Record with { LossAccepted = false });
        CountAcknowledgers(primary);
        Unstick(primary);
        TellOfLoss(primary);
        if (Record.Paused) return;
        var told = primary.LastAnswer!;
        if (!s.IsInMaintenance(primary.Id))
        {
            // Its promotion was cut short, or an order of an earlier time came late: nobody is appointed while it replicates.
            if (!IsMember(primary) && told.Links.Any(link => s.SourceOf(link) is not null))
            {
                if (Freed(primary)) Do(EffectKind.Promote, primary.Id, $"{primary.Id} is the appointed primary of epoch {Record.Epoch} and still replicates from {told.Links[0].SourceHost}:{told.Links[0].SourcePort}");
            }
            else if (Managed(told) is { } sync && (!sync.Waits || sync.Acknowledges)) Do(EffectKind.SetAcknowledging, primary.Id, "a primary waits for acknowledgements and gives none", role: ServerRole.Primary);
            // A controller that has just begun may not have looked at anybody else yet: that is no primary alone, which would have nobody to wait for.
            else if (told.ReadOnly && (s.Others.Length > 0 || s.Now - Next.BegunAt >= s.Policy.ReplaceAfter)) Do(EffectKind.OpenWrites, primary.Id, $"{primary.Id} is the appointed primary of epoch {Record.Epoch} and is read_only");
        }
        if (s.Policy.IsRing) RememberMembers();
        if (IsMember(primary) && !s.IsInMaintenance(primary.Id)) KeepInRing(primary, primary);
        foreach (var server in s.Answering)
        {
            if (s.IsInMaintenance(server.Id)) continue;
            if (IsMember(server)) KeepInRing(server, primary);
            else KeepInOrder(server, primary);
        }
    }

    /// <summary>Told while it can still be mended: the promise would keep everybody from being promoted.</summary>
    void TellOfLoss(ServerView primary)
    {
        if (s.Promise != LossPromise.Bounded || Next.Marks is not { HaveSettled: true } || s.Others.IsEmpty || Election.Hold(s, primary.Id) is not { Winner: null } election) return;
        Find("promise-at-risk", primary.Id, $"if {primary.Id} died now, nobody would be promoted: {election.Reason}");
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
        else if (!s.Policy.IsRing && !primary.LastAnswer!.Links.IsEmpty)
        {
            // What it still replicates comes into its history yet: until it stands alone nothing can be said to be missing there.
            return;
        }
        // What a witness has and the primary has not it sets aside itself, when the primary refuses to go on from there: there is no data to be undone.
        else if (!server.IsWitness && Situation.Foreign(server, primary, s.View) is { } foreign)
        {
            Find("diverged", server.Id, $"{server.Id} has {foreign}, which is not in the history of {primary.Id}");
            Do(EffectKind.Reconcile, server.Id, $"it has {foreign}, which {primary.Id} has not", primary.Id);
        }
        else if (!leads) Lead(server, primary);
        else if (told.Links.Any(static link => !link.Applying || link.Receiving == LinkState.Stopped)) Restart(server, primary);
        else if (Managed(told) is { } sync && (!sync.Acknowledges || Unasked(sync)) && HasCaughtUp(server, primary))
        {
            // Remembered first, told then: it must not acknowledge a write while nobody knows that it may.
            if (!Record.Acknowledgers.Contains(server.Id))
            {
                Record_(Record with { Acknowledgers = Record.Acknowledgers.Add(server.Id) });
                Next = Next with { Telling = Next.Telling.SetItem(server.Id, s.Now) };
            }
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
        else if (told.Links.FirstOrDefault(static link => link.Broken.Length > 0) is not { } broken)
        {
            if (told.Links.Any(static link => !link.Applying)) Do(EffectKind.StartApplying, server.Id, $"what it has received is to be applied before it follows {primary.Id}");
        }
        else if (s.Answering.Any(other => other.Id != server.Id && Situation.AppliedBy(other).Covers(in held)) && Situation.AppliedBy(primary).Covers(in held))
            Do(EffectKind.Follow, server.Id, $"it cannot apply what it has received ({broken.Broken}), and others have all of that", primary.Id);
        else Find("replica-broken", server.Id, $"{server.Id} has stopped: {broken.Broken}");
    }

    /// <summary>The applier first: a relay log with which both threads begin anew is thrown away.</summary>
    void Restart(ServerView server, ServerView primary)
    {
        var link = server.LastAnswer!.Links.First(static link => !link.Applying || link.Receiving == LinkState.Stopped);
        var refused = link.Broken.Length > 0 && link.Applying;
        if (link.Broken.Length > 0) Find("replica-broken", server.Id, $"{server.Id} has stopped: {link.Broken}");
        if (refused && !s.Follows(server, primary)) Lead(server, primary);
        else if (link.Broken.Length > 0) return;
        else if (!link.Applying && link.Receiving == LinkState.Stopped && !Situation.HasAppliedAll(server)) Do(EffectKind.StartApplying, server.Id, "its replication has been stopped, and it has received what it has not applied");
        else Do(EffectKind.StartReplication, server.Id, "its replication has been stopped");
    }

    // The record is written, perhaps to a store that others share, then the server is told, then it is looked at.
    static readonly TimeSpan TellsWithin = TimeSpan.FromSeconds(2);

    // Long enough that an answer under way has come; short enough that clients hardly notice.
    static readonly TimeSpan StuckAfter = TimeSpan.FromMilliseconds(200);

    void Unstick(ServerView primary)
    {
        var told = primary.LastAnswer!;
        var head = Situation.AppliedBy(primary);
        var holder = Managed(told) is { Waits: true, WaitingCommits: > 0 }
            ? s.Answering.FirstOrDefault(server => Record.Acknowledgers.Contains(server.Id) && server.LastAnswer!.SemiSync is { Acknowledging: true } && s.Follows(server, primary) && Situation.HeldBy(server).Covers(in head)
                && (!server.IsWitness || server.LastAnswer.Links.Any(static link => link.ReceivedTo.File.Length > 0))) : null;
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
        if (primary.LastAnswer!.SemiSync is not { Waits: true } sync) return;
        var kept = Record.Acknowledgers;
        foreach (var server in s.Answering)
            if (server.LastAnswer!.SemiSync is { Acknowledges: true } or { Acknowledging: true } && !kept.Contains(server.Id)) kept = kept.Add(server.Id);
        var active = s.Acknowledging(primary);
        if (sync.Acknowledgers > active.Length)
        {
            // Somebody acknowledges whom we do not see: it may be any that does not answer.
            foreach (var server in s.Others)
                if (!Situation.Answers(server) && !kept.Contains(server.Id)) kept = kept.Add(server.Id);
        }
        else if (s.IsShared(primary)) kept = [.. kept.Where(id => active.Any(server => server.Id == id) || MayAcknowledge(id))];
        if (!kept.SequenceEqual(Record.Acknowledgers)) Record_(Record with { Acknowledgers = kept });

        // One that answers says so; one that is gone acknowledges nothing before it is told to; one that is only silent may come back as it was.
        bool MayAcknowledge(ServerId id) => Next.Telling.TryGetValue(id, out var since) && s.Now - since < TellsWithin || s.Find(id) is { } server && (Situation.Answers(server)
            ? server.LastAnswer!.SemiSync is { Acknowledges: true }
            : server.Outcome != ProbeOutcome.Closed && s.Now - (server.LastAnswer?.AnsweredAt ?? Next.BegunAt ?? s.Now) < s.Policy.ForgetAfter);
    }
}
