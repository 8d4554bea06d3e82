using System.Collections.Immutable;

namespace Headwater.Core.Topology;

/// <summary>A member of a ring that may write in a domain of its own, beside the primary.</summary>
/// <param name="Domain">Its <c>@@gtid_domain_id</c>.</param>
/// <param name="Number">Its <c>@@server_id</c>.</param>
public readonly record struct CoWriter(uint Domain, uint Number);

/// <summary>
/// Servers each of which replicates from the one before it, and the first from the last. Each may write, in a domain of its own: a GTID orders the transactions of one
/// domain only, and two writers of one would give the same numbers to different transactions. Source: https://mariadb.com/kb/en/gtid/#use-with-multi-source-replication-and-other-multi-primary-setups .
/// </summary>
static class Ring
{
    /// <summary>In the order in which a transaction travels, from the first of the list on; empty when there is none. By what servers said last, so one that has died is still a member.</summary>
    public static ImmutableArray<ServerFacts> Of(ImmutableArray<ServerFacts> servers)
    {
        foreach (var first in servers)
        {
            var members = new List<ServerFacts> { first };
            while (members.Count <= servers.Length && servers.FirstOrDefault(server => PrimaryRules.Follows(members[^1], server)) is { } source)
            {
                if (source == first)
                {
                    members.Reverse(1, members.Count - 1);
                    return [.. members];
                }
                members.Add(source);
            }
        }
        return [];
    }

    /// <summary>All that are known, by what they said last, else by the record. A domain that two of them name is nobody's own.</summary>
    public static ImmutableArray<CoWriter> Writers(ImmutableArray<ServerFacts> servers, Appointment? appointed)
    {
        var met = servers.Where(static server => server is { InRing: true, Answer: not null }).Select(static server => new CoWriter(server.Answer!.Domain, server.Answer.Number)).ToList();
        var remembered = appointed?.RingWriters ?? [];
        return [.. met.Concat(remembered.Where(writer => met.All(one => one.Number != writer.Number))).GroupBy(static writer => writer.Domain).Where(static own => own.Count() == 1).Select(static own => own.First())];
    }

    /// <summary>Those that may write beside the primary, which has this number. One that is dead is none: what nobody has received of it is not to be waited for.</summary>
    public static ImmutableArray<CoWriter> CoWriters(ImmutableArray<ServerFacts> servers, uint primary, Appointment? appointed)
    {
        if (primary == 0) return [];
        var its = servers.FirstOrDefault(server => server.Answer?.Number == primary) is { Answer: { } told } ? told.Domain
            : appointed?.RingWriters.Where(writer => writer.Number == primary).Select(static writer => (uint?)writer.Domain).FirstOrDefault();
        return
        [
            .. servers.Where(server => server is { InRing: true, Alive: true } && server.Answer!.Number != primary && server.Answer.Domain != its)
                .Select(static server => new CoWriter(server.Answer!.Domain, server.Answer.Number)),
        ];
    }

    /// <summary>The first one by whose hands something may have reached <paramref name="server"/>, or have begun there, before <paramref name="primary"/> had it; null when there is none.</summary>
    public static ServerFacts? WrittenBefore(ServerFacts server, ServerFacts? primary, ImmutableArray<ServerFacts> servers)
    {
        var at = server;
        for (var hops = 0; hops < servers.Length && at is not null && at != primary; hops++)
        {
            if (at.InRing && at.Answer is { } told && (!told.ReadOnly || HasMoreOfItsOwn(told, primary?.Answer))) return at;
            at = servers.FirstOrDefault(source => PrimaryRules.Follows(at, source));
        }
        return null;
    }

    /// <summary>It was written to until lately, and the primary has not got all of that.</summary>
    static bool HasMoreOfItsOwn(Observation told, Observation? primary) =>
        primary is not null && told.Domain != primary.Domain && told.BinlogState.Any(own => own.Domain == told.Domain && own.Server == told.Number
            && own.Sequence > primary.BinlogPosition.Merge(primary.SlavePosition).SequenceOf(own.Domain));
}
