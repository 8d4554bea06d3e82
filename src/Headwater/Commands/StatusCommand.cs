using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Headwater.Http;

namespace Headwater.Commands;

static class StatusCommand
{
    public static Command Build()
    {
        var where = new Target();
        var json = new Option<bool>("--json") { Description = "As JSON, for programs" };
        var command = new Command("status", "Shows the cluster as a running gateway sees it: roles, health, lag, positions.") { where.Directory, where.Http, json };
        command.SetAction(async (parsed, ct) =>
        {
            var (status, body) = await ApiClient.SendAsync(HttpMethod.Get, where.HttpOf(parsed), "/api/status", ct);
            if (status != 200) throw new CommandException(ExitCode.Failed, $"The gateway answered with HTTP {status}: {body.Split('\n')[0]}");
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json)) await output.WriteLineAsync(body);
            else Print(JsonSerializer.Deserialize(body, ApiJson.Default.StatusJson)!, output);
            return ExitCode.Ok;
        });
        return command;
    }

    static void Print(StatusJson status, TextWriter output)
    {
        output.WriteLine($"headwater {status.Version}, process {status.Pid}, {(status.Ready ? "ready" : "NOT READY")}: {status.Reason}");
        output.WriteLine($"cluster {status.Cluster}, epoch {status.Epoch}, primary {status.Primary ?? "unknown"}{(status.ClusterReason.Length > 0 ? $": {status.ClusterReason}" : "")}");
        if (status.Controller is { } controller)
        {
            output.WriteLine($"controller {(controller.Paused ? "PAUSED" : "acts")}, rpo {controller.Rpo}{(controller.RpoBoundSeconds is { } bound ? $" {bound:0.###} s" : "")}{(controller.InMaintenance.Count > 0 ? $", in maintenance: {string.Join(", ", controller.InMaintenance)}" : "")}{(controller.Change is { } change ? $"; {change}" : "")}");
            if (controller.Lease is { } lease) output.WriteLine($"  {lease}");
            foreach (var finding in controller.Findings) output.WriteLine($"  ! {finding.Sentence}");
        }
        if (status.Ring is { Count: > 0 } ring) output.WriteLine($"ring {string.Join(" → ", ring.Append(ring[0]))}");
        if (status.Feed is { } feed)
        {
            output.WriteLine($"feed {(feed.Following ? "follows" : "STANDS STILL")}: {feed.Sentence}; it holds what came behind {(feed.Begin is { Length: > 0 } begin ? begin : "the beginning")}, up to {feed.End}");
            foreach (var sink in feed.Sinks) output.WriteLine($"  {(sink.Runs ? "" : "! ")}sink {sink.Name} ({sink.Kind}){Behind(sink)}: {sink.Sentence}");
        }
        if (status.Violations is { } wrong)
            output.WriteLine($"! {wrong.Count} {(wrong.Count == 1 ? "read was" : "reads were")} answered WRONGLY, last {wrong.Last.At:yyyy-MM-dd HH:mm:ss} UTC: {wrong.Last.Sentence} ({wrong.Last.Digest}; SHOW HEADWATER AUDIT)");
        foreach (var alert in status.Alerts ?? []) if (alert.Rule != "wrong-reads") output.WriteLine($"! {alert.Sentence}");
        foreach (var listener in status.Listeners) output.WriteLine($"listens on {listener}");
        output.WriteLine();
        var rows = new List<string[]> { new[] { "server", "address", "role", "health", "tags", "lag", "behind", "position", "why" } };
        foreach (var (server, branch) in Tree(status))
            rows.Add([branch + server.Name, server.Address, server.Role, server.Health, string.Join(',', server.Tags), Lag(server),
                server.LagTransactions?.ToString(CultureInfo.InvariantCulture) ?? "", server.Position, server.Reason]);
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    /// <summary>Each server under the one that it follows; who follows nobody that is known stands at the top, the primary first.</summary>
    static IEnumerable<(ServerJson Server, string Branch)> Tree(StatusJson status)
    {
        var seen = new HashSet<string>();
        var tops = status.Servers.Where(server => SourceOf(server) is null).OrderBy(server => server.Name != status.Primary).ToList();
        // A ring has no top: it is shown from its first on.
        return tops.SelectMany(server => Below(server, "", "")).Concat(status.Servers.SelectMany(server => Below(server, "", ""))).ToList();

        IEnumerable<(ServerJson, string)> Below(ServerJson server, string branch, string indent)
        {
            if (!seen.Add(server.Name)) yield break;
            yield return (server, branch);
            var followers = status.Servers.Where(other => SourceOf(other) == server && !seen.Contains(other.Name)).ToList();
            for (var i = 0; i < followers.Count; i++)
                foreach (var below in Below(followers[i], indent + (i == followers.Count - 1 ? "└─ " : "├─ "), indent + (i == followers.Count - 1 ? "   " : "│  "))) yield return below;
        }

        ServerJson? SourceOf(ServerJson server) => server.Role == "primary" ? null : status.Servers.FirstOrDefault(other => other != server && server.Source is { } source && (other.Address == source || other.Name == source));
    }

    static string Behind(SinkJson sink) => sink.LagTransactions is not { } behind ? ""
        : string.Create(CultureInfo.InvariantCulture, $" at {sink.Position}, {(behind == 0 ? "nothing" : $"{behind} transactions, {sink.LagSeconds:0.0} s")} behind, {sink.Sent} sent");

    static string Lag(ServerJson server) => server.Role != "replica" ? ""
        : server.LagSeconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0} ms") : "unknown";
}

/// <summary>The options that say which gateway is meant.</summary>
sealed class Target
{
    public Option<string> Directory { get; } = new("--dir") { Description = "State directory of the gateway", DefaultValueFactory = _ => ".headwater", HelpName = "directory" };
    public Option<string?> Http { get; } = new("--http") { Description = "HTTP address of the gateway, instead of --dir", HelpName = "address:port" };

    public string HttpOf(ParseResult parsed) => parsed.GetValue(Http)
        ?? RunningGateway.Find(parsed.GetRequiredValue(Directory)).Http
        ?? throw new CommandException(ExitCode.Failed, "That gateway has no HTTP address (http.address is off).");
}
