using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Headwater.Tests.Docs;

/// <summary>
/// A document and its translation, block by block. What is not language must be the same in both; of what is, the translation carries at its end the
/// fingerprints of the blocks that it was made from, so that a changed one is noticed.
/// </summary>
static partial class Translation
{
    const string Opening = "<!-- Fingerprints of the paragraphs that this was translated from; docs/translated tells what has changed since.";

    /// <summary>All that is out of step, a sentence each.</summary>
    public static IEnumerable<string> Differences(string original, string translation)
    {
        var from = Content(original);
        var to = Content(translation);
        foreach (var sentence in Changed(from, translation)) yield return sentence;
        foreach (var (a, b) in from.Zip(to))
        {
            if (a.Kind != b.Kind || a.Level != b.Level)
            {
                yield return $"line {a.Line} is {Name(a)} ({a.Beginning}), line {b.Line} of the translation {Name(b)} ({b.Beginning})";
                yield break;
            }
            foreach (var sentence in Differences(a, b)) yield return sentence;
        }
        if (from.Count != to.Count) yield return $"there are {from.Count} blocks, {to.Count} in the translation";
    }

    /// <summary>The translation with the fingerprints of the original as it is now.</summary>
    public static string Renewed(string original, string translation)
    {
        var end = translation.IndexOf(Opening, StringComparison.Ordinal);
        var text = new StringBuilder((end < 0 ? translation : translation[..end]).TrimEnd('\n')).Append("\n\n").Append(Opening).Append('\n');
        foreach (var block in Content(original).Where(static block => block.Kind != BlockKind.Code)) text.Append(Fingerprint(block)).Append('\n');
        return text.Append("-->\n").ToString();
    }

    static List<Block> Content(string text) => [.. MarkdownFile.Blocks(text).Where(static block => block.Kind != BlockKind.Comment)];

    static IEnumerable<string> Changed(List<Block> from, string translation)
    {
        var known = translation[Math.Max(0, translation.IndexOf(Opening, StringComparison.Ordinal))..].Split('\n').ToHashSet();
        return from.Where(block => block.Kind != BlockKind.Code && !known.Contains(Fingerprint(block)))
            .Select(static block => $"line {block.Line} ({block.Beginning}) is new or has changed since it was translated: translate it, then docs/translated --renew");
    }

    static IEnumerable<string> Differences(Block a, Block b)
    {
        var (before, after) = (a.Lines, b.Lines);
        if (a.Kind == BlockKind.Code)
        {
            if (!before.Select(line => WithoutComment(line, a.Language)).SequenceEqual(after.Select(line => WithoutComment(line, b.Language))))
                yield return $"the code at line {a.Line} is not that at line {b.Line} of the translation";
        }
        else if (a.Kind == BlockKind.Table)
        {
            if (before.Length != after.Length) yield return $"the table at line {a.Line} has {before.Length} lines, {after.Length} in the translation";
            for (var i = 0; i < Math.Min(before.Length, after.Length); i++)
                if (Difference(before[i], after[i]) is { } row) yield return $"row {i + 1} of the table at line {a.Line} {row}";
        }
        else if (Difference(a.Text, b.Text) is { } text)
            yield return $"line {a.Line} {text} (line {b.Line})";
    }

    static string? Difference(string before, string after)
    {
        if (Fixed(before) != Fixed(after)) return $"has {Fixed(before)}; the translation {Fixed(after)}";
        // A word may become a digit (two seconds, 2초), but no figure may become another.
        var missing = Numbers(before).ToList();
        foreach (var number in Numbers(after)) missing.Remove(number);
        return missing.Count == 0 ? null : $"has {string.Join(", ", missing)}; the translation does not";
    }

    /// <summary>What must be the same in every language: code, targets of links and images, the number of cells and of list items. In any order, for a sentence's order is its language's.</summary>
    static string Fixed(string text)
    {
        var words = MarkdownFile.CodeSpans(text).Select(static span => $"`{span}`")
            .Concat(MarkdownFile.Links(text).Select(static link => Regex.Replace(link, @"^README(\.ko)?\.md$", "README")))
            .Concat(MarkdownFile.Images(text))
            .Order(StringComparer.Ordinal);
        var cells = text.StartsWith('|') ? $"{text.Count(static c => c == '|')} |, " : "";
        return $"{cells}{text.Split('\n').Count(static line => line.StartsWith("- ", StringComparison.Ordinal))} items: {string.Join(' ', words)}";
    }

    static IEnumerable<string> Numbers(string text) => Number().Matches(Code().Replace(text, " ")).Select(static match => match.Value);

    /// <summary>Comments of shell scripts and YAML may be in the reader's language.</summary>
    static string WithoutComment(string line, string language) =>
        language is "sh" or "yaml" && Regex.Match(line, @"(^|\s{2,})# ") is { Success: true } comment ? line[..comment.Index] : line;

    static string Name(Block block) => block.Kind == BlockKind.Heading ? $"a heading of level {block.Level}" : $"{block.Kind.ToString().ToLowerInvariant()}";

    static string Fingerprint(Block block) =>
        $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(block.Text)))[..12]} {block.Beginning.Replace("--", "- -", StringComparison.Ordinal)}";

    [GeneratedRegex(@"\d+([.,]\d+)*")]
    private static partial Regex Number();

    // Code, and what links point to: both are compared as they are.
    [GeneratedRegex(@"`[^`]+`|\]\([^)]*\)|https?://\S+")]
    private static partial Regex Code();
}
