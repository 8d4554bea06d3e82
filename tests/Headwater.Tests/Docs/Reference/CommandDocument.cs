using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using System.Text;
using Headwater.Commands;
using Headwater.Configuration;

namespace Headwater.Tests.Docs.Reference;

/// <summary>docs/commands.md, from the definitions that the command line itself is read by.</summary>
static class CommandDocument
{
    const string Opening = """
        # Commands

        Every command, its options and examples, as `headwater --help` and `headwater COMMAND --help` tell them. This page is made from the program's own definitions (`docs/reference --renew`); do not edit it.

        | exit code | meaning |
        |---:|---|
        | 0 | done; of commands that compare or audit: all is equal, the promise is kept |
        | 1 | failed; of those: it is not, or it could not be found out |
        | 2 | the command line or the configuration is wrong; nothing was done |
        | 3 | of `upgrade`: the gateway that serves cannot be taken over from |

        What a command is asked for goes to standard output, all else to standard error. `--json` is for programs; colours are for terminals only. `source <(headwater completion bash)` has the shell complete commands, options and values.

        A running gateway is found by `run.json` in `--dir` (default `.headwater`), or at `--http`.


        """;

    public static string Write()
    {
        var text = new StringBuilder(Opening);
        foreach (var command in CommandLine.Build().Subcommands.Where(static command => !command.Hidden).OrderBy(static command => command.Name, StringComparer.Ordinal)) Write(text, command, "headwater");
        return text.ToString().TrimEnd('\n') + "\n";
    }

    static void Write(StringBuilder text, Command command, string before)
    {
        var name = $"{before} {command.Name}";
        text.Append("## `").Append(name).Append("`\n\n").Append(command.Description).Append("\n\n");
        foreach (var alias in command.Aliases) text.Append("Also: `").Append(alias).Append("`\n\n");
        var options = command.Options.Where(static option => !option.Hidden && option is not HelpOption).ToList();
        if (command.Arguments.Count + options.Count > 0)
        {
            text.Append("| | meaning | default |\n|---|---|---|\n");
            foreach (var argument in command.Arguments.Where(static argument => !argument.Hidden)) Row(text, Value(argument.Name, argument), argument.Description, argument.HasDefaultValue ? argument.GetDefaultValue() : null);
            foreach (var option in options)
                Row(text, $"{option.Name}{(option.ValueType == typeof(bool) ? "" : " " + Value(option.HelpName ?? option.Name.TrimStart('-'), option))}", option.Description,
                    option.HasDefaultValue && option.ValueType != typeof(bool) ? option.GetDefaultValue() : null, option.Required);
            text.Append('\n');
        }
        if (Examples.Of(command) is { Length: > 0 } examples) text.Append("```sh\n").Append(string.Join('\n', examples.Split('\n').Select(AsShell))).Append("\n```\n\n");
        foreach (var sub in command.Subcommands.Where(static sub => !sub.Hidden)) Write(text, sub, name);
    }

    static void Row(StringBuilder text, string what, string? meaning, object? value, bool required = false)
    {
        var set = value switch { null or "" or System.Collections.ICollection { Count: 0 } => "", Enum one => $"`{one.ToString().ToLowerInvariant()}`", TimeSpan span => $"`{Notations.Show(span)}`", _ => $"`{value}`" };
        text.Append("| `").Append(what.Replace("|", "\\|", StringComparison.Ordinal)).Append("` | ").Append(meaning?.Replace("|", "\\|", StringComparison.Ordinal)).Append(" | ").Append(required ? "required" : set).Append(" |\n");
    }

    /// <summary>&lt;name&gt;, or the values there are to choose from.</summary>
    static string Value(string name, Symbol symbol)
    {
        var choices = symbol.GetCompletions(CompletionContext.Empty).Select(choice => symbol is Option option && (Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType).IsEnum ? choice.Label.ToLowerInvariant() : choice.Label).ToList();
        return choices.Count is > 1 and < 10 ? $"<{string.Join('|', choices)}>" : $"<{name}>";
    }

    /// <summary>What stands behind a command as its meaning, as a comment of the shell.</summary>
    static string AsShell(string line)
    {
        var gap = line.IndexOf("   ", StringComparison.Ordinal);
        return gap < 0 ? line : $"{line[..gap]}{line[gap..].TrimStart().Insert(0, new string(' ', Math.Max(2, line[gap..].Length - line[gap..].TrimStart().Length)) + "# ")}";
    }
}
