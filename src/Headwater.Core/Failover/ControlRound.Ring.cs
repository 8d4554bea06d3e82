using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

// A ring is kept as a tree is: what is, compared with what should be. Each member follows the last one before it that is there, in the order in which the servers
// are named; so a ring is closed around one that is gone, and opened again for one that is back.
sealed partial class ControlRound
{
    /// <summary>What does not log what it receives cannot be one: the ring would end at it.</summary>
    bool IsMember(ServerView server) => s.Policy.IsRing && (server.Tags & (ServerTags.Backup | ServerTags.Delayed | ServerTags.Witness)) == 0 && server.LastAnswer is not { LogsReplicated: false };

    void RememberMembers()
    {
        if (!s.View.RingWriters.ToHashSet().SetEquals(Record.RingWriters)) Record_(Record with { RingWriters = s.View.RingWriters });
    }

    /// <summary>Transactions; a moment's work, for which another may stand still.</summary>
    const ulong NearlyThere = 1000;

    /// <summary>Silent for so long that its place is closed; a shorter silence is a glitch, and one that another still hears lives.</summary>
    bool IsGone(ServerView server) => !Situation.Answers(server) && server.Outcome != ProbeOutcome.Refused && !s.View.Servers.Any(other => s.Hears(other, server))
        && s.Now - (server.LastAnswer?.AnsweredAt ?? Next.BegunAt ?? s.Now) >= (server.Outcome == ProbeOutcome.Closed ? s.Policy.ReplaceAfter : s.Policy.ReplaceSilentAfter);

    /// <summary>Whom a member is to follow; null when it is alone.</summary>
    ServerView? Predecessor(ServerView member)
    {
        var servers = s.View.Servers;
        var at = servers.IndexOf(member);
        for (var back = 1; back < servers.Length; back++)
        {
            var before = servers[(at - back + servers.Length) % servers.Length];
            // One in maintenance keeps the place that it has, and is given none.
            if (IsMember(before) && !IsGone(before) && (!s.IsInMaintenance(before.Id) || s.Follows(member, before))) return before;
        }
        return null;
    }

    void KeepInRing(ServerView member, ServerView primary)
    {
        var told = member.LastAnswer!;
        if (member.Id != primary.Id && !told.ReadOnly && WhoMayWriteIn(told.Domain) is { } clash && clash.Id != member.Id)
        {
            Find("two-writable", member.Id, $"{member.Id} and {clash.Id} can both be written to in domain {told.Domain}, where their transactions get the same numbers; each member of a ring needs a gtid_domain_id of its own");
            Do(EffectKind.MakeReadOnly, member.Id, $"{clash.Id} writes in domain {told.Domain}, and {primary.Id} is the primary of epoch {Record.Epoch}");
            return;
        }
        if (Predecessor(member) is not { } before)
        {
            Find("ring-broken", member.Id, $"{member.Id} is alone: no other member of its ring answers");
            return;
        }
        if (!Situation.Answers(before)) return;
        if (told.Links.Length > 1)
        {
            Find("ring-open", member.Id, $"{member.Id} replicates from {told.Links.Length} sources; as a member of a ring it is to follow {before.Id} only, and which of them can go is not ours to say");
            return;
        }
        if (s.Follows(member, before)) KeepFollowing(member, before);
        else Close(member, before);
    }

    /// <summary>The primary, or else the first that is named.</summary>
    ServerView? WhoMayWriteIn(uint domain) => s.View.Servers.Where(server => IsMember(server) && !s.IsInMaintenance(server.Id) && server.LastAnswer is { ReadOnly: false } answer && answer.Domain == domain)
        .OrderBy(server => server.Id == Record.Primary ? 0 : 1).FirstOrDefault();

    void KeepFollowing(ServerView member, ServerView before)
    {
        var told = member.LastAnswer!;
        var link = told.Links[0];
        if (link is { Applying: true, Receiving: not LinkState.Stopped }) return;
        if (!link.Applying && link.Broken.Length > 0)
        {
            Find("conflict", member.Id, $"{member.Id} cannot apply what comes from {before.Id}, and neither overwrites nor skips it: {link.Broken}");
            return;
        }
        if (link.Broken.Length > 0) Find("replica-broken", member.Id, $"{member.Id} has stopped: {link.Broken}");
        // It may have more of a member that has died than the one before it, which gets that by way of this one.
        if (link.Broken.Length == 0 || Situation.AppliedBy(before).Covers(told.SlavePosition))
        {
            // What it asks for may be purged there: then it begins from all that it has, where that is there.
            if (link.Broken.Length > 0 && Situation.HasAppliedAll(member) && Situation.AppliedBy(before).Covers(Situation.AppliedBy(member))) FollowInRing(member, before, $"{before.Id} refuses what it asked for, and has all that it has");
            else Do(EffectKind.StartReplication, member.Id, "its replication has been stopped");
        }
        else Find("ring-waits", member.Id, $"{member.Id} stands at {told.SlavePosition} and follows {before.Id} when that has as much");
    }

    /// <summary>From all that it has only where that one has all of it, as when a primary's first follows it: then the log need not go back to the beginning.</summary>
    void FollowInRing(ServerView member, ServerView before, string reason) =>
        Do(EffectKind.Follow, member.Id, reason, before.Id, skipsItsOwn: !Situation.AppliedBy(before).Covers(Situation.AppliedBy(member)));

    /// <summary>
    /// To another source, once what was received is applied: CHANGE MASTER throws the relay log away. While the present source goes on, the new one must first have come as far,
    /// or the member would wait there.
    /// </summary>
    void Close(ServerView member, ServerView before)
    {
        var told = member.LastAnswer!;
        var source = told.Links.Length == 0 ? null : s.SourceOf(told.Links[0]);
        if (source is not null && !Situation.Answers(source) && !IsGone(source)) return;
        var isReturn = source is not null && Situation.Answers(source) && s.Follows(before, source);
        var received = told.SlavePosition;
        foreach (var link in told.Links) received = received.Merge(link.Received);
        var missing = Situation.AppliedBy(before).Behind(in received);
        if (isReturn && missing > 0)
        {
            Find("ring-waits", member.Id, $"{member.Id} follows {source!.Id} until {before.Id} has caught up; that is {missing} transactions behind");
            // It never would while the other goes on as well.
            var isStopped = told.Links[0].Receiving == LinkState.Stopped;
            if (before.LastAnswer!.Links.Any(static link => link is not { Applying: true, Receiving: LinkState.Running }))
            {
                if (isStopped && told.Links[0].Broken.Length == 0) Do(EffectKind.StartReplication, member.Id, $"{before.Id} does not catch up, as it does not replicate");
            }
            else if (missing <= NearlyThere && !isStopped) Do(EffectKind.StopReceiving, member.Id, $"{before.Id} has nearly caught up, and it comes after that in the ring");
            return;
        }
        Find("ring-open", member.Id, $"{member.Id} {(source is null ? "follows nobody" : $"follows {source.Id}")}; in its ring it comes after {before.Id}");
        if (Situation.HasAppliedAll(member)) FollowInRing(member, before, $"it comes after {before.Id} in the ring");
        else if (told.Links.FirstOrDefault(static link => !link.Applying && link.Broken.Length > 0) is { } broken)
            Find("conflict", member.Id, $"{member.Id} cannot apply what it has received, and neither overwrites nor skips it: {broken.Broken}");
        else if (told.Links.Any(static link => !link.Applying)) Do(EffectKind.StartApplying, member.Id, $"what it has received is to be applied before it follows {before.Id}");
        else if (source is not null && told.Links.Any(static link => link.Receiving != LinkState.Stopped) && Situation.Answers(source)) Do(EffectKind.StopReceiving, member.Id, $"it is to follow {before.Id} once it has applied what it has received");
    }
}
