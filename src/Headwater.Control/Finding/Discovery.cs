using Headwater.Core;
using Headwater.Core.Topology;
using System.Collections.Immutable;

namespace Headwater.Control;

/// <summary>
/// Who is what: from what the servers said about themselves to the view. Pure; the same sightings give the same view.
///
/// The primary is a server that answers, may be written to, and follows no other member. That alone is not enough, because a former
/// primary that comes back after a failover, or any stray server, is writable too: where replicas answer, at least one must follow it.
/// Two such servers, or none, and there is no primary: writes wait, and the sentence says why. Headwater promotes nobody here.
/// </summary>
internal static class Discovery
{
    public static ClusterView Decide(IReadOnlyList<Sighting> sightings, ClusterView previous)
    {
        var links = new Links(sightings);
        var primary = PrimaryOf(sightings, links, previous, out var reason);
        var epoch = primary is not null && !ReferenceEquals(primary.State, previous.LastPrimary) ? new Epoch(previous.Epoch.Number + 1) : previous.Epoch;
        var servers = ImmutableArray.CreateBuilder<ServerView>(sightings.Count);
        foreach (var sighting in sightings) servers.Add(View(sighting, primary, links));
        var view = previous with
        {
            Epoch = epoch,
            Servers = servers.MoveToImmutable(),
            Reason = reason,
            LastPrimary = primary?.State ?? previous.LastPrimary,
            History = primary?.Facts?.History ?? previous.History,
        };
        return view with { Primary = primary is null ? null : view.Servers.First(server => ReferenceEquals(server.State, primary.State)) };
    }

    /// <summary>True when readers of the two views would see a difference. The history moves with every write and counts only with something else.</summary>
    public static bool Same(ClusterView a, ClusterView b) =>
        a.Epoch == b.Epoch && a.Reason == b.Reason && a.Primary?.Id == b.Primary?.Id && a.Servers.SequenceEqual(b.Servers);

    static Sighting? PrimaryOf(IReadOnlyList<Sighting> sightings, Links links, ClusterView previous, out string reason)
    {
        var candidates = sightings.Where(s => s.Writable && !FollowsMember(s, links, previous)).ToList();
        var followed = candidates.Where(c => sightings.Any(s => s.Answers && links.Follows(s, c))).ToList();
        var othersFollow = sightings.Where(s => s.Answers && links.SourceOf(s) is { } source && !candidates.Contains(source) && !candidates.Contains(s)).ToList();
        switch (candidates.Count, followed.Count)
        {
            case (0, _):
                reason = WhyNone(sightings, links);
                return null;
            case (_, 1):
                reason = candidates.Count == 1
                    ? $"{followed[0].Server.Id} is writable and {Names(sightings.Where(s => links.Follows(s, followed[0])))} replicate from it"
                    : $"{followed[0].Server.Id} is the one of the writable servers {Names(candidates)} that others replicate from";
                return followed[0];
            case (1, 0) when othersFollow.Count == 0:
                reason = $"{candidates[0].Server.Id} is the only writable server";
                return candidates[0];
            case (1, 0):
                reason = $"{candidates[0].Server.Id} is writable, but {Names(othersFollow)} replicate from {links.SourceOf(othersFollow[0])!.Server.Id}, not from it";
                return null;
            default:
                reason = $"{Names(candidates)} are all writable, and which of them is the primary cannot be told";
                return null;
        }
    }

    /// <summary>
    /// A link to another member makes a server a replica, unless that link is a leftover: the source answers and is read-only itself, and
    /// either follows back (two servers that follow each other, one active) or the link is stopped (a switchover just done); or the source
    /// is dead and this server was primary already.
    /// </summary>
    static bool FollowsMember(Sighting sighting, Links links, ClusterView previous)
    {
        if (links.SourceOf(sighting) is not { } source) return false;
        var stopped = links.LinkOf(sighting) is { Io: LinkThread.Stopped, Sql: LinkThread.Stopped };
        if (source.Answers) return source.Writable || !stopped && !links.Follows(source, sighting);
        return !ReferenceEquals(sighting.State, previous.LastPrimary);
    }

    static string WhyNone(IReadOnlyList<Sighting> sightings, Links links)
    {
        var answering = sightings.Where(static s => s.Answers).ToList();
        if (answering.Count == 0) return "no server answers";
        var writable = answering.FirstOrDefault(static s => s.Writable);
        if (writable is not null) return $"{writable.Server.Id} is writable, but replicates from {links.SourceOf(writable)!.Server.Id}";
        var dead = sightings.Where(static s => !s.Answers).ToList();
        return $"{Names(answering)} {(answering.Count == 1 ? "is" : "are")} read-only"
            + (dead.Count == 0 ? "" : $", and {string.Join(", ", dead.Select(static s => $"{s.Server.Id} {s.Failure ?? "was not looked at yet"}"))}");
    }

    static ServerView View(Sighting sighting, Sighting? primary, Links links)
    {
        var source = links.SourceOf(sighting);
        var link = links.LinkOf(sighting);
        var (role, health, reason) = Judge(sighting, primary, source, link, links);
        var tags = sighting.Server.Tags;
        if (link is { Delay.Ticks: > 0 }) tags |= ServerTags.Delayed;
        return new ServerView
        {
            State = sighting.State, Address = sighting.Server.Address, Role = role, Health = health, Reason = reason, Tags = tags,
            Weight = sighting.Server.Weight, Zone = sighting.Server.Zone, Capabilities = sighting.Facts?.Capabilities, Number = sighting.Facts?.Number ?? 0,
            Replicating = role == ServerRole.Replica && sighting.Answers && link is { Runs: true },
            Source = source?.Server.Id.Name ?? (link is null ? null : $"{link.Host}:{link.Port}"),
            // A replica that does not replicate is never "0 behind", even while there is nothing new to have.
            Lag = role == ServerRole.Replica && (link!.Runs || sighting.Lag > TimeSpan.Zero) ? sighting.Lag : null,
        };
    }

    static (ServerRole, ServerHealth, string) Judge(Sighting sighting, Sighting? primary, Sighting? source, ReplicationLink? link, Links links)
    {
        var role = ReferenceEquals(sighting, primary) ? ServerRole.Primary : link is not null ? ServerRole.Replica : ServerRole.Unknown;
        if (sighting.Failure is { } failure) return (role, ServerHealth.Down, failure);
        if (sighting.Facts is not { } facts) return (role, ServerHealth.Unknown, "was not looked at yet");
        if (role == ServerRole.Primary) return (role, ServerHealth.Up, "is writable and follows nobody");
        if (link is null)
            return (role, ServerHealth.Draining, facts.ReadOnly ? "is read-only and replicates from nobody" : "is writable and is not the primary");
        var from = source?.Server.Id.Name ?? $"{link.Host}:{link.Port}";
        var because = link.Error.Length > 0 ? $": {link.Error}" : "";
        if (link.Sql != LinkThread.Running) return (role, ServerHealth.Draining, $"has stopped applying what {from} sends{because}");
        // While no primary is known, nobody can be received from, and what a replica has is as good as what there is.
        if (primary is not null && link.Io != LinkThread.Running)
            return (role, ServerHealth.Draining, $"{(link.Io == LinkThread.Stopped ? "has stopped receiving" : "cannot receive")} from {from}{because}");
        if (primary is not null && !ReferenceEquals(links.RootOf(sighting), primary))
            return (role, ServerHealth.Draining, $"replicates from {from}, which is not behind {primary.Server.Id}");
        return (role, ServerHealth.Up, link.Io == LinkThread.Running ? $"replicates from {from}" : $"has applied all it has received from {from}, which sends nothing");
    }

    static string Names(IEnumerable<Sighting> sightings) => string.Join(" and ", sightings.Select(static s => s.Server.Id.Name));

    /// <summary>Who follows whom: by server_id, which both ends tell, or by address before the link was ever up.</summary>
    sealed class Links(IReadOnlyList<Sighting> sightings)
    {
        public ReplicationLink? LinkOf(Sighting sighting)
        {
            if (sighting.Facts is not { } facts || facts.Links.IsEmpty) return null;
            foreach (var link in facts.Links)
                if (MemberAt(sighting, link) is not null) return link;
            return facts.Links[0];
        }

        public Sighting? SourceOf(Sighting sighting)
        {
            if (sighting.Facts is not { } facts) return null;
            foreach (var link in facts.Links)
                if (MemberAt(sighting, link) is { } member) return member;
            return null;
        }

        public bool Follows(Sighting sighting, Sighting source) => !ReferenceEquals(sighting, source) && ReferenceEquals(SourceOf(sighting), source);

        public Sighting RootOf(Sighting sighting)
        {
            var at = sighting;
            for (var hop = 0; hop <= sightings.Count && SourceOf(at) is { } source; hop++)
            {
                at = source;
                if (ReferenceEquals(at, sighting) || at.Writable) break;
            }
            return at;
        }

        Sighting? MemberAt(Sighting self, ReplicationLink link)
        {
            Sighting? byAddress = null;
            foreach (var other in sightings)
            {
                if (ReferenceEquals(other, self)) continue;
                if (link.SourceNumber != 0 && other.Facts?.Number == link.SourceNumber) return other;
                if (other.Server.Address.Port == link.Port && string.Equals(other.Server.Address.Host, link.Host, StringComparison.OrdinalIgnoreCase)) byAddress = other;
            }
            return byAddress;
        }
    }
}
