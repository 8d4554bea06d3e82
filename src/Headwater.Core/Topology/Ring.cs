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

    /// <summary>Those that may write beside <paramref name="writer"/>. One that is dead is none: what nobody has received of it is not to be waited for.</summary>
    public static ImmutableArray<CoWriter> CoWriters(ImmutableArray<ServerFacts> servers, Observation? writer) => writer is null ? [] :
    [
        .. servers.Where(server => server is { InRing: true, Alive: true } && server.Answer!.Number != writer.Number && server.Answer.Domain != writer.Domain)
            .Select(static server => new CoWriter(server.Answer!.Domain, server.Answer.Number)),
    ];

    /// <summary>The first one by whose hands something may have reached <paramref name="server"/>, or have begun there, before <paramref name="primary"/> had it; null when there is none.</summary>
    public static ServerFacts? WrittenBefore(ServerFacts server, ServerFacts? primary, ImmutableArray<ServerFacts> servers)
    {
        var at = server;
        for (var hops = 0; hops < servers.Length && at is not null && at != primary; hops++)
        {
            if (at.InRing && at.Answer is { ReadOnly: false }) return at;
            at = servers.FirstOrDefault(source => PrimaryRules.Follows(at, source));
        }
        return null;
    }
}
