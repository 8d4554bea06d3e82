using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Headwater.Configuration;
using Headwater.Control;
using Headwater.Servers;
using Headwater.Verify;

namespace Headwater.Commands;

static class VerifyCommand
{
    public static Command Build()
    {
        var usual = new VerifyOptions();
        var tables = new Argument<string[]>("table") { Description = "schema.table, schema.*, or a name of either; none: all tables", Arity = ArgumentArity.ZeroOrMore };
        var directory = new Option<string>("--dir") { Description = "State directory of headwater up, or of a serving gateway", DefaultValueFactory = _ => ".headwater", HelpName = "directory" };
        var config = new Option<string?>("--config") { Description = "Configuration file that names the servers, instead of --dir", HelpName = "file" };
        var user = new Option<string?>("--user") { Description = "Account to read as, and to mend as, instead of the monitoring account", HelpName = "name" };
        var passwordFile = new Option<string?>("--password-file") { Description = "File with that account's password", HelpName = "file" };
        var maxLag = Time("--max-lag", "Nothing is read while a replica is further behind", usual.MaxLag);
        var chunkTime = Time("--chunk-time", "How long reading one chunk is to take; the number of its rows follows", usual.ChunkTime);
        var patience = Time("--patience", "A replica that applies nothing for so long is left out", usual.Patience);
        var maxRunning = new Option<int>("--max-running") { Description = "Nothing is read while more statements run on the primary", DefaultValueFactory = _ => usual.MaxRunning, HelpName = "number" };
        var apply = new Option<bool>("--apply") { Description = "Mends the rows that differ, on replicas only, and compares each again" };
        var json = new Option<bool>("--json") { Description = "As JSON, for programs" };
        var command = new Command("verify", "Compares replicas with their primary, chunk by chunk and exactly, while both work. Exit code 0: all is equal; 1: something differs, or could not be compared.")
        {
            tables, directory, config, user, passwordFile, maxLag, chunkTime, patience, maxRunning, apply, json,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var signals = new Signals(onReload: static () => { });
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(ct, signals.Stopping);
            var output = parsed.InvocationConfiguration.Output;
            var progress = new VerifyProgress(TimeProvider.System);
            try
            {
                var login = Login(parsed.GetValue(user), parsed.GetValue(passwordFile));
                var targets = parsed.GetValue(config) is { } file
                    ? await VerifyTargets.OfConfigurationAsync(file, login, stopping.Token)
                    : await VerifyTargets.OfDirectoryAsync(parsed.GetRequiredValue(directory), login, stopping.Token);
                var options = new VerifyOptions
                {
                    Tables = parsed.GetValue(tables) ?? [],
                    MaxLag = parsed.GetValue(maxLag),
                    ChunkTime = parsed.GetValue(chunkTime),
                    Patience = parsed.GetValue(patience),
                    MaxRunning = parsed.GetValue(maxRunning),
                    Apply = parsed.GetValue(apply),
                };
                var comparing = new VerifyRun(targets.Primary, targets.Replicas, options, progress).RunAsync(stopping.Token);
                await new WorkScreen(parsed.InvocationConfiguration.Error, TimeProvider.System).UntilAsync(comparing, () => new ValueTask<WorkShown?>(WorkShown.Of(progress.Now, TimeProvider.System.Now())));
                var report = await comparing;
                if (parsed.GetValue(json)) await output.WriteLineAsync(JsonSerializer.Serialize(report, VerifyJson.Default.VerifyReport));
                else VerifyText.Print(report, options.Apply, output);
                return report.Equal ? ExitCode.Ok : ExitCode.Failed;
            }
            catch (VerifyException trouble)
            {
                throw new CommandException(trouble.IsUsage ? ExitCode.Usage : ExitCode.Failed, trouble.Message);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                throw new CommandException(ExitCode.Failed, parsed.GetValue(apply)
                    ? "Stopped before the end. Each row that was mended stays mended; nothing is known of what was not compared yet."
                    : "Stopped before the end. Nothing was changed; nothing is known of what was not compared yet.");
            }
        });
        return command;
    }

    static Option<TimeSpan> Time(string name, string description, TimeSpan usual) => new(name)
    {
        Description = description,
        HelpName = "duration",
        DefaultValueFactory = _ => usual,
        CustomParser = parsed => Parse(parsed),
    };

    static TimeSpan Parse(ArgumentResult parsed)
    {
        if (Notations.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(24)).Read(parsed.Tokens[0].Value, out var time)) return time;
        parsed.AddError($"\"{parsed.Tokens[0].Value}\" is no duration; write it as 500ms, 1s or 2m.");
        return default;
    }

    static ServerLogin? Login(string? user, string? passwordFile)
    {
        if (user is null) return passwordFile is null ? null : throw new CommandException(ExitCode.Usage, "--password-file needs --user.");
        try
        {
            return new ServerLogin(user, passwordFile is null ? "" : File.ReadAllText(passwordFile).TrimEnd('\n', '\r'));
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Usage, $"{passwordFile} cannot be read: {trouble.Message.TrimEnd('.')}.");
        }
    }
}
