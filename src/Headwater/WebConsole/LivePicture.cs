using Headwater.Configuration;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Http;

namespace Headwater.WebConsole;

/// <summary>From what is known to what the console shows. Pure but for asking its sources.</summary>
static class LivePicture
{
    const int MostSessions = 20, MostSlow = 20;

    public static LiveJson Of(LiveSources sources, IReadOnlyDictionary<string, ServerRates> rates, AuditJson? audit, TimeSpan? auditAge, long at, Instant now, long events, IReadOnlyDictionary<string, double?>? sample)
    {
        var (view, readiness) = (sources.View(), sources.Readiness());
        var (record, findings, lease) = sources.Control?.Invoke() ?? (new ControlRecord(), [], null);
        var (held, holding) = sources.Statistics.Holding(MostSessions);
        var figures = sources.Statistics.Servers().ToDictionary(static server => server.Server);
        var (policy, feed) = (sources.Policy?.Invoke(), sources.Feed?.Invoke());
        var attention = Attention.Of(view, findings, record, audit, held, feed, sources.Alerts(), ReadAuditJson.Violations(sources.Statistics), sources.Predecessor(), now);
        return new LiveJson(at, BuildVersion.Text, view.Cluster, view.Epoch.Number, view.Primary?.Id.Name, view.Reason, readiness.Ready,
            [.. view.Servers.Select(server => Server(server, view, record, figures.GetValueOrDefault(server.Id.Name), rates.GetValueOrDefault(server.Id.Name), sources.SilentFor(server)))],
            view.Ring.IsEmpty ? null : [.. view.Ring.Select(static id => id.Name)],
            new LiveGateway(sources.Statistics.SessionsOpen, holding, held, [.. sources.Statistics.Slow().Take(MostSlow)]),
            policy is null ? null : new LiveControl(Notations.NameOf(policy.Promise), policy.Promise == LossPromise.Bounded ? policy.LossBound.TotalSeconds : null, record.Paused, [.. record.InMaintenance.Select(static id => id.Name)], lease),
            Promise(policy, audit, view, auditAge), attention, feed,
            record.Change is { } change ? new LiveChange(change.Kind.ToString().ToLowerInvariant(), change.From.Name, change.To?.Name, change.Step.ToString().ToLowerInvariant(), change.Proof) : null,
            events, sources.Verify(), sources.Lab(), sample);
    }

    static LiveServer Server(ServerView server, ClusterView view, ControlRecord record, ServerFigures? figures, ServerRates rates, TimeSpan? silent)
    {
        var answer = server.LastAnswer;
        var plain = ServerJson.Of(server, view);
        return new LiveServer(plain.Name, plain.Address, plain.Role, plain.Health, plain.Reason, plain.Tags, plain.Weight, plain.Zone, plain.Version, SourceOf(server, view) ?? plain.Source,
            plain.Replicating, plain.LagSeconds, plain.LagTransactions, plain.Position, silent?.TotalSeconds, answer?.ReadOnly, answer?.Uptime.TotalSeconds, record.InMaintenance.Contains(server.Id),
            [.. (answer?.Links ?? []).Select(link => new LiveLink(NameOf(link, view) ?? "", $"{link.SourceHost}:{link.SourcePort}", ClusterMetrics.Word(link.Receiving), link.Applying, link.Error, link.Delay.TotalSeconds, link.Received.ToString()))],
            answer?.SemiSync is { } sync ? new LiveSemiSync(sync.Waits, sync.Waiting, sync.Acknowledgers, sync.WaitingCommits, sync.Acknowledges, sync.Acknowledging) : null,
            figures?.Busy ?? 0, figures?.Backends ?? 0, figures?.Queued ?? 0, rates.Statements, rates.Reads, rates.Transactions);
    }

    static string? SourceOf(ServerView server, ClusterView view) => server.LastAnswer?.Links is [var first, ..] ? NameOf(first, view) : null;

    // By its number, which survives other names for the same host; by its address until the link has been connected once.
    static string? NameOf(ReplicationLink link, ClusterView view) =>
        (view.Servers.FirstOrDefault(other => link.SourceNumber != 0 && other.Number == link.SourceNumber) ?? view.Servers.FirstOrDefault(other => other.Address.Port == link.SourcePort && other.Address.Host == link.SourceHost))?.Id.Name;

    static LivePromise Promise(ControlPolicy? policy, AuditJson? audit, ClusterView view, TimeSpan? age)
    {
        if (policy is null) return new LivePromise(null, "Nothing is promised: control.mode is off, and nobody replaces a primary that dies.", audit?.Findings ?? [], age?.TotalSeconds);
        if (policy.Promise != LossPromise.Zero && !policy.IsRing)
            return new LivePromise(null, policy.Promise == LossPromise.Bounded
                ? $"At most what was acknowledged in the last {policy.LossBound.TotalSeconds:0} s is lost with a primary (rpo bounded)."
                : "What no replica has received dies with the primary (rpo best-effort).", audit?.Findings ?? [], age?.TotalSeconds);
        if (audit is null) return new LivePromise(null, "The servers' settings are being read.", [], null);
        var breaks = audit.Findings.Count(static finding => finding.Weight == "breaks");
        return audit.Kept ? new LivePromise(true, policy.IsRing ? "Each member of the ring can be written to beside the others." : "What is acknowledged survives the loss of any one server (rpo zero).", audit.Findings, age?.TotalSeconds)
            : breaks > 0 ? new LivePromise(false, $"{(policy.IsRing ? "The ring cannot be written to side by side" : "rpo zero is NOT kept")}: {breaks} {(breaks == 1 ? "setting breaks" : "settings break")} it.", audit.Findings, age?.TotalSeconds)
            : new LivePromise(null, $"It is not known whether the promise is kept: {string.Join("; ", audit.Troubles)}.", audit.Findings, age?.TotalSeconds);
    }
}
