using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Core.Routing;

namespace Headwater.Core.Topology;

/// <summary>
/// From what the probes said to the view, purely: a fold over rounds of observations whose only memory is the previous view.
/// Roles come from what servers are (writable, replicating from whom), never from what they are called.
/// </summary>
public static class Discovery
{
    /// <param name="observations">The latest of each watched server; a server without one has not been looked at yet.</param>
    /// <param name="previous">The view before; its Version 0 and no servers at the start.</param>
    public static ClusterView Decide(IReadOnlyList<Observation> observations, ClusterView previous, DiscoveryOptions options, Instant now)
    {
        var facts = ImmutableArray.CreateBuilder<ServerFacts>(observations.Count);
        foreach (var observation in observations) facts.Add(ServerFacts.Of(observation, Find(previous, observation.Server.Id), options, now));
        var servers = facts.ToImmutable();
        var circle = Ring.Of(servers);
        var ring = circle.Select(static member => member.Id).ToImmutableArray();
        var since = ring.SequenceEqual(previous.Ring) ? previous.RingSince : now;
        var isSure = ring.Length > 0 && (previous.RingIsSure && ring.All(id => previous.Ring.Contains(id)) || circle.All(member => member.Answer!.AskedAt >= since));
        if (options.IsRing ?? isSure)
            servers = [.. servers.Select(server => server with { InRing = options.IsRing is null ? circle.Contains(server) : (server.Watched.Tags & (ServerTags.Backup | ServerTags.Delayed)) == 0 && server.Answer?.Capabilities is not { IsWitness: true } })];

        var finding = options.Appointed is { } appointed ? PrimaryRules.Decide(servers, appointed) : PrimaryRules.Decide(servers, previous, options.Zone);
        var primary = finding.Primary;
        // An appointed one's history is the epoch's from the moment of its appointment, also before it can be written to or has been met.
        var writer = (primary ?? (options.Appointed is null ? null : finding.Retained))?.Answer;
        var epoch = options.Appointed?.Epoch ?? (primary is { } p && IsChange(p, previous) ? new Epoch(previous.Epoch.Number + 1) : previous.Epoch);

        var number = writer?.Number ?? options.Appointed?.Number ?? 0;

        var next = new ClusterView
        {
            Cluster = options.Cluster,
            Epoch = epoch,
            Since = epoch == previous.Epoch ? previous.Since : now,
            Version = previous.Version + 1,
            Inherited = options.Appointed?.Inherited,
            Ring = ring,
            RingSince = since,
            RingIsSure = isSure,
            RingWriters = options.IsRing ?? isSure ? Ring.Writers(servers, options.Appointed) : [],
            CoWriters = Ring.CoWriters(servers, number, options.Appointed),
            Writer = number,
            History = writer is null && (epoch == previous.Epoch || options.Appointed is not { History.IsEmpty: false }) ? previous.History : HistoryOf(writer, options.Appointed),
        };
        var views = ImmutableArray.CreateBuilder<ServerView>(servers.Length);
        ServerView? primaryView = null;
        foreach (var server in servers)
        {
            var view = ReferenceEquals(server, primary) || ReferenceEquals(server, finding.Retained)
                ? PrimaryRules.View(server, finding)
                : ReplicaRules.View(server, servers, finding, next, options, now);
            if (ReferenceEquals(server, primary)) primaryView = view;
            views.Add(view);
        }
        return next with { Servers = views.MoveToImmutable(), Primary = primaryView, Reason = finding.Reason };
    }

    /// <summary>Whether two views differ in anything that an operator would want to be told; lag and positions move all the time.</summary>
    public static bool SaysTheSame(ClusterView a, ClusterView b)
    {
        if (a.Epoch != b.Epoch || a.Primary?.Id != b.Primary?.Id || a.Servers.Length != b.Servers.Length) return false;
        for (var i = 0; i < a.Servers.Length; i++)
        {
            var (x, y) = (a.Servers[i], b.Servers[i]);
            if (!ReferenceEquals(x.State, y.State) || x.Role != y.Role || x.Health != y.Health || x.Replicating != y.Replicating
                || x.Tags != y.Tags || x.Weight != y.Weight || x.Zone != y.Zone || x.Address != y.Address) return false;
        }
        return true;
    }

    static bool IsChange(ServerFacts primary, ClusterView previous)
    {
        if (previous.Epoch.Number == 0) return true;
        var before = PrimaryRules.Before(previous);
        // The same server with a log that went back is another history under the same name.
        return before is null || before.Id != primary.Id || primary.LogWentBack;
    }

    static ImmutableArray<Gtid> HistoryOf(Observation? answer, Appointment? appointed)
    {
        var history = answer?.History.ToList() ?? [];
        if (appointed is null) return [.. history.Distinct()];
        // Whoever follows another's decision has looked at the server some time before it: what a session was shown by the former primary is no less in its history for that.
        history.AddRange(appointed.History);
        for (var i = 0; i < appointed.At.DomainCount; i++) history.Add(appointed.At[i]);
        return [.. history.Distinct()];
    }

    static ServerView? Find(ClusterView view, ServerId id)
    {
        foreach (var server in view.Servers)
            if (server.Id == id) return server;
        return null;
    }
}
