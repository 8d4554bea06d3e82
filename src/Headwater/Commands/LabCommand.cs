using System.CommandLine;
using System.Text.Json;
using Headwater.Lab;
using Headwater.Lab.Catalogue;
using Headwater.Lab.Show;
using Spectre.Console;

namespace Headwater.Commands;

/// <summary><c>headwater lab</c>: the problems of replicated databases on a real cluster, and their cure.</summary>
static class LabCommand
{
    public static Command Build() => new("lab", "Shows what goes wrong with replicated databases, and then its cure, on real servers that it starts for that.") { List(), Run() };

    static Command List()
    {
        var (language, json) = (Language(), Json());
        var command = new Command("list", "The scenarios: what each is called, and the question that it answers.") { language, json };
        command.SetAction(parsed =>
        {
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json)) output.WriteLine(JsonSerializer.Serialize(LabCatalogue.All, LabJson.Default.ImmutableArrayScenario));
            else Print(ConsoleOf(output), new LabScreen(parsed.GetValue(language)).List(LabCatalogue.All));
            return ExitCode.Ok;
        });
        return command;
    }

    static Command Run()
    {
        var name = new Argument<string>("name") { Description = "A scenario of headwater lab list, or all" };
        var html = new Option<string?>("--html") { Description = "Writes what was seen to this file too, with pictures over time", HelpName = "file" };
        var directory = new Option<string?>("--dir") { Description = "Where a folder is made for the servers' data while it runs [default: where temporary files are]", HelpName = "directory" };
        // For tests and the curious: it must end red.
        var off = new Option<bool>("--without-protection") { Description = "Leaves the protection out of both runs", Hidden = true };
        // For the console, which plays the lab in a process of its own.
        var lines = new Option<bool>("--lines") { Description = "As lines of JSON: each step when it begins, and the report", Hidden = true };
        var (language, json) = (Language(), Json());
        var command = new Command("run", "Plays one scenario or all: the problem without the protection, then the same with it, and what happened. Exit code 0: each was as it must be; 1: one was not.") { name, html, language, json, directory, off, lines };
        command.SetAction(async (parsed, ct) =>
        {
            var asked = parsed.GetRequiredValue(name);
            IReadOnlyList<Scenario> scenarios = asked == "all" ? LabCatalogue.All : LabCatalogue.Find(asked) is { } one ? [one]
                : throw new CommandException(ExitCode.Usage, $"There is no scenario {asked}; allowed: all, {string.Join(", ", LabCatalogue.All.Select(static scenario => scenario.Name))}.");
            if (parsed.GetValue(html) is { } page) CheckThatItCanBeWritten(page);
            using var signals = new Signals(onReload: static () => { });
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(ct, signals.Stopping);
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            var screen = new LabScreen(parsed.GetValue(language));
            var console = ConsoleOf(output);
            var progress = new LabProgress(error, parsed.GetValue(language), isLive: !Console.IsErrorRedirected);
            var folder = parsed.GetValue(directory) is { } parent ? Path.Combine(parent, $"lab-{Environment.ProcessId}") : Directory.CreateTempSubdirectory("headwater-lab-").FullName;
            try
            {
                var run = new LabRun(new LabRunOptions { Directory = folder, IsUnprotected = _ => parsed.GetValue(off) }, parsed.GetValue(lines) ? step => Tell(output, new LabLine(step)) : progress.Show, result =>
                {
                    progress.Clear();
                    if (!parsed.GetValue(json) && !parsed.GetValue(lines)) Print(console, screen.Result(result));
                });
                var report = await run.RunAsync(scenarios, stopping.Token);
                if (parsed.GetValue(html) is { } file) await WriteAsync(file, report, parsed.GetValue(language));
                if (parsed.GetValue(lines)) Tell(output, new LabLine(Report: report));
                else if (parsed.GetValue(json)) await output.WriteLineAsync(JsonSerializer.Serialize(report, LabJson.Default.LabReport));
                else if (scenarios.Count > 1) Print(console, screen.Summary(report));
                return report.Passed ? ExitCode.Ok : ExitCode.Failed;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                throw new CommandException(ExitCode.Failed, "Stopped before the end.");
            }
            catch (Up.UpException cannot)
            {
                throw new CommandException(ExitCode.Failed, cannot.Message);
            }
            finally
            {
                if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    // Told at once, not when all has been played.
    static void CheckThatItCanBeWritten(string file)
    {
        try
        {
            using var _ = File.Open(file, FileMode.OpenOrCreate, FileAccess.Write);
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Usage, $"--html: {file} cannot be written: {trouble.Message}");
        }
    }

    static async Task WriteAsync(string file, LabReport report, LabLanguage language)
    {
        try
        {
            await File.WriteAllTextAsync(file, LabHtml.Of(report, language));
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, $"{file} cannot be written: {trouble.Message}");
        }
    }

    static void Tell(TextWriter output, LabLine line)
    {
        output.WriteLine(JsonSerializer.Serialize(line, LabLineJson.Default.LabLine));
        output.Flush();
    }

    static void Print(IAnsiConsole console, IEnumerable<string> lines)
    {
        foreach (var line in lines) console.MarkupLine(line);
    }

    static IAnsiConsole ConsoleOf(TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect });
        // The lines are made for 80 columns; whoever has fewer breaks them better than twice.
        console.Profile.Width = 200;
        return console;
    }

    static Option<LabLanguage> Language() => new("--lang") { Description = "Language of what is told", HelpName = "en|ko" };

    static Option<bool> Json() => new("--json") { Description = "As JSON, for programs" };
}
