using System.CommandLine;
using System.Net.Sockets;
using Headwater.Configuration;
using Headwater.Logging;
using Headwater.Streams.Store;
using Headwater.Streams.Witness;

namespace Headwater.Commands;

static class WitnessCommand
{
    public static Command Build()
    {
        var file = new Option<string>("--config") { Description = "The configuration file", DefaultValueFactory = _ => "headwater.yaml", HelpName = "file" };
        var command = new Command("witness", "Keeps the cluster's log as a replica does, and no data, and acknowledges commits: a third beside a primary and a replica. Until SIGTERM or Ctrl-C.") { file };
        command.SetAction(async (parsed, ct) =>
        {
            var reading = ConfigFile.Read(Path.GetFullPath(parsed.GetRequiredValue(file)));
            if (reading.Config is not { } config) return Problems.Report(reading, parsed.InvocationConfiguration.Error);
            using var log = new HeadwaterLog(config.Log, TimeProvider.System);
            using var signals = new Signals(onReload: static () => { });
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(ct, signals.Stopping);
            try
            {
                await using var witness = new WitnessServer(config.Witness, TimeProvider.System, log.Factory);
                await parsed.InvocationConfiguration.Output.WriteLineAsync($"A witness listens on {witness.Address}, as server {config.Witness.ServerId}; its log stands at {(witness.End.Position.IsEmpty ? "nothing" : witness.End.Position)}.");
                _ = Task.Run(OwnProgram.TakeIn, stopping.Token);
                await Task.Delay(Timeout.Infinite, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception trouble) when (trouble is StoreException or SocketException or IOException or UnauthorizedAccessException)
            {
                throw new CommandException(ExitCode.Failed, $"The witness cannot start on {config.Witness.Listen}: {trouble.Message.TrimEnd('.')}.");
            }
            return ExitCode.Ok;
        });
        return command;
    }
}
