using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Headwater.Control.Failover;
using Headwater.Http;

namespace Headwater.Commands;

/// <summary>What an operator asks of the controller of a running Headwater: switchover, maintenance, pause, resume; and its history.</summary>
static class ControlCommands
{
    public static IEnumerable<Command> Build() =>
    [
        Switchover(), Failover(), Maintenance(),
        Simple("pause", "The controller begins nothing until it is resumed; what it has begun it finishes."),
        Simple("resume", "The controller acts again."),
        History(), Audit(),
    ];

    static Command Switchover()
    {
        var where = new Target();
        var to = new Option<string?>("--to") { Description = "The server that is to be the primary; without it the best one", HelpName = "server" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Prints what would be done and what could go wrong, and does nothing" };
        var json = new Option<bool>("--json") { Description = "As JSON, for programs" };
        var command = new Command("switchover", "Makes another server the primary, under load, without an error at clients; undone by itself when a step misses its deadline.") { to, dryRun, where.Directory, where.Http, json };
        command.SetAction((parsed, ct) => AskAsync(parsed, where, json,
            $"switchover?to={Uri.EscapeDataString(parsed.GetValue(to) ?? "")}&dry_run={(parsed.GetValue(dryRun) ? "true" : "false")}", ct));
        return command;
    }

    static Command Failover()
    {
        var where = new Target();
        var accept = new Option<bool>("--accept-loss") { Description = "Needed: acknowledged writes that only the lost servers have are lost, unless those come back", Required = true };
        var dryRun = new Option<bool>("--dry-run") { Description = "Says who would be promoted and what could be lost, and does nothing" };
        var json = new Option<bool>("--json") { Description = "As JSON, for programs" };
        var command = new Command("failover", "Replaces a lost primary where rpo zero forbids it, since whoever may hold the only copy of an acknowledged write is gone for good. Else it is replaced by itself.") { accept, dryRun, where.Directory, where.Http, json };
        command.SetAction((parsed, ct) => AskAsync(parsed, where, json,
            $"failover?accept_loss={(parsed.GetValue(accept) ? "true" : "false")}&dry_run={(parsed.GetValue(dryRun) ? "true" : "false")}", ct));
        return command;
    }

    static Command Maintenance()
    {
        var where = new Target();
        var server = new Argument<string>("server") { Description = "The server's name" };
        var state = new Argument<string>("on|off") { Description = "on: the controller leaves it alone; off: it is kept in order again" };
        state.AcceptOnlyFromAmong("on", "off");
        var json = new Option<bool>("--json") { Description = "As JSON, for programs" };
        var command = new Command("maintenance", "Takes a server out of the controller's care, or back.") { server, state, where.Directory, where.Http, json };
        command.SetAction((parsed, ct) => AskAsync(parsed, where, json,
            $"maintenance?server={Uri.EscapeDataString(parsed.GetRequiredValue(server))}&on={(parsed.GetValue(state) == "on" ? "true" : "false")}", ct));
        return command;
    }

    static Command Simple(string name, string description)
    {
        var where = new Target();
        var json = new Option<bool>("--json") { Description = "As JSON, for programs" };
        var command = new Command(name, description) { where.Directory, where.Http, json };
        command.SetAction((parsed, ct) => AskAsync(parsed, where, json, name, ct));
        return command;
    }

    static async Task<int> AskAsync(ParseResult parsed, Target where, Option<bool> json, string path, CancellationToken ct)
    {
        var (status, body) = await ApiClient.SendAsync(HttpMethod.Post, where.HttpOf(parsed), "/api/control/" + path, ct);
        var output = parsed.InvocationConfiguration.Output;
        OutcomeJson outcome;
        try
        {
            outcome = JsonSerializer.Deserialize(body, ApiJson.Default.OutcomeJson)!;
        }
        catch (JsonException)
        {
            throw new CommandException(ExitCode.Failed, $"The gateway answered with HTTP {status}: {body.Split('\n')[0]}");
        }
        if (parsed.GetValue(json)) await output.WriteLineAsync(body);
        else
            foreach (var sentence in outcome.Sentences) await (outcome.Applied ? output : parsed.InvocationConfiguration.Error).WriteLineAsync(sentence);
        return outcome.Applied ? ExitCode.Ok : ExitCode.Failed;
    }

    static Command Audit()
    {
        var where = new Target();
        var apply = new Option<bool>("--apply") { Description = "Mends what can be mended while the servers run, then looks again" };
        var json = new Option<bool>("--json") { Description = "As JSON, for programs" };
        var command = new Command("audit", "Says which promise the servers' settings can keep (rpo), what breaks it, and the statement that mends each.") { apply, where.Directory, where.Http, json };
        command.SetAction(async (parsed, ct) =>
        {
            var (status, body) = await ApiClient.SendAsync(HttpMethod.Post, where.HttpOf(parsed), $"/api/control/audit?apply={(parsed.GetValue(apply) ? "true" : "false")}", ct);
            if (status != 200) throw new CommandException(ExitCode.Failed, $"The gateway answered with HTTP {status}: {body.Split('\n')[0]}");
            var audit = JsonSerializer.Deserialize(body, ApiJson.Default.AuditJson)!;
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json)) await output.WriteLineAsync(body);
            else
            {
                foreach (var finding in audit.Findings)
                {
                    await output.WriteLineAsync($"{finding.Weight,-7}  {finding.Server}: {finding.Setting}: {finding.Sentence}");
                    if (finding.Mend.Length > 0) await output.WriteLineAsync($"         mend: {finding.Mend}");
                }
                foreach (var trouble in audit.Troubles) await output.WriteLineAsync($"trouble  {trouble}");
                await output.WriteLineAsync(audit.IsRing ? audit.Kept ? "ring: each member can be written to beside the others" : "ring: its members can NOT be written to side by side"
                    : audit.Kept ? "rpo zero is kept: what is acknowledged survives the loss of any one server"
                    : audit.Rpo == "zero" ? "rpo zero is NOT kept" : $"rpo {audit.Rpo}: what no replica has received dies with the primary");
            }
            return audit.Kept || audit.Rpo != "zero" && !audit.IsRing ? ExitCode.Ok : ExitCode.Failed;
        });
        return command;
    }

    static Command History()
    {
        var directory = new Option<string>("--dir") { Description = "State directory of the controller; it need not run", DefaultValueFactory = _ => ".headwater", HelpName = "directory" };
        var last = new Option<int>("--last") { Description = "How many entries, the newest", DefaultValueFactory = _ => 50, HelpName = "number" };
        var json = new Option<bool>("--json") { Description = "As JSON, one entry a line" };
        var command = new Command("history", "Shows the controller's journal: what it found, what it did and why it was safe.") { directory, last, json };
        command.SetAction(parsed =>
        {
            var output = parsed.InvocationConfiguration.Output;
            IReadOnlyList<JournalEntry> entries;
            try
            {
                entries = Journal.ReadAll(parsed.GetRequiredValue(directory));
            }
            catch (Exception trouble) when (trouble is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                throw new CommandException(ExitCode.Failed, trouble.Message);
            }
            if (entries.Count == 0) throw new CommandException(ExitCode.Failed, $"No controller has written a journal in {Path.GetFullPath(parsed.GetRequiredValue(directory))}. Name its state directory with --dir.");
            // What the record became is told by the finding beside it.
            foreach (var entry in entries.Where(entry => parsed.GetValue(json) || entry.Kind != "record" || entry.Rule == "operator").TakeLast(parsed.GetValue(last)))
                output.WriteLine(parsed.GetValue(json)
                    ? Journal.Line(entry)
                    : string.Create(CultureInfo.InvariantCulture, $"{entry.At.ToLocalTime():yyyy-MM-dd HH:mm:ss.fff}  {entry.Kind,-8} {entry.Rule,-18} {entry.Server,-8} {entry.Sentence}"));
            return ExitCode.Ok;
        });
        return command;
    }
}
