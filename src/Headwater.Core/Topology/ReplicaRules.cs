using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Core.Routing;

namespace Headwater.Core.Topology;

/// <summary>Role and health of every server that is not the primary, as an ordered list: the first line that applies decides and says why.</summary>
static class ReplicaRules
{
    public static ServerView View(
        ServerFacts server, ImmutableArray<ServerFacts> all, PrimaryFinding finding, ClusterView next, DiscoveryOptions options, Instant now)
    {
        var (role, health, reason, lag) = Decide(server, all, finding, next, options, now);
        return Views.Of(server) with
        {
            Role = role,
            Health = health,
            Lag = lag,
            Reason = server.Identity.Length > 0 ? $"{server.Identity}; {reason}" : reason,
        };
    }

    static (ServerRole, ServerHealth, string, TimeSpan?) Decide(
        ServerFacts server, ImmutableArray<ServerFacts> all, PrimaryFinding finding, ClusterView next, DiscoveryOptions options, Instant now)
    {
        if (server.Dead)
            return (server.Before?.Role == ServerRole.Replica ? ServerRole.Replica : ServerRole.Unknown, ServerHealth.Down, server.Silence, null);
        var answer = server.Answer!;
        if (answer.Links.IsEmpty)
            // A replica that has let go of its source keeps the role until the primary's is decided: it may be about to take over.
            return (server.Before?.Role == ServerRole.Replica ? ServerRole.Replica : ServerRole.Unknown, ServerHealth.Draining, answer.ReadOnly
                ? "read_only and replicates from nobody"
                : finding.Primary is { } other ? $"can be written to and replicates from nobody, while {other.Id} is the primary" : "can be written to, and so can others", null);

        var primary = finding.Primary ?? finding.Retained;
        var primaryAlive = finding.Primary is not null;
        if (primary is not null && !Reaches(server, primary, all))
            return (ServerRole.Replica, ServerHealth.Draining, $"replicates from {answer.Links[0].SourceHost}:{answer.Links[0].SourcePort}, which does not lead to the primary, {primary.Id}", null);
        // What any other copy shows, the primary has logged before: by that a session's reads are bounded.
        if (Ring.WrittenBefore(server, primary, all) is { } before)
            return (ServerRole.Replica, ServerHealth.Draining, $"{(before == server ? "it" : before.Id.Name)} {(before.Answer!.ReadOnly ? "was" : "can be")} written to as well, in domain {before.Answer.Domain}, and the primary has that later", null);
        foreach (var link in answer.Links)
        {
            var error = link.Error.Length > 0 ? $": {link.Error}" : "";
            if (!link.Applying) return (ServerRole.Replica, ServerHealth.Draining, $"its applier has stopped{error}", null);
            if (link.Receiving == LinkState.Stopped) return (ServerRole.Replica, ServerHealth.Draining, $"it has stopped receiving{error}", null);
            // While the primary is away nobody receives, and what the replica has is as good as it gets.
            if (link.Receiving == LinkState.Connecting && primaryAlive && finding.Primary!.Latest.Outcome == ProbeOutcome.Answered && ConnectingForLong(server, now, options))
                return (ServerRole.Replica, ServerHealth.Draining, $"it cannot reach its source{error}", null);
        }
        // Without a controller, whoever is ahead of a primary that is away may follow the next one already.
        if ((primaryAlive || options.Appointed is not null) && (Lineage.IsForeign(next, answer.SlavePosition, out var foreign) || Lineage.IsForeign(next, answer.BinlogPosition, out foreign)))
            return (ServerRole.Replica, ServerHealth.Draining, $"it has {foreign}, which is not in the history of the primary, {primary?.Id ?? options.Appointed!.Primary}", null);

        var lag = primaryAlive ? CatchUp.Lag(server.State.Timeline, finding.Primary!.State.Timeline, now) : null;
        if (options.MaxLag is { } most && primaryAlive)
        {
            // Half of the limit to come back, so that a replica at the limit does not flap.
            var wasOut = server.Before is { Health: ServerHealth.Draining, Role: ServerRole.Replica };
            var limit = wasOut ? most / 2 : most;
            if (lag is null && server.State.Timeline.Latest is not null && finding.Primary!.State.Timeline.Latest is not null)
                return (ServerRole.Replica, ServerHealth.Draining, $"further behind than the samples reach; allowed is {ServerFacts.Milliseconds(most)}", null);
            if (lag > limit)
                return (ServerRole.Replica, ServerHealth.Draining, $"{ServerFacts.Milliseconds(lag.Value)} behind; allowed is {ServerFacts.Milliseconds(limit)}{(wasOut ? " to come back" : "")}", lag);
        }
        if (server.Latest.Outcome != ProbeOutcome.Answered)
            return (ServerRole.Replica, ServerHealth.Up, $"keeps its role, though it {server.Silence}", lag);
        return (ServerRole.Replica, ServerHealth.Up, primaryAlive ? $"replicates from {primary!.Id}" + Chain(server, primary, all) : "serves what it has; no primary is known", lag);
    }

    /// <summary>A link that has just been lost reconnects within moments; only one that stays lost is a reason.</summary>
    static bool ConnectingForLong(ServerFacts server, Instant now, DiscoveryOptions options)
    {
        if (server.Before is { Health: ServerHealth.Draining }) return true;
        var latest = server.State.Timeline.Latest;
        var lastMove = latest;
        for (var back = 1; latest is not null && server.State.Timeline.Back(back) is { } sample && sample.Position == latest.Position; back++) lastMove = sample;
        return lastMove is null || now - lastMove.AskedAt >= options.DeadAfter;
    }

    static bool Reaches(ServerFacts server, ServerFacts primary, ImmutableArray<ServerFacts> all)
    {
        var at = server;
        for (var hops = 0; hops < all.Length; hops++)
        {
            if (PrimaryRules.Follows(at, primary)) return true;
            if (all.FirstOrDefault(s => PrimaryRules.Follows(at, s)) is not { } source) return false;
            at = source;
        }
        return false;
    }

    static string Chain(ServerFacts server, ServerFacts primary, ImmutableArray<ServerFacts> all) =>
        PrimaryRules.Follows(server, primary) ? "" : all.FirstOrDefault(s => PrimaryRules.Follows(server, s)) is { } over ? $" by way of {over.Id}" : "";
}
