using System.CommandLine;
using Headwater.Configuration;
using Headwater.Logging;

namespace Headwater.Commands;

static class ServeCommand
{
    public static Command Build()
    {
        var file = new Option<string>("--config") { Description = "The configuration file", DefaultValueFactory = _ => "headwater.yaml", HelpName = "file" };
        var command = new Command("serve", "Runs the gateway before servers that exist. SIGHUP applies a changed file; SIGTERM and Ctrl-C let running transactions end first.") { file };
        command.SetAction(async (parsed, ct) =>
        {
            var reading = ConfigFile.Read(parsed.GetRequiredValue(file));
            if (reading.Config is not { } config) return Problems.Report(reading, parsed.InvocationConfiguration.Error);
            using var log = new HeadwaterLog(config.Log, TimeProvider.System);
            await using var composition = new Composition(reading, log, TimeProvider.System);
            using var signals = new Signals(onReload: () => composition.Reload());
            try
            {
                await composition.StartAsync(ct);
            }
            catch (IOException busy)
            {
                // An address in use, a socket path that cannot be made: for a person, not a stack trace.
                throw new CommandException(ExitCode.Failed, $"The gateway cannot start: {busy.Message}.");
            }
            await signals.Stop;
            await composition.StopAsync();
            return ExitCode.Ok;
        });
        return command;
    }
}
