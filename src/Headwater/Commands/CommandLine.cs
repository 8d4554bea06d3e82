using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Headwater.Configuration;

namespace Headwater.Commands;

/// <summary>All commands, and what they have in common: help with examples, exit codes, one sentence on standard error for an error.</summary>
static class CommandLine
{
    public static RootCommand Build()
    {
        var root = new RootCommand("One MySQL address in front of a replicated MariaDB cluster: writes go to the primary, reads to a copy that is proven fresh enough for their session.")
        {
            UpCommand.Build(),
            ServeCommand.Build(),
            WitnessCommand.Build(),
            StatusCommand.Build(),
            TopCommand.Build(),
            TailCommand.Build(),
            RecoverCommand.Build(),
            VerifyCommand.Build(),
            ConflictsCommand.Build(),
            AlertsCommand.Build(),
            LabCommand.Build(),
            ReloadCommand.Build(),
            UpgradeCommand.Build(),
            ConfigCommand.Build(),
            CompletionCommand.Build(),
            ConsoleCommand.Build(),
            VersionCommand.Build(),
        };
        foreach (var command in ControlCommands.Build()) root.Add(command);
        foreach (var command in RebuildCommands.Build()) root.Add(command);
        foreach (var help in root.Options.OfType<HelpOption>()) help.Action = new HelpWithExamples();
        return root;
    }

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        // Without a command, what there is to choose from.
        var parsed = Build().Parse(args.Length == 0 ? ["--help"] : args);
        // --help and --version are asked for beside anything else on the line.
        if (parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction)
        {
            await error.WriteLineAsync($"headwater: {parsed.Errors[0].Message}".TrimEnd('.') + ".");
            await error.WriteLineAsync($"Try: {CommandNames(parsed)} --help");
            return ExitCode.Usage;
        }
        // The commands that run long stop on signals by themselves: a stop drains, it does not cancel.
        var invocation = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        try
        {
            return await parsed.InvokeAsync(invocation);
        }
        catch (CommandException ended)
        {
            await error.WriteLineAsync($"headwater: {ended.Message}");
            return ended.ExitCode;
        }
    }

    static string CommandNames(ParseResult parsed)
    {
        var names = new List<string>();
        for (var result = (System.CommandLine.Parsing.SymbolResult?)parsed.CommandResult; result is System.CommandLine.Parsing.CommandResult command; result = result.Parent)
            names.Insert(0, command.Command is RootCommand ? "headwater" : command.Command.Name);
        return string.Join(' ', names);
    }

    sealed class HelpWithExamples : SynchronousCommandLineAction
    {
        readonly HelpAction _usual = new();

        public override int Invoke(ParseResult parseResult)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.Write(Usual(parseResult));
            if (Examples.Of(parseResult.CommandResult.Command) is { Length: > 0 } examples)
            {
                output.WriteLine("Examples:");
                foreach (var line in examples.Split('\n')) output.WriteLine($"  {line}");
                output.WriteLine();
            }
            output.WriteLine("Exit codes:");
            output.WriteLine("  0 done, 1 failed, 2 wrong command line or configuration (nothing was done)");
            return ExitCode.Ok;
        }

        /// <summary>The library's own help, which prints defaults as the runtime names values: here as a person types them.</summary>
        string Usual(ParseResult parseResult)
        {
            var (configuration, output, text) = (parseResult.InvocationConfiguration, parseResult.InvocationConfiguration.Output, new StringWriter());
            configuration.Output = text;
            try
            {
                _usual.Invoke(parseResult);
            }
            finally
            {
                configuration.Output = output;
            }
            return parseResult.CommandResult.Command.Options.Where(static option => option.HasDefaultValue).Select(static option => option.GetDefaultValue())
                .Aggregate(text.ToString(), static (help, value) => value is TimeSpan or Enum ? help.Replace($"[default: {value}]", $"[default: {(value is TimeSpan span ? Notations.Show(span) : value.ToString()!.ToLowerInvariant())}]", StringComparison.Ordinal) : help);
        }

        public override bool ClearsParseErrors => true;
    }
}
