using Xunit;

namespace Headwater.Tests.Docs;

/// <summary>README.ko.md says what README.md says. <c>docs/translated</c> runs this; with <c>--renew</c> it also renews the fingerprints.</summary>
public class TranslationTests
{
    static readonly string _translated = Path.Combine(RepositoryFiles.Root, "README.ko.md");

    static string English => File.ReadAllText(Path.Combine(RepositoryFiles.Root, "README.md"));

    static string Korean => File.ReadAllText(_translated);

    [Fact]
    public void The_Korean_README_says_what_the_English_one_says()
    {
        // Not with the transcripts (HEADWATER_REWRITE): whoever writes those anew has translated nothing.
        if (Environment.GetEnvironmentVariable("HEADWATER_TRANSLATED") == "1") File.WriteAllText(_translated, Translation.Renewed(English, Korean));
        var differences = Translation.Differences(English, Korean).ToList();
        Assert.True(differences.Count == 0, "README.md and README.ko.md are out of step:\n" + string.Join('\n', differences));
    }

    [Fact]
    public void The_Korean_README_is_in_Korean()
    {
        var prose = MarkdownFile.Blocks(Korean).Where(static block => block.Kind == BlockKind.Text && !block.Text.StartsWith('[') && !block.Text.StartsWith("Apache", StringComparison.Ordinal));
        Assert.All(prose, static block => Assert.Contains(block.Text, static c => c is >= '가' and <= '힣'));
    }

    public static TheoryData<string, string, string> Faults() => new()
    {
        { "a command in a code block", "./headwater serve --config", "./headwater serve --file" },
        { "what a command has printed", "| written    | 0-1-2", "| written    | 0-1-3" },
        { "a paragraph", "There are no routing rules", "There are few routing rules" },
        { "a row of a table", "| it starts at once | `bench/start` |\n", "" },
        { "a command in a row", "| it starts at once | `bench/start` |", "| it starts at once | `bench/run start` |" },
        { "a number in a row", "| one server alone, no analysts | 0.9 |", "| one server alone, no analysts | 0.8 |" },
        { "a heading's level", "### The problem itself", "## The problem itself" },
        { "an image", "docs/images/cluster.png", "docs/images/trouble.png" },
        { "a link", "(docs/lab.md)", "(docs/console.md)" },
        { "a paragraph that is new", "## Licence\n", "Something new.\n\n## Licence\n" },
        { "a paragraph that is gone", "The idea behind it:", "<!-- The idea behind it: -->" },
    };

    [Theory, MemberData(nameof(Faults))]
    public void A_change_of_the_English_one_alone_is_noticed(string what, string before, string after)
    {
        Assert.Contains(before, English);
        Assert.True(Translation.Differences(English.Replace(before, after), Korean).Any(), what);
    }

    public static TheoryData<string, string, string> Slips() => new()
    {
        { "a command in a code block", "./headwater serve --config", "./headwater serve --file" },
        { "a command in a row", "`bench/start` |", "`bench/stat` |" },
        { "a number in a row", "| 0.9 |", "| 0.8 |" },
        { "an image", "docs/images/cluster.png", "docs/images/trouble.png" },
        { "a heading's level", "\n### ", "\n## " },
    };

    [Theory, MemberData(nameof(Slips))]
    public void A_slip_of_the_translation_is_noticed(string what, string before, string after)
    {
        Assert.Contains(before, Korean);
        Assert.True(Translation.Differences(English, Korean.Replace(before, after)).Any(), what);
    }

    [Fact]
    public void Comments_of_commands_may_be_in_the_reader_s_language_and_nothing_else_of_code()
    {
        const string code = "```sh\n./test    # all of it\n```\n";
        Assert.DoesNotContain(Translation.Differences(code, code.Replace("all of it", "전부")), static sentence => sentence.Contains("code"));
        Assert.Contains(Translation.Differences(code, code.Replace("./test ", "./text ")), static sentence => sentence.Contains("code"));
        var sql = code.Replace("sh", "sql");
        Assert.Contains(Translation.Differences(sql, sql.Replace("all of it", "전부")), static sentence => sentence.Contains("code"));
    }
}
