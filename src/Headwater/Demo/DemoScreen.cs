using System.Globalization;
using Headwater.Core.Topology;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Headwater.Demo;

/// <summary>How a snapshot looks: a table for a terminal, a line for a file. No state, no clock.</summary>
internal static class DemoScreen
{
    public static IRenderable Table(DemoSnapshot now)
    {
        var work = new Table().RoundedBorder().AddColumn("what the sessions do").AddColumns(
            new TableColumn("per second").RightAligned(), new TableColumn("p50").RightAligned(), new TableColumn("p95").RightAligned(), new TableColumn("p99").RightAligned());
        Row(work, "write (post, comment, like, follow)", now.Writes, now.Over);
        Row(work, "re-read what was just written", now.ReReads, now.Over);
        Row(work, "page through timelines", now.Timelines, now.Over);
        Row(work, "today's 100 most liked posts", now.Analyses, now.Over);

        var servers = new Table().RoundedBorder().AddColumn("server").AddColumn("role").AddColumn("health").AddColumn(new TableColumn("lag").RightAligned());
        foreach (var server in now.View.Servers)
            servers.AddRow(Markup.Escape(server.Id.Name), RoleOf(now.View, server), Health(server), Lag(server));

        var wrong = now.StaleReads + now.BackwardReads > 0;
        return new Rows(
            work,
            servers,
            new Markup($"reads on replicas [bold]{Share(now.OnReplicas)}[/]   stale reads [bold {(wrong ? "red" : "green")}]{now.StaleReads}[/]   "
                + $"reads that went back in time [bold {(wrong ? "red" : "green")}]{now.BackwardReads}[/]   errors [bold]{now.Errors}[/]"),
            new Markup($"[grey]{Markup.Escape(now.LastTrouble)}[/]"));
    }

    public static string Line(DemoSnapshot now) =>
        $"writes {PerSecond(now.Writes.Count, now.Over)}/s p50 {Time(now.Writes.P50)} p95 {Time(now.Writes.P95)} p99 {Time(now.Writes.P99)}"
        + $" | reads {PerSecond(now.Timelines.Count + now.ReReads.Count, now.Over)}/s p50 {Time(now.Timelines.P50)} p95 {Time(now.Timelines.P95)} p99 {Time(now.Timelines.P99)}"
        + $" | analysts {PerSecond(now.Analyses.Count, now.Over)}/s p95 {Time(now.Analyses.P95)}"
        + $" | {Share(now.OnReplicas)} of reads on replicas | stale {now.StaleReads} back {now.BackwardReads} errors {now.Errors}"
        + string.Concat(now.View.Servers.Where(server => now.View.Primary?.Id != server.Id).Select(server => $" | {server.Id} {Lag(server)}"))
        + (now.TroubleIsNew ? $" | {now.LastTrouble}" : "");

    static void Row(Table table, string what, Percentiles took, TimeSpan over) =>
        table.AddRow(Markup.Escape(what), PerSecond(took.Count, over), Time(took.P50), Time(took.P95), Time(took.P99));

    static string RoleOf(ClusterView view, ServerView server) => view.Primary?.Id == server.Id ? "primary" : server.Role == ServerRole.Replica ? "replica" : "unknown";

    static string Health(ServerView server) => server.Health switch
    {
        ServerHealth.Up => "[green]up[/]",
        ServerHealth.Draining => "[yellow]draining[/]",
        ServerHealth.Down => "[red]down[/]",
        _ => "unknown",
    };

    // A replica that is stopped is never "0 s behind".
    static string Lag(ServerView server) => server switch
    {
        { Role: ServerRole.Primary } => "",
        { Health: ServerHealth.Down } => "down",
        { Replicating: false } => "stopped",
        { Lag.TotalMilliseconds: 0 } => "0 ms behind",
        { Lag: { } lag } => Time(lag) + " behind",
        _ => "not known",
    };

    static string Share(double? share) => share is { } part ? (part * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %" : "–";

    static string PerSecond(long count, TimeSpan over) => (count / Math.Max(over.TotalSeconds, 0.001)).ToString("0.#", CultureInfo.InvariantCulture);

    static string Time(TimeSpan time) => time.TotalMilliseconds switch
    {
        0 => "–",
        < 10 => time.TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture) + " ms",
        < 1000 => time.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture) + " ms",
        _ => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s",
    };
}
