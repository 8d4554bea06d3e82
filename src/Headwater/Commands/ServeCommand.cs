using System.CommandLine;
using Headwater.Configuration;
using Headwater.Logging;

namespace Headwater.Commands;

static class ServeCommand
{
    public static Command Build()
    {
        var file = new Option<string>("--config") { Description = "The configuration file", DefaultValueFactory = _ => "headwater.yaml", HelpName = "file" };
        var takeOver = new Option<bool>("--take-over") { Description = "Takes the place of the process that serves from the same state directory, without an error for its clients; headwater upgrade starts this" };
        var command = new Command("serve", "Runs the gateway before servers that exist. SIGHUP applies a changed file; SIGTERM and Ctrl-C let running transactions end first.") { file, takeOver };
        command.SetAction(async (parsed, ct) =>
        {
            var reading = ConfigFile.Read(Path.GetFullPath(parsed.GetRequiredValue(file)));
            if (reading.Config is not { } config) return Problems.Report(reading, parsed.InvocationConfiguration.Error);
            using var log = new HeadwaterLog(config.Log, TimeProvider.System);
            await new Serving(reading, config, log).RunAsync(parsed.GetValue(takeOver), ct);
            return ExitCode.Ok;
        });
        return command;
    }
}
