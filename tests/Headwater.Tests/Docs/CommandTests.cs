using System.Text.RegularExpressions;
using Headwater.Commands;
using Headwater.Lab.Catalogue;
using Xunit;

namespace Headwater.Tests.Docs;

/// <summary>The commands that the documents name exist, with the options that they are given.</summary>
public partial class CommandTests
{
    public static TheoryData<string> Documents() => LinkTests.Documents();

    [Theory, MemberData(nameof(Documents))]
    public void Every_command_of_the_product_is_one(string document) =>
        Assert.Empty(Wrong(File.ReadAllText(Path.Combine(RepositoryFiles.Root, document))));

    [Theory, MemberData(nameof(Documents))]
    public void Every_measuring_command_is_there(string document)
    {
        var text = File.ReadAllText(Path.Combine(RepositoryFiles.Root, document));
        Assert.All(Bench().Matches(text).Select(static match => match.Value), path => Assert.True(Path.Exists(Path.Combine(RepositoryFiles.Root, path)), path));
    }

    [Theory, MemberData(nameof(Documents))]
    public void Every_scenario_of_the_lab_is_one(string document)
    {
        var named = Scenario().Matches(File.ReadAllText(Path.Combine(RepositoryFiles.Root, document))).Select(static match => match.Groups[1].Value);
        Assert.All(named, static name => Assert.Contains(name, LabCatalogue.All.Select(static scenario => scenario.Name).Append("all")));
    }

    [Fact]
    public void A_command_that_is_none_and_an_option_that_is_none_are_found() =>
        Assert.Equal(["headwater stats", "headwater status --jsn"], Wrong("""
            `headwater status --json`, `headwater stats`

            ```sh
            ./headwater status --jsn | jq .     # wrong
            mariadb -e 'SELECT 1'
            ```
            """).Select(static wrong => wrong.Split(": ")[0]));

    static IEnumerable<string> Wrong(string text)
    {
        foreach (var (command, whole) in Commands(text).Distinct())
            // In a sentence a command may be named without what it needs: `headwater rebuild`.
            if (CommandLine.Build().Parse(command["headwater ".Length..]).Errors.FirstOrDefault(error => whole || !error.Message.StartsWith("Required", StringComparison.Ordinal)) is { } error)
                yield return $"{command}: {error.Message}";
    }

    /// <summary>In spans whatever begins with the program's name, in fences of a shell each such line, up to a pipe, a redirection or a comment.</summary>
    static IEnumerable<(string Command, bool Whole)> Commands(string text)
    {
        foreach (var block in MarkdownFile.Blocks(text))
        {
            var isCode = block.Kind == BlockKind.Code;
            foreach (var line in !isCode ? MarkdownFile.CodeSpans(block.Text) : block.Language is "sh" or "console" ? block.Lines : [])
                if (Command().Match(line) is { Success: true } command) yield return ("headwater " + command.Groups[1].Value.TrimEnd(' ', '…'), isCode);
        }
    }

    [GeneratedRegex(@"^(?:\$ |sudo )?(?:\./)?headwater ([a-z-][^|>#&;]*)")]
    private static partial Regex Command();

    [GeneratedRegex(@"headwater lab run ([a-z-]+)")]
    private static partial Regex Scenario();

    [GeneratedRegex(@"(?<![\w./-])bench/[a-z]+(?![\w/.])")]
    private static partial Regex Bench();
}
