using System.CommandLine;
using System.Text.Json;
using Headwater.Core.Rebuild;
using Headwater.Http;

namespace Headwater.Commands;

/// <summary><c>headwater rebuild</c> and <c>headwater add-replica</c>: a server becomes a copy of the others and follows.</summary>
static class RebuildCommands
{
    const string DryRunStopped = "Waited for no longer; a dry run changes nothing.";
    const string Gone = "The server is marked, so that nobody takes half a copy for a whole one: ask for it anew when the gateway is back.";
    const string Stopped = "Waited for no longer. The gateway goes on with it: headwater status shows how far it has come, headwater history what has become of it.";

    public static IEnumerable<Command> Build() => [Rebuild(), AddReplica()];

    static Command Rebuild()
    {
        var server = new Argument<string>("server") { Description = "The replica's name" };
        var options = new Options("Rebuilds it although it is well, or has what nobody else has: that is lost then");
        var command = new Command("rebuild", "Makes a replica anew from another server: everything on it is replaced by a copy, and it follows again. The cluster goes on working.") { server };
        options.AddTo(command);
        command.SetAction((parsed, ct) => AskAsync(parsed, options, $"rebuild?server={Uri.EscapeDataString(parsed.GetRequiredValue(server))}", ct));
        return command;
    }

    static Command AddReplica()
    {
        var address = new Argument<string>("address") { Description = "Where it listens, host or host:port" };
        var name = new Option<string?>("--name") { Description = "The name by which it is known; without it the address", HelpName = "name" };
        var options = new Options("Takes it although it has tables: they are lost then");
        var command = new Command("add-replica", "Makes a new, empty server a replica, and the running gateway takes it in. Its settings are checked first; what refuses it is told with the statement that mends it.") { address, name };
        options.AddTo(command);
        command.SetAction((parsed, ct) => AskAsync(parsed, options, $"add-replica?address={Uri.EscapeDataString(parsed.GetRequiredValue(address))}&name={Uri.EscapeDataString(parsed.GetValue(name) ?? "")}", ct));
        return command;
    }

    sealed class Options(string overwrite)
    {
        public Target Where { get; } = new();
        public Option<string?> From { get; } = new("--from") { Description = "The server that is copied; without it a replica in step that has least to do", HelpName = "server" };
        public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Looks at both servers and tells what would be done, and what could go wrong; changes nothing" };
        public Option<bool> Overwrite { get; } = new("--overwrite") { Description = overwrite };
        public Option<bool> Json { get; } = new("--json") { Description = "As JSON, for programs" };

        public void AddTo(Command command)
        {
            foreach (var option in new Option[] { From, DryRun, Overwrite, Where.Directory, Where.Http, Json }) command.Add(option);
        }
    }

    static async Task<int> AskAsync(ParseResult parsed, Options options, string path, CancellationToken ct)
    {
        var http = options.Where.HttpOf(parsed);
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        var (status, body) = await new GatewayWork(http, RebuildReport.Progress, parsed.GetValue(options.DryRun) ? DryRunStopped : Stopped, parsed.GetValue(options.DryRun) ? "A dry run changes nothing." : Gone, error).AskAsync(
            $"/api/control/{path}&from={Uri.EscapeDataString(parsed.GetValue(options.From) ?? "")}&dry_run={(parsed.GetValue(options.DryRun) ? "true" : "false")}&overwrite={(parsed.GetValue(options.Overwrite) ? "true" : "false")}", ct);
        RebuildJson outcome;
        try
        {
            outcome = JsonSerializer.Deserialize(body, ApiJson.Default.RebuildJson)!;
        }
        catch (JsonException)
        {
            throw new CommandException(ExitCode.Failed, $"The gateway answered with HTTP {status}: {body.Split('\n')[0]}");
        }
        if (parsed.GetValue(options.Json)) await output.WriteLineAsync(body);
        else if (outcome.Report is { } report) await output.WriteAsync(report.ToText());
        else
            foreach (var sentence in outcome.Sentences ?? []) await error.WriteLineAsync(sentence);
        return outcome.Applied ? ExitCode.Ok : ExitCode.Failed;
    }
}
