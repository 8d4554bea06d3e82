using System.CommandLine;
using System.Net.Sockets;
using Headwater.Handover;

namespace Headwater.Commands;

/// <summary><c>headwater upgrade</c>: the program on the disk takes over from the one that runs.</summary>
static class UpgradeCommand
{
    // Longer than all that the two processes wait for together.
    static readonly TimeSpan LongestTakeover = TimeSpan.FromMinutes(4);

    public static Command Build()
    {
        var directory = new Option<string>("--dir") { Description = "State directory of the gateway", DefaultValueFactory = _ => ".headwater", HelpName = "directory" };
        var program = new Option<string?>("--program") { Description = "The program that takes over; by default the one that runs, as it is on the disk now", HelpName = "file" };
        var command = new Command("upgrade", "Starts a new process that takes over the listening sockets, the controller and the log of the one that serves; sessions that are open stay where they are until they leave (upgrade_drain). When the new one does not come up, nothing has changed; exit code 3 says that the gateway that serves cannot be taken over from and would have to be stopped and started.") { directory, program };
        command.SetAction(async (parsed, ct) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var path = Succession.PathIn(parsed.GetRequiredValue(directory));
            Link link;
            try
            {
                link = Link.To(path);
            }
            catch (Exception none) when (none is SocketException or ArgumentException)
            {
                throw new CommandException(ExitCode.CannotTakeOver, $"No gateway that serves by headwater serve answers at {Path.GetFullPath(path)}: {(File.Exists(path) ? "nobody listens there" : "there is no such socket")}. Name its state directory with --dir.");
            }
            using (link)
            {
                link.Tell(new Message.Start(parsed.GetValue(program) is { } named ? Path.GetFullPath(named) : null));
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
                patience.CancelAfter(LongestTakeover);
                try
                {
                    while (await link.NextAsync(patience.Token) is var (message, _))
                        if (message is Message.Told told) await output.WriteLineAsync($"{told.Sentence}.");
                        else if (message is Message.Ended ended)
                        {
                            if (ended.Code != ExitCode.Ok) throw new CommandException(ended.Code, $"{ended.Sentence.TrimEnd('.')}.");
                            await output.WriteLineAsync($"{ended.Sentence}.");
                            return ExitCode.Ok;
                        }
                }
                catch (OperationCanceledException) when (!ct.IsCancellationRequested)
                {
                    throw new CommandException(ExitCode.Failed, $"It has not come to an end within {LongestTakeover.TotalMinutes:0} minutes; the gateway's log says how far it is.");
                }
            }
            throw new CommandException(ExitCode.Failed, "The gateway has broken off; its log says why.");
        });
        return command;
    }
}
