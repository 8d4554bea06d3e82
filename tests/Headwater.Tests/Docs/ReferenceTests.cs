using System.Text.RegularExpressions;
using Headwater.Control.Failover;
using Headwater.Core.Failover;
using Headwater.Tests.Docs.Reference;
using Xunit;

namespace Headwater.Tests.Docs;

/// <summary>The pages for looking up say what the code says. <c>docs/reference</c> runs this; with <c>--renew</c> (as with HEADWATER_REWRITE=1) it writes them.</summary>
public class ReferenceTests
{
    static readonly Lazy<string> _sources = new(static () => string.Concat(
        Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "src"), "*.cs", SearchOption.AllDirectories).Where(static file => !file.Contains("/obj/")).Select(File.ReadAllText)));

    [Fact]
    public void Commands_are_those_of_the_command_line() => InStep("docs/commands.md", CommandDocument.Write());

    [Fact]
    public void Metrics_are_those_that_are_written() => InStep("docs/metrics.md", MetricDocument.Write());

    [Fact]
    public void Events_are_those_that_are_declared() => InStep("docs/events.md", EventDocument.Write());

    [Fact]
    public void No_event_of_the_log_has_the_number_of_another()
    {
        Assert.True(EventDocument.Log.Count > 60);
        Assert.Equal(EventDocument.Log.Count, Regex.Count(_sources.Value, @"\[LoggerMessage\("));
        Assert.Empty(EventDocument.Log.GroupBy(static one => one.Id).Where(static same => same.Count() > 1).SelectMany(static same => same));
    }

    [Fact]
    public void Whatever_is_found_is_in_the_table_of_findings()
    {
        var found = Regex.Matches(_sources.Value, @"(?:\bFind|new Finding)\((?:[^""(),;]*\?[^""(),;]*)?""([a-z-]+)""(?: : ""([a-z-]+)"")?")
            .SelectMany(static match => match.Groups.Values.Skip(1)).Where(static group => group.Success).Select(static group => group.Value)
            .Append(Headwater.Core.Rebuild.RebuildReport.Progress).Append(Headwater.Core.Recovery.RecoveryReport.Progress).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(FindingRules.All.Select(static rule => rule.Name).Order(StringComparer.Ordinal), found);
    }

    [Fact]
    public void Whatever_is_written_down_is_in_the_journal_s_table_of_kinds()
    {
        var written = Regex.Matches(_sources.Value, @"(?<!\w)Note\(""([a-z]+)""|string kind = ""([a-z]+)""|wrote it"", ""([a-z]+)""").Select(static match => match.Groups.Values.Skip(1).Single(static group => group.Success).Value).Distinct();
        Assert.Equal(JournalEntry.Kinds.Select(static one => one.Kind).Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
    }

    static void InStep(string path, string text)
    {
        var file = Path.Combine(RepositoryFiles.Root, path);
        if (RepositoryFiles.Rewrite) File.WriteAllText(file, text);
        Assert.True(text == File.ReadAllText(file), $"{path} is not what the code says: docs/reference --renew");
    }
}
