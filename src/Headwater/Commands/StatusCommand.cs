using System.CommandLine;
using System.Text.Json;
using Headwater.WebConsole;

namespace Headwater.Commands;

static class StatusCommand
{
    public static Command Build()
    {
        var where = new Target();
        var json = new Option<bool>("--json") { Description = "As JSON, for programs" };
        var command = new Command("status", "Shows the cluster as a running gateway sees it: what needs attention and what mends it, traffic, where every copy stands.") { where.Directory, where.Http, json };
        command.SetAction(async (parsed, ct) =>
        {
            var asJson = parsed.GetValue(json);
            var (status, body) = await ApiClient.SendAsync(HttpMethod.Get, where.HttpOf(parsed), asJson ? "/api/status" : "/api/picture", ct);
            if (status != 200) throw new CommandException(ExitCode.Failed, $"The gateway answered with HTTP {status}: {body.Split('\n')[0]}");
            var output = parsed.InvocationConfiguration.Output;
            if (asJson)
            {
                await output.WriteLineAsync(body);
                return ExitCode.Ok;
            }
            var colours = Line.HasColours(output);
            // Cut for a terminal; a file or a pipe gets all of it.
            var width = colours ? Console.WindowWidth : int.MaxValue / 2;
            foreach (var line in ClusterScreen.Of(JsonSerializer.Deserialize(body, ConsoleJson.Default.LiveJson)!, width)) await output.WriteLineAsync(line.Show(colours));
            return ExitCode.Ok;
        });
        return command;
    }
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
