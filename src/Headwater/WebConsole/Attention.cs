using Headwater.Control.Failover;
using Headwater.Core;
using Headwater.Core.Alerting;
using Headwater.Core.Failover;
using Headwater.Core.Rebuild;
using Headwater.Core.Recovery;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Http;

namespace Headwater.WebConsole;

/// <summary>
/// What a person should look at now, gravest first: a broken server, a promise that is not kept, a session that holds a backend for long. Pure, so that what the first page says
/// of a planted problem can be tested.
/// </summary>
static class Attention
{
    static readonly TimeSpan HeldForLong = TimeSpan.FromSeconds(10);
    const int MostSessions = 3;

    // Of these rules the servers' own reasons, or the page itself, say more.
    static readonly HashSet<string> ToldElsewhere = ["appointed", "promoted", "operator", "record", "acknowledgers"];

    public static IReadOnlyList<AttentionJson> Of(ClusterView view, IReadOnlyList<Finding> findings, ControlRecord record, AuditJson? audit, IReadOnlyList<SessionFigures> held, FeedJson? feed = null,
        IReadOnlyList<FiringAlert>? alerts = null, ViolationsJson? violations = null, PredecessorJson? predecessor = null, Instant now = default)
    {
        var all = new List<(int Rank, AttentionJson What)>();
        if (view.Primary is null && view.Version > 0) all.Add((0, new("critical", "no-primary", null, $"Nobody can write: {(view.Reason.Length > 0 ? view.Reason : "no primary is known")}.")));
        if (record.Paused) all.Add((2, new("warning", "paused", null, "The controller is paused: a primary that dies is not replaced.")));
        foreach (var server in view.Servers)
            if (OfServer(server, view, findings) is { } found) all.Add(found);
        foreach (var finding in findings)
            if (SeverityOf(finding.Rule) is var severity && !ToldElsewhere.Contains(finding.Rule) && (severity != Severity.Info || IsProgress(finding.Rule)) && !Repeats(finding, all))
                all.Add((severity switch { Severity.Critical => 0, Severity.Warning => 2, _ => 4 }, finding.Underway is { } work
                    ? new(Word(severity), finding.Rule, finding.Server?.Name, Sentence(work.Doing), Progress: work.Pace?.Seen(now))
                    : new(Word(severity), finding.Rule, finding.Server?.Name, Sentence(finding.Sentence))));
        foreach (var broken in audit?.Findings.Where(static finding => finding.Weight == "breaks") ?? [])
            // Where no such promise is made, nothing is broken.
            if (audit!.Rpo == "zero" || audit.IsRing || !broken.Setting.StartsWith("rpl_semi_sync", StringComparison.Ordinal))
                all.Add((1, new("warning", "setting", broken.Server, $"{broken.Setting} on {broken.Server}{(broken.Sentence.StartsWith("is ", StringComparison.Ordinal) ? " " : ": ")}{broken.Sentence}. This breaks the promise.", broken.Mend.Length > 0 ? broken.Mend : null)));
        if (violations is { } wrong) all.Add((0, new("critical", "wrong-reads", wrong.Last.Server, Sentence($"{wrong.Count} {(wrong.Count == 1 ? "read was" : "reads were")} answered wrongly, the last: {wrong.Last.Sentence} ({wrong.Last.Digest}); SHOW HEADWATER AUDIT has them"))));
        foreach (var alert in alerts ?? [])
            if (alert.Rule.Signal != AlertSignal.WrongReads) all.Add((alert.Rule.Severity == Severity.Critical ? 1 : 2, new(Word(alert.Rule.Severity), $"alert {alert.Rule.Name} {alert.Subject}", alert.Rule.Signal == AlertSignal.Lag ? alert.Subject : null, Sentence(alert.Sentence))));
        if (feed is { Following: false } && view.Primary is not null) all.Add((2, new("warning", "feed", null, $"The log is not followed: {Sentence(feed.Sentence)} Copies are not proven fresh by it, and sinks wait.")));
        foreach (var sink in feed?.Sinks.Where(static sink => !sink.Runs) ?? []) all.Add((2, new("warning", "sink", null, $"The sink {sink.Name} does not run: {Sentence(sink.Sentence)}")));
        foreach (var session in held.Where(static session => session.HeldForMilliseconds >= HeldForLong.TotalMilliseconds).Take(MostSessions))
            all.Add((3, new("info", "held", session.HeldOn, $"Session {session.Id} of {session.User} has held a connection to {session.HeldOn} for {Time(session.HeldForMilliseconds!.Value)}: {session.HeldBecause}.", $"KILL {session.Id}")));
        if (predecessor is { } before) all.Add((5, new("info", "predecessor", null, $"Process {before.Pid} (version {before.Version}) goes on with {before.Sessions} {(before.Sessions == 1 ? "session" : "sessions")} from before the upgrade, and ends with the last.")));
        return [.. all.OrderBy(static one => one.Rank).Select(static one => one.What)];
    }

    static (int, AttentionJson)? OfServer(ServerView server, ClusterView view, IReadOnlyList<Finding> findings)
    {
        var name = server.Id.Name;
        if (server.LastAnswer?.Links.FirstOrDefault(static link => link.Broken.Length > 0) is { } broken && server.Health != ServerHealth.Down)
            return (1, new("critical", "replica-broken", name, $"{name} has stopped replicating: {broken.Broken}", findings.Any(finding => finding.Rule == "rebuild" && finding.Server == server.Id) ? $"headwater rebuild {name}" : null));
        if (server.Health == ServerHealth.Up || server.Health == ServerHealth.Unknown && view.Version == 0) return null;
        return (server.Health == ServerHealth.Down ? 1 : 2, new(server.Health == ServerHealth.Down ? "critical" : "warning", "server", name, $"{name} is {(server.Health == ServerHealth.Down ? "down" : "taking no reads")}: {server.Reason}."));
    }

    /// <summary>The same thing was said of the same server in other words.</summary>
    static bool Repeats(Finding finding, List<(int Rank, AttentionJson What)> all) =>
        finding.Rule is "replica-broken" or "replica-stopped" or "primary-silent" or "rebuild" && all.Exists(one => one.What.Server == finding.Server?.Name);

    // A name stays as it is written.
    static string Sentence(string text) => text.Length == 0 ? text : $"{(text.StartsWith("the ", StringComparison.Ordinal) ? $"T{text[1..]}" : text)}{(text[^1] is '.' or '!' ? "" : ".")}";

    static string Time(long milliseconds) => milliseconds >= 120_000 ? $"{milliseconds / 60_000} min" : $"{milliseconds / 1000} s";

    // How far long work has come is good to know and nothing is amiss.
    static bool IsProgress(string rule) => rule is RebuildReport.Progress or RecoveryReport.Progress;

    static Severity SeverityOf(string rule) => IsProgress(rule) ? Severity.Info : FindingRules.SeverityOf(rule);

    static string Word(Severity severity) => severity.ToString().ToLowerInvariant();
}
