using System.Collections.Immutable;
using System.Diagnostics;

namespace Headwater.Core.Topology;

/// <summary>Who the primary is. <see cref="Retained"/> was the primary, still bears the role, and cannot be written to now.</summary>
sealed record PrimaryFinding(ServerFacts? Primary, ServerFacts? Retained, string Reason);

/// <summary>The rules by which a primary is known, as rows; the first whose condition holds decides, and its sentence is what people read.</summary>
static class PrimaryRules
{
    sealed record Situation(ImmutableArray<ServerFacts> Servers, ServerFacts? Before, ImmutableArray<ServerFacts> Writable)
    {
        /// <summary>The writable server that most replicas follow; null when none or when two are followed alike.</summary>
        public ServerFacts? MostFollowed { get; init; }

        /// <summary>Those of a ring that can be written to, the gateway's own zone first.</summary>
        public ImmutableArray<ServerFacts> WritableMembers { get; init; } = [];

        /// <summary>Followed by a replica, or a replica itself until now, or has all that the primary before is known to have logged: not some old primary that came back.</summary>
        public bool TookOver(ServerFacts server) => Followers(server) > 0
            || server.Before?.Role == ServerRole.Replica
            || (Before?.Answer is { } answer && server.Answer!.BinlogPosition.Covers(answer.BinlogPosition));

        public int Followers(ServerFacts server) => Servers.Count(s => s.IsReplica && !s.Dead && Follows(s, server));
    }

    sealed record Row(string Name, Func<Situation, bool> When, Func<Situation, PrimaryFinding> Then);

    static readonly ImmutableArray<Row> Rows =
    [
        new("a ring, and its member that is the primary can be written to",
            s => s.Before is { InRing: true, IsWritable: true },
            s => new(s.Before, null, $"{s.Before!.Id} is the primary here{Beside(s, s.Before)}{(s.Before.Latest.Outcome == ProbeOutcome.Answered ? "" : $", though it {s.Before.Silence}")}")),

        new("a ring, and its member that was the primary cannot be written to any more",
            s => s.Before is { IsWritable: false } before && s.WritableMembers.Length > 0 && !s.Servers.Any(r => before.Dead && Receives(r, before)),
            s => new(s.WritableMembers[0], null, $"{s.WritableMembers[0].Id} is the primary here{Beside(s, s.WritableMembers[0])}; {s.Before!.Id}, the primary before, {(s.Before.Dead ? s.Before.Silence : "is read_only now")}")),

        new("a ring, whose primary cannot be reached, but its members can reach it",
            s => s.Before is { Dead: true } && s.WritableMembers.Length > 0,
            s => new(null, s.Before, $"{s.Before!.Id}, the primary, {s.Before.Silence}; {Names([.. s.Servers.Where(r => Receives(r, s.Before))])} of its ring still {(s.Servers.Count(r => Receives(r, s.Before)) == 1 ? "receives" : "receive")} from it")),

        new("a ring",
            s => s.Before is null && s.WritableMembers.Length > 0,
            s => new(s.WritableMembers[0], null, $"{s.WritableMembers[0].Id} is the primary here{Beside(s, s.WritableMembers[0])}")),

        new("the primary has been superseded",
            s => s.Before is { } before && s.MostFollowed is { } new_ && new_ != before
                && (!before.IsWritable || s.Followers(before) < s.Followers(new_)),
            s => new(s.MostFollowed, null, $"{s.MostFollowed!.Id} is writable and {Count(s.Followers(s.MostFollowed), "replica follows", "replicas follow")} it; {s.Before!.Id}, the primary before, {WhatOf(s, s.Before)}")),

        new("the primary is still the primary, and another server is writable too",
            s => s.Before is { IsWritable: true } && s.Writable.Length > 1,
            s => new(s.Before, null, $"{s.Before!.Id} stays the primary; {Names(s.Writable.Remove(s.Before))} can be written to as well, which nobody should")),

        new("the primary has not answered the last probe",
            s => s.Before is { IsWritable: true } before && before.Latest.Outcome != ProbeOutcome.Answered,
            s => new(s.Before, null, $"{s.Before!.Id} keeps its role, though it {s.Before.Silence}")),

        new("the primary is still the primary",
            s => s.Before is { IsWritable: true },
            s => new(s.Before, null, $"{s.Before!.Id} can be written to and replicates from nobody")),

        new("the primary is gone and one other server has taken over",
            s => s.Before is not null && s.Writable.Length == 1 && s.TookOver(s.Writable[0]),
            s => new(s.Writable[0], null, $"{s.Writable[0].Id} can be written to and replicates from nobody; {s.Before!.Id}, the primary before, {WhatOf(s, s.Before)}")),

        new("the primary is gone and what is writable has not taken over",
            s => s.Before is not null && s.Writable.Length == 1,
            s => new(null, s.Before, $"{s.Before!.Id}, the primary, {WhatOf(s, s.Before)}; {s.Writable[0].Id} can be written to, but no replica follows it, and it was no replica and lacks transactions that {s.Before.Id} had")),

        new("the primary is gone and several servers are writable",
            s => s.Before is not null && s.Writable.Length > 1,
            s => new(null, s.Before, $"{s.Before!.Id}, the primary, {WhatOf(s, s.Before)}; {Names(s.Writable)} can be written to, and nothing tells which is the primary")),

        new("the primary cannot be reached, but its replicas can reach it",
            s => s.Before is { Dead: true } before && s.Servers.Any(r => Receives(r, before)),
            s => new(null, s.Before, $"{s.Before!.Id}, the primary, {s.Before.Silence}; {Names([.. s.Servers.Where(r => Receives(r, s.Before))])} still {(s.Servers.Count(r => Receives(r, s.Before)) == 1 ? "receives" : "receive")} from it")),

        new("the primary is down",
            s => s.Before is { Dead: true },
            s => new(null, s.Before, $"{s.Before!.Id}, the primary, {s.Before.Silence}, and no other server can be written to")),

        new("the primary has become a replica",
            s => s.Before is { IsReplica: true },
            s => new(null, null, $"{s.Before!.Id}, the primary before, has become a replica, and no other server can be written to")),

        new("the primary is read only",
            s => s.Before is not null,
            s => new(null, s.Before, $"{s.Before!.Id}, the primary, is read_only, and no other server can be written to")),

        new("the most followed of several writable servers",
            s => s.Writable.Length > 1 && s.MostFollowed is not null,
            s => new(s.MostFollowed, null, $"{s.MostFollowed!.Id} is writable and {Count(s.Followers(s.MostFollowed), "replica follows", "replicas follow")} it; {Names(s.Writable.Remove(s.MostFollowed))} can be written to as well, which nobody should")),

        new("several writable servers",
            s => s.Writable.Length > 1,
            s => new(null, null, $"{Names(s.Writable)} can be written to, and nothing tells which is the primary")),

        new("one writable server, and replicas that follow another",
            s => s.Writable.Length == 1 && s.MostFollowed is null && s.Servers.Any(r => r.Alive && r.IsReplica),
            s => new(null, null, $"{s.Writable[0].Id} can be written to, but {Names([.. s.Servers.Where(r => r.Alive && r.IsReplica)])} replicate from elsewhere")),

        new("one writable server",
            s => s.Writable.Length == 1,
            s => new(s.Writable[0], null, $"{s.Writable[0].Id} can be written to and replicates from nobody")),

        new("no server answers",
            s => s.Servers.All(server => !server.Alive),
            s => new(null, null, s.Servers.IsEmpty ? "no server has been looked at yet" : $"no server answers: {s.Servers[0].Id} {s.Servers[0].Silence}")),

        new("no server is writable",
            _ => true,
            s => new(null, null, $"no server can be written to: {string.Join(", ", s.Servers.Where(x => x.Alive).Select(x => $"{x.Id} {(x.IsReplica ? "is a replica" : "is read_only")}"))}")),
    ];

    /// <summary>With a controller: the appointed one or nobody, so that a former primary that comes back writable is never written to.</summary>
    public static PrimaryFinding Decide(ImmutableArray<ServerFacts> servers, Appointment appointed)
    {
        if (appointed.Primary is null) return new(null, null, appointed.Closed ?? "no primary has been appointed yet");
        if (servers.FirstOrDefault(server => server.Id == appointed.Primary) is not { } server)
            return new(null, null, $"{appointed.Primary}, the appointed primary of epoch {appointed.Epoch}, is not among the servers");
        if (appointed.Closed is { } closed) return new(null, server, closed);
        if (!server.Alive) return new(null, server, $"{server.Id}, the primary of epoch {appointed.Epoch}, {server.Silence}");
        if (!server.IsWritable) return new(null, server, $"{server.Id}, the appointed primary of epoch {appointed.Epoch}, {(server.IsReplica ? "is still a replica" : "is read_only")}");
        return new(server, null, $"{server.Id} is the appointed primary of epoch {appointed.Epoch}" + (server.Latest.Outcome == ProbeOutcome.Answered ? "" : $", though it {server.Silence}"));
    }

    public static PrimaryFinding Decide(ImmutableArray<ServerFacts> servers, ClusterView previous, string zone)
    {
        var beforeId = Before(previous)?.Id;
        var writable = servers.Where(s => s.IsWritable).ToImmutableArray();
        var situation = new Situation(servers, beforeId is { } id ? servers.FirstOrDefault(s => s.Id == id) : null, writable)
        {
            WritableMembers = [.. writable.Where(static s => s.InRing).OrderBy(s => zone.Length == 0 || s.Watched.Zone == zone ? 0 : 1)],
        };
        var ranked = writable.Select(s => (Server: s, Followers: situation.Followers(s))).OrderByDescending(x => x.Followers).ToArray();
        if (ranked.Length > 0 && ranked[0].Followers > 0 && (ranked.Length == 1 || ranked[1].Followers < ranked[0].Followers))
            situation = situation with { MostFollowed = ranked[0].Server };
        foreach (var row in Rows)
            if (row.When(situation)) return row.Then(situation);
        throw new UnreachableException();
    }

    /// <summary>The server that bore the role in the view before, whether it could be written to or not.</summary>
    public static ServerView? Before(ClusterView previous)
    {
        if (previous.Primary is not null) return previous.Primary;
        foreach (var server in previous.Servers)
            if (server.Role == ServerRole.Primary) return server;
        return null;
    }

    public static ServerView View(ServerFacts server, PrimaryFinding finding)
    {
        var isPrimary = ReferenceEquals(server, finding.Primary);
        return Views.Of(server) with
        {
            Role = ServerRole.Primary,
            Health = server.Dead ? ServerHealth.Down : isPrimary ? ServerHealth.Up : ServerHealth.Draining,
            Lag = isPrimary ? TimeSpan.Zero : null,
            Reason = (server.Identity.Length > 0 ? server.Identity + "; " : "") + finding.Reason,
        };
    }

    /// <summary>True when a link of <paramref name="replica"/> leads to <paramref name="source"/>: by the number the link has seen, else by address.</summary>
    public static bool Follows(ServerFacts replica, ServerFacts source)
    {
        if (replica.Answer is null || ReferenceEquals(replica, source)) return false;
        foreach (var link in replica.Answer.Links)
            if (LeadsTo(link, source)) return true;
        return false;
    }

    static bool Receives(ServerFacts replica, ServerFacts source)
    {
        if (!replica.Alive || replica.Latest.Outcome != ProbeOutcome.Answered) return false;
        foreach (var link in replica.Answer!.Links)
            if (link.Receiving == LinkState.Running && LeadsTo(link, source)) return true;
        return false;
    }

    static bool LeadsTo(ReplicationLink link, ServerFacts source) => link.SourceNumber != 0 && source.Answer is { Number: not 0 } answer
        ? link.SourceNumber == answer.Number
        : link.SourcePort == source.Watched.Address.Port && string.Equals(link.SourceHost, source.Watched.Address.Host, StringComparison.OrdinalIgnoreCase);

    static string WhatOf(Situation s, ServerFacts before) =>
        before.Dead ? before.Silence
        : before.IsReplica ? "is a replica now"
        : before.Answer is { ReadOnly: true } ? "is read_only now"
        : $"can be written to as well, and {Count(s.Followers(before), "replica follows", "replicas follow")} it";

    /// <summary>Who else of the ring can be written to, and whether that can go well.</summary>
    static string Beside(Situation s, ServerFacts primary)
    {
        var others = s.WritableMembers.Remove(primary);
        if (others.IsEmpty) return ", the only member of its ring that can be written to";
        var said = $", and of its ring {Names(others)} can be written to as well";
        var alike = s.WritableMembers.GroupBy(static server => server.Answer!.Domain).FirstOrDefault(static group => group.Count() > 1);
        return alike is null ? said : $"{said}; {Names([.. alike])} write in the same domain, {alike.Key}, where their transactions get the same numbers: each needs a gtid_domain_id of its own";
    }

    static string Count(int number, string one, string many) => number == 0 ? "no replica follows" : number == 1 ? $"1 {one}" : $"{number} {many}";

    static string Names(ImmutableArray<ServerFacts> servers) => string.Join(" and ", servers.Select(s => s.Id.Name));
}

static class Views
{
    /// <summary>A receiver that runs has heard its source when what it has received, or its heartbeats, differ from the look before.</summary>
    static Instant? HeardAt(ServerFacts server)
    {
        if (server.Answer is not { Links.IsEmpty: false } answer || !answer.Links.Any(static link => link.Receiving == LinkState.Running)) return null;
        if (server.Before?.LastAnswer is not { } last || server.Before.SourceHeardAt is not { } before || last.Links.Length != answer.Links.Length) return answer.AnsweredAt;
        for (var i = 0; i < answer.Links.Length; i++)
            if (answer.Links[i].Received != last.Links[i].Received || answer.Links[i].Heartbeats != last.Links[i].Heartbeats) return answer.AnsweredAt;
        return before;
    }

    public static ServerView Of(ServerFacts server) => new()
    {
        State = server.State,
        Address = server.Watched.Address,
        Weight = server.Watched.Weight,
        Zone = server.Watched.Zone,
        // A replica that waits on purpose is a delayed one, whether the configuration says so or not.
        Tags = server.Watched.Tags | (server.Answer is { } told && told.Links.Any(static link => link.Delay > TimeSpan.Zero) ? ServerTags.Delayed : ServerTags.None)
            | ((server.Answer?.Capabilities ?? server.Before?.Capabilities) is { IsWitness: true } ? ServerTags.Witness : ServerTags.None),
        Capabilities = server.Answer?.Capabilities ?? server.Before?.Capabilities,
        LastAnswer = server.Answer,
        Outcome = server.Latest.Outcome,
        LookedAt = server.Latest.AskedAt,
        SourceHeardAt = HeardAt(server),
        Number = server.Answer?.Number ?? 0,
        Replicating = server.IsReplica && server.Alive && server.Answer!.Links.All(static link => link is { Applying: true, Receiving: not LinkState.Stopped }),
        Source = server.Answer is { Links.Length: > 0 } answer ? $"{answer.Links[0].SourceHost}:{answer.Links[0].SourcePort}" : null,
    };
}
