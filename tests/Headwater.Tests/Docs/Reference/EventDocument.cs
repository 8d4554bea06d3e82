using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Headwater.Control.Failover;
using Headwater.Core.Alerting;
using Headwater.Core.Failover;
using Microsoft.Extensions.Logging;

namespace Headwater.Tests.Docs.Reference;

/// <param name="Part">The program's part that writes it.</param>
sealed record LogEvent(int Id, LogLevel Level, string Part, string Message);

/// <summary>docs/events.md: the events of the log from their declarations, and the tables of what the controller finds, does and writes down.</summary>
static partial class EventDocument
{
    const string Opening = """
        # Events

        What is told as it happens. This page is made from the program's own declarations (`docs/reference --renew`); do not edit it.


        """;

    /// <summary>All that is declared by [LoggerMessage] in the product.</summary>
    public static IReadOnlyList<LogEvent> Log { get; } =
    [
        .. new[] { typeof(Headwater.Gateway.GatewayServer), typeof(Headwater.Control.ClusterWatcher), typeof(Headwater.Streams.Feed), typeof(Headwater.Commands.ExitCode) }
            .Select(static type => type.Assembly).Distinct()
            .SelectMany(static assembly => assembly.GetTypes())
            .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).Select(method => (type, method)))
            .Select(static pair => (pair.type, told: pair.method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(static pair => pair.told is not null)
            .Select(static pair => new LogEvent(pair.told!.EventId, pair.told.Level, Part(pair.type.Namespace!), pair.told.Message))
            .OrderBy(static one => one.Id),
    ];

    public static string Write()
    {
        var text = new StringBuilder(Opening);
        Table(text, "The log", "Standard error of `headwater serve`, `up` and `witness`; the event's number is stable. With `log.format: json` each line is an object with `time`, `level`, `machine`, `part`, `event`, `message`, `trace` where one is known, and the values in braces by name (`{Server}` is `server`).",
            ["event", "level", "part", "message"],
            Log.Select(static one => new[] { one.Id.ToString(CultureInfo.InvariantCulture), Level(one.Level), one.Part, $"`{one.Message}`" }));
        Table(text, "The journal", "What the controller has found, decided and done, line by line: `headwater history`, with `--json` as objects with `at`, `kind`, `rule`, `server`, `sentence`.",
            ["kind", "meaning"], JournalEntry.Kinds.Select(static one => new[] { $"`{one.Kind}`", one.Meaning }));
        Table(text, "Findings", "What the controller finds. It stands in the journal, in `headwater status`, in `headwater_control_findings{rule,severity}`, and goes to `alerts.url`, there once more when it is over.",
            ["rule", "severity", "meaning"], FindingRules.All.Select(static rule => new[] { $"`{rule.Name}`", Word(rule.Severity), rule.Meaning }));
        Table(text, "Effects", "What the controller does to a server, and the only ways in which it acts; `rule` of the journal's kinds `effect` and `failed`.",
            ["effect", "meaning"], Enum.GetValues<EffectKind>().Select(static kind => new[] { $"`{kind}`", Summary(kind) }));
        Table(text, "Alerts", "Rules over what is measured, with the limits that hold without a word in the configuration (`alerts.*`): in `headwater alerts`, `headwater_alerts{rule,severity}` and to `alerts.url`, once when it begins and once when it is over.",
            ["rule", "severity", "amiss when", "for"],
            AlertRules.Default.Select(static rule => new[] { $"`{rule.Name}`", Word(rule.Severity), $"{(rule.Above ? "more than" : "less than")} {rule.Limit?.ToString(CultureInfo.InvariantCulture)} {Unit(rule.Signal)}", rule.For == TimeSpan.Zero ? "" : $"{rule.For.TotalSeconds:0} s" }));
        return text.ToString().TrimEnd('\n') + "\n";
    }

    static void Table(StringBuilder text, string title, string meaning, string[] columns, IEnumerable<string[]> rows)
    {
        text.Append("## ").Append(title).Append("\n\n").Append(meaning).Append("\n\n| ").AppendJoin(" | ", columns).Append(" |\n|").Append(string.Concat(columns.Select(static _ => "---|"))).Append('\n');
        foreach (var row in rows) text.Append("| ").AppendJoin(" | ", row.Select(static cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
        text.Append('\n');
    }

    /// <summary>An effect's meaning is the summary beside its declaration: nothing of it is there when the program runs.</summary>
    static string Summary(EffectKind kind)
    {
        var source = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "src/Headwater.Core/Failover/Effect.cs"));
        var said = Regex.Match(source, $@"<summary>((?:(?!<summary>).)*)</summary>\s+{kind},", RegexOptions.Singleline).Groups[1].Value;
        return Spaces().Replace(Tags().Replace(said.Replace("///", ""), static tag => $"its {tag.Groups[1].Value.ToLowerInvariant()}"), " ").Trim();
    }

    static string Part(string space) => space.Split('.') is ["Headwater", "Gateway" or "Control" or "Streams", ..] names ? names[1] : "Headwater";

    static string Level(LogLevel level) => Headwater.Logging.Entry.LevelName(level);

    static string Word(Severity severity) => severity.ToString().ToLowerInvariant();

    static string Unit(AlertSignal signal) => signal switch
    {
        AlertSignal.HostCpu => "% of the machine's processors over the last minute",
        AlertSignal.StatementLatency => "s for 1 of 100 statements of the last minute",
        AlertSignal.SlowStatements => "statements of the last minute took longer than `log.slow`",
        AlertSignal.Errors => "% of the last minute's statements are answered with an error",
        AlertSignal.Lag => "s that a replica is behind",
        AlertSignal.DiskFree => "% of a directory's disk are free",
        AlertSignal.WrongReads => "reads of the last ten minutes were found by the auditor to be wrong",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    [GeneratedRegex(@"<see cref=""Effect\.(\w+)""/>")]
    private static partial Regex Tags();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
