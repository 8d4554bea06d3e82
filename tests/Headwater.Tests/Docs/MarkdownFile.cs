using System.Text.RegularExpressions;

namespace Headwater.Tests.Docs;

enum BlockKind { Heading, Code, Table, Text, Comment }

/// <summary>What stands between two empty lines, or a whole fence, with the line that it begins on.</summary>
sealed record Block(BlockKind Kind, int Line, string Text)
{
    /// <summary>The level of a heading; of all else 0.</summary>
    public int Level => Kind == BlockKind.Heading ? Text.TakeWhile(static c => c == '#').Count() : 0;

    /// <summary>What stands behind the opening fence: sh, sql, …</summary>
    public string Language => Kind == BlockKind.Code ? Text.Split('\n')[0].Trim('`', ' ') : "";

    public string[] Lines => Text.Split('\n');

    public string Beginning => Text.Length <= 60 ? Text.ReplaceLineEndings(" ") : Text[..60].ReplaceLineEndings(" ") + "…";
}

/// <summary>
/// As much of Markdown as the documents of this repository use: headings, fences, tables, paragraphs with lists and links in them.
/// A parser of all of it would be a dependency, and would not keep a block's text as it was written.
/// </summary>
static partial class MarkdownFile
{
    public static IReadOnlyList<Block> Blocks(string text)
    {
        var blocks = new List<Block>();
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var at = 0; at < lines.Length;)
        {
            if (lines[at].Length == 0)
            {
                at++;
                continue;
            }
            var kind = KindOf(lines[at]);
            var end = kind switch
            {
                BlockKind.Heading => at + 1,
                BlockKind.Code => Behind(lines, at + 1, static line => line.StartsWith("```", StringComparison.Ordinal)),
                BlockKind.Comment => Behind(lines, at, static line => line.EndsWith("-->", StringComparison.Ordinal)),
                BlockKind.Table => Until(lines, at, static line => KindOf(line) != BlockKind.Table),
                _ => Until(lines, at, static line => line.Length == 0 || KindOf(line) != BlockKind.Text),
            };
            blocks.Add(new Block(kind, at + 1, string.Join('\n', lines[at..end])));
            at = end;
        }
        return blocks;
    }

    /// <summary>What is written as code within a text: `like this`.</summary>
    public static IEnumerable<string> CodeSpans(string text) => CodeSpan().Matches(text).Select(static match => match.Groups[1].Value);

    /// <summary>Targets of links and images; what looks like one within code is none.</summary>
    public static IEnumerable<string> Links(string text) => Link().Matches(CodeSpan().Replace(text, "``")).Select(static match => match.Groups[1].Value);

    public static IEnumerable<string> Images(string text) => Image().Matches(CodeSpan().Replace(text, "``")).Select(static match => match.Groups[1].Value);

    /// <summary>The anchors of a file's headings, as GitHub makes them.</summary>
    public static IReadOnlySet<string> Anchors(IEnumerable<Block> blocks)
    {
        var anchors = new HashSet<string>();
        foreach (var heading in blocks.Where(static block => block.Kind == BlockKind.Heading))
        {
            var anchor = NotInAnchors().Replace(heading.Text.TrimStart('#', ' ').ToLowerInvariant(), "").Replace(' ', '-');
            var free = anchor;
            for (var n = 1; !anchors.Add(free); n++) free = $"{anchor}-{n}";
        }
        return anchors;
    }

    static BlockKind KindOf(string line) =>
        line.StartsWith("```", StringComparison.Ordinal) ? BlockKind.Code
        : line.StartsWith('#') ? BlockKind.Heading
        : line.StartsWith('|') ? BlockKind.Table
        : line.StartsWith("<!--", StringComparison.Ordinal) ? BlockKind.Comment
        : BlockKind.Text;

    static int Until(string[] lines, int from, Func<string, bool> ends) => Array.FindIndex(lines, from, line => ends(line)) is >= 0 and var at ? at : lines.Length;

    static int Behind(string[] lines, int from, Func<string, bool> last) => Math.Min(Until(lines, from, last) + 1, lines.Length);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"!\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Image();

    [GeneratedRegex(@"[^\p{L}\p{N}\p{Mn} _-]")]
    private static partial Regex NotInAnchors();
}
