using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using Headwater.Http;

namespace Headwater.Commands;

static class ReloadCommand
{
    const int HangUp = 1; // SIGHUP, signal(7)
    const int NoSuchProcess = 3; // ESRCH, errno(3)

    public static Command Build()
    {
        var where = new Target();
        var pid = new Option<int?>("--pid") { Description = "Process id of the gateway: sends SIGHUP; the outcome is in its log", HelpName = "id" };
        var command = new Command("reload", "Makes a running gateway apply its changed configuration file, whole or not at all, without dropping a session.") { where.Directory, where.Http, pid };
        command.SetAction(async (parsed, ct) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(pid) is { } asked) return Signal(asked, output);
            if (parsed.GetValue(where.Http) is null && RunningGateway.Find(parsed.GetRequiredValue(where.Directory)) is { Http: null } silent)
                return Signal(silent.Pid, output);
            var (_, body) = await ApiClient.SendAsync(HttpMethod.Post, where.HttpOf(parsed), "/api/reload", ct);
            OutcomeJson outcome;
            try
            {
                outcome = JsonSerializer.Deserialize(body, ApiJson.Default.OutcomeJson)!;
            }
            catch (JsonException)
            {
                throw new CommandException(ExitCode.Failed, body.Split('\n')[0]);
            }
            var writer = outcome.Applied ? output : parsed.InvocationConfiguration.Error;
            foreach (var sentence in outcome.Sentences) await writer.WriteLineAsync(sentence);
            return outcome.Applied ? ExitCode.Ok : ExitCode.Usage;
        });
        return command;
    }

    static int Signal(int pid, TextWriter output)
    {
        if (pid <= 1) throw new CommandException(ExitCode.Usage, $"{pid} is not the process id of a gateway.");
        if (Kill(pid, HangUp) != 0)
            throw new CommandException(ExitCode.Failed, Marshal.GetLastPInvokeError() == NoSuchProcess ? $"There is no process {pid}." : $"Process {pid} may not be signalled by this user.");
        output.WriteLine($"Process {pid} was asked to reload; its log says what came of it.");
        return ExitCode.Ok;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Kill(int pid, int signal);
}
