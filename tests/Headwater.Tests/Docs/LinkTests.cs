using Xunit;

namespace Headwater.Tests.Docs;

/// <summary>Every relative link and image of the documents leads somewhere, to the heading that it names.</summary>
public class LinkTests
{
    static readonly string[] _besides = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "bench/README.md"];

    public static TheoryData<string> Documents() => [.. AllDocuments()];

    public static IEnumerable<string> AllDocuments() =>
        Directory.EnumerateFiles(RepositoryFiles.Root, "README*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "docs"), "*.md", SearchOption.AllDirectories))
            .Select(static file => Path.GetRelativePath(RepositoryFiles.Root, file))
            .Concat(_besides).Order(StringComparer.Ordinal);

    [Theory, MemberData(nameof(Documents))]
    public void Every_link_leads_somewhere(string document) => Assert.Empty(Broken(Path.Combine(RepositoryFiles.Root, document)));

    [Fact]
    public void Every_chapter_is_in_the_table_of_contents()
    {
        var docs = Path.Combine(RepositoryFiles.Root, "docs");
        var named = MarkdownFile.Links(File.ReadAllText(Path.Combine(docs, "README.md"))).ToHashSet();
        Assert.All(Directory.EnumerateFiles(docs, "*.md", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(docs, file)).Where(static file => file != "README.md"),
            file => Assert.Contains(file, named));
    }

    [Fact]
    public void A_link_to_no_file_and_one_to_no_heading_are_found()
    {
        var directory = Directory.CreateTempSubdirectory("headwater-test-").FullName;
        var file = Path.Combine(directory, "a.md");
        File.WriteAllText(Path.Combine(directory, "b.md"), "# B\n\n## One `code`, two\n");
        File.WriteAllText(file, """
            # A

            [good](b.md#one-code-two), [good](#a), [elsewhere](https://example.org/x.md), `[code](no.md)`, [none](no.md), [no heading](b.md#two), ![no picture](images/x.png)

            ```
            [in a fence](no.md)
            ```
            """);
        Assert.Equal(["no.md", "b.md#two", "images/x.png"], Broken(file));
        Directory.Delete(directory, recursive: true);
    }

    static IEnumerable<string> Broken(string file)
    {
        var prose = MarkdownFile.Blocks(File.ReadAllText(file)).Where(static block => block.Kind is not (BlockKind.Code or BlockKind.Comment));
        foreach (var link in prose.SelectMany(static block => MarkdownFile.Links(block.Text)))
        {
            if (link.Contains("://", StringComparison.Ordinal)) continue;
            var (path, anchor) = link.Split('#') is [var before, var behind] ? (before, behind) : (link, null);
            var target = path.Length == 0 ? file : Path.Combine(Path.GetDirectoryName(file)!, path);
            if (!Path.Exists(target) || (anchor is not null && !MarkdownFile.Anchors(MarkdownFile.Blocks(File.ReadAllText(target))).Contains(anchor))) yield return link;
        }
    }
}
