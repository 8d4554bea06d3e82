using System.CommandLine;
using System.Text.Json;
using Headwater.Core.Recovery;
using Headwater.Http;

namespace Headwater.Commands;

/// <summary><c>headwater recover</c>: what a former primary had and its successor had not is brought back.</summary>
static class RecoverCommand
{
    const string DryRunStopped = "Waited for no longer; a dry run changes nothing on any server.";
    const string Gone = "What was brought back stays, and no transaction is half applied: ask for it anew when the gateway is back, and it goes on from there.";
    const string Stopped = "Waited for no longer. The gateway goes on with it: headwater status shows how far it has come, headwater history what has become of it.";

    public static Command Build()
    {
        var where = new Target();
        var server = new Option<string?>("--server") { Description = "The server whose tail it is; without it the one that has a tail", HelpName = "server" };
        var files = new Option<string?>("--from-files") { Description = "Its data directory, when it cannot start: its log is read there, and nothing is changed in it", HelpName = "directory" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Saves the tail, tells what would become of each transaction, and changes nothing on any server" };
        var json = new Option<bool>("--json") { Description = "As JSON, for programs" };
        var command = new Command("recover", "Brings back what a former primary had committed and not shipped: what overwrites nothing newer is applied, the rest goes into quarantine; then that server follows again.")
            { server, files, dryRun, where.Directory, where.Http, json };
        command.SetAction(async (parsed, ct) =>
        {
            var path = parsed.GetValue(files) is { } folder ? Path.GetFullPath(folder) : "";
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            var (status, body) = await new GatewayWork(where.HttpOf(parsed), RecoveryReport.Progress, parsed.GetValue(dryRun) ? DryRunStopped : Stopped, parsed.GetValue(dryRun) ? "A dry run changes nothing on any server." : Gone, error).AskAsync(
                $"/api/control/recover?server={Uri.EscapeDataString(parsed.GetValue(server) ?? "")}&from_files={Uri.EscapeDataString(path)}&dry_run={(parsed.GetValue(dryRun) ? "true" : "false")}", ct);
            RecoverJson outcome;
            try
            {
                outcome = JsonSerializer.Deserialize(body, ApiJson.Default.RecoverJson)!;
            }
            catch (JsonException)
            {
                throw new CommandException(ExitCode.Failed, $"The gateway answered with HTTP {status}: {body.Split('\n')[0]}");
            }
            if (parsed.GetValue(json)) await output.WriteLineAsync(body);
            else if (outcome.Report is { } report) await output.WriteAsync(report.ToText());
            else
                foreach (var sentence in outcome.Sentences ?? []) await error.WriteLineAsync(sentence);
            return outcome.Applied ? ExitCode.Ok : ExitCode.Failed;
        });
        return command;
    }
}
