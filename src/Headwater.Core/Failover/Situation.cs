using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Core.Rebuild;
using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

/// <summary>What one look at the cluster means to a controller with this record: questions that the rules ask, answered once.</summary>
public sealed class Situation
{
    public Situation(ControlState state, ClusterView view, ControlPolicy policy, int openWrites, Instant now)
    {
        (State, View, Policy, OpenWrites, Now) = (state, view, policy, openWrites, now);
        Primary = Find(state.Record.Primary);
        Others = [.. view.Servers.Where(server => server.Id != state.Record.Primary)];
        Answering = [.. Others.Where(Answers)];
    }

    public ControlState State { get; }
    public ControlRecord Record => State.Record;
    public ClusterView View { get; }
    public ControlPolicy Policy { get; }

    /// <summary>What the next appointment must keep.</summary>
    public LossPromise Promise => Record.LossAccepted ? LossPromise.BestEffort : Policy.Promise;

    /// <summary>Statements and transactions that gateways have open on the primary and that may write.</summary>
    public int OpenWrites { get; }
    public Instant Now { get; }

    /// <summary>The appointed one; null when none is, or when it is not watched any more.</summary>
    public ServerView? Primary { get; }
    public ImmutableArray<ServerView> Others { get; }
    public ImmutableArray<ServerView> Answering { get; }

    public static bool Answers(ServerView server) => server is { Outcome: ProbeOutcome.Answered, LastAnswer: not null } && server.Health != ServerHealth.Down;

    public ServerView? Find(ServerId? id)
    {
        if (id is { } wanted)
            foreach (var server in View.Servers)
                if (server.Id == wanted) return server;
        return null;
    }

    public bool IsInMaintenance(ServerId id) => Record.InMaintenance.Contains(id);

    /// <summary>All that the server holds: what it shows, what it has logged, and what it has received and not yet applied.</summary>
    public static Position HeldBy(ServerView server)
    {
        var answer = server.LastAnswer!;
        var held = answer.BinlogPosition.Merge(answer.SlavePosition);
        foreach (var link in answer.Links) held = held.Merge(link.Received);
        return held;
    }

    /// <summary>Something that the primary of the record wrote, or had when it was appointed, and <paramref name="goal"/> has not. What others write, as heartbeats of their own, is not waited for.</summary>
    public bool HoldsMoreOfFormer(ServerView server, Position goal)
    {
        var held = Contested(HeldBy(server));
        for (var i = 0; i < held.DomainCount; i++)
            if (held[i].Sequence > goal.SequenceOf(held[i].Domain) && (Record.Number == 0 || held[i].Server == Record.Number || held[i].Sequence <= Record.AppointedAt.SequenceOf(held[i].Domain))) return true;
        return false;
    }

    /// <summary>Without the domains that other members of a ring go on writing: those come by themselves, and are never all there.</summary>
    public Position Contested(Position position)
    {
        if (View.CoWriters.IsEmpty) return position;
        var contested = Position.Empty;
        for (var i = 0; i < position.DomainCount; i++)
            if (!View.CoWriters.Any(writer => writer.Domain == position[i].Domain)) contested = contested.With(position[i]);
        return contested;
    }

    public static Position AppliedBy(ServerView server) => server.LastAnswer!.BinlogPosition.Merge(server.LastAnswer.SlavePosition);

    /// <summary>Nothing that it has received is left to be applied.</summary>
    public static bool HasAppliedAll(ServerView server)
    {
        var applied = AppliedBy(server);
        foreach (var link in server.LastAnswer!.Links)
            if (!applied.Covers(link.Received)) return false;
        return true;
    }

    /// <summary>Those that are seen to acknowledge what the primary commits.</summary>
    public ImmutableArray<ServerView> Acknowledging(ServerView primary) => [.. Answering.Where(server => server.LastAnswer!.SemiSync is { Acknowledging: true } && Follows(server, primary))];

    /// <summary>Nobody acknowledges whom we do not see, and all that the primary had logged when it was looked at is on one of those.</summary>
    public bool IsShared(ServerView primary)
    {
        var (told, head, active) = (primary.LastAnswer!, AppliedBy(primary), Acknowledging(primary));
        return told.SemiSync is { Waits: true } sync && sync.Acknowledgers <= active.Length && active.Any(server => server.LastAnswer!.AskedAt >= told.AnsweredAt && HeldBy(server).Covers(in head));
    }

    /// <summary>
    /// The source of a link among the servers known: by its number, which survives other names for the same host. The number is that of whom it was connected to last, also after it was told to
    /// follow another: while it is not connected, the address says whom it is to follow, where that is one of ours.
    /// </summary>
    public ServerView? SourceOf(ReplicationLink link) => link.Receiving == LinkState.Running ? ByNumber(link) ?? ByAddress(link) : ByAddress(link) ?? ByNumber(link);

    ServerView? ByNumber(ReplicationLink link)
    {
        foreach (var server in View.Servers)
            if (link.SourceNumber != 0 && server.Number == link.SourceNumber) return server;
        return null;
    }

    ServerView? ByAddress(ReplicationLink link)
    {
        foreach (var server in View.Servers)
            if (server.Address.Port == link.SourcePort && string.Equals(server.Address.Host, link.SourceHost, StringComparison.OrdinalIgnoreCase)) return server;
        return null;
    }

    public bool Follows(ServerView server, ServerView source) => server.LastAnswer is { } answer && answer.Links.Any(link => ReferenceEquals(SourceOf(link), source));

    /// <summary>Whether what <paramref name="server"/> receives comes from <paramref name="primary"/>, directly or by way of others that live.</summary>
    public bool LeadsTo(ServerView server, ServerView primary)
    {
        var at = server;
        for (var hops = 0; hops < View.Servers.Length; hops++)
        {
            if (at.LastAnswer is not { Links.Length: > 0 } answer || SourceOf(answer.Links[0]) is not { } source) return false;
            if (ReferenceEquals(source, primary)) return true;
            if (source.Health == ServerHealth.Down) return false;
            at = source;
        }
        return false;
    }

    /// <summary>Something came to the server from the primary a moment ago: so the primary lives, whatever we can reach.</summary>
    public bool Hears(ServerView server, ServerView primary) =>
        Answers(server) && Follows(server, primary) && server.SourceHeardAt is { } heard && Now - heard < Policy.HeardWithin;

    /// <summary>A transaction of <paramref name="server"/>'s log that is not in <paramref name="primary"/>'s history and cannot come into it; null when there is none.</summary>
    public static Gtid? Foreign(ServerView server, ServerView primary, ClusterView view)
    {
        var history = primary.LastAnswer!.History;
        foreach (var gtid in server.LastAnswer!.History)
        {
            ulong passed = 0, wrote = 0;
            foreach (var known in history)
            {
                if (known.Domain != gtid.Domain) continue;
                passed = Math.Max(passed, known.Sequence);
                if (known.Server == gtid.Server) wrote = Math.Max(wrote, known.Sequence);
            }
            // Ahead, by the primary's own hand or by one of its ring, is only newer than our look at the primary.
            if (view.IsOfRing(gtid) && gtid.Sequence > passed) continue;
            if (wrote < gtid.Sequence && (gtid.Server != primary.Number || gtid.Sequence <= passed)) return gtid;
        }
        return null;
    }

    /// <summary>
    /// A transaction that the server holds and that is of no epoch: beyond where the appointed primary began, only that one's own are. Null when there is none.
    /// It says who is in an election, where there is no primary to compare with: the tail of a former one must not count as more.
    /// </summary>
    public Gtid? Astray(ServerView server)
    {
        // Half a copy is of no epoch either.
        if (RebuildMark.IsOn(server.LastAnswer!.SlavePosition)) return server.LastAnswer.SlavePosition[0];
        if (Record.Number == 0 || server.Number == Record.Number) return null;
        foreach (var gtid in server.LastAnswer!.History)
            if (Strays(gtid)) return gtid;
        foreach (var link in server.LastAnswer!.Links)
            for (var i = 0; i < link.Received.DomainCount; i++)
                if (Strays(link.Received[i])) return link.Received[i];
        return null;

        bool Strays(Gtid gtid) => Record.AppointedAt.SequenceOf(gtid.Domain) is > 0 and var began && gtid.Sequence > began && gtid.Server != Record.Number && !View.IsOfRing(gtid);
    }
}
