using System.Text;
using System.Text.RegularExpressions;
using Headwater.WebConsole;
using Xunit;

namespace Headwater.Tests.WebConsole;

/// <summary>What the console's files may not do, and what its texts have to have.</summary>
public sealed partial class AssetsTests
{
    static readonly WebAssets Assets = new();

    static string Text(string name) => Encoding.UTF8.GetString(Assets.Find(name)!.Body);

    static IEnumerable<string> Own => Assets.Names.Where(static name => !name.StartsWith("vendor/", StringComparison.Ordinal));

    static string Page => Encoding.UTF8.GetString(Assets.Page.Body);

    [Fact]
    public void Nothing_names_an_address_outside()
    {
        foreach (var name in Assets.Names.Where(static name => !name.EndsWith(".txt", StringComparison.Ordinal)))
            foreach (Match address in Address().Matches(Text(name)))
                Assert.True(address.Value.StartsWith("http://www.w3.org/", StringComparison.Ordinal) || IsComment(Text(name), address.Index), $"{name}: {address.Value}");
        Assert.DoesNotMatch(Address(), Page);
    }

    // uPlot says in its head where it comes from; nobody asks there.
    static bool IsComment(string text, int at) => text[(text.LastIndexOf('\n', at) + 1)..].TrimStart().StartsWith('*') || text[(text.LastIndexOf('\n', at) + 1)..].TrimStart().StartsWith("//", StringComparison.Ordinal);

    [Fact]
    public void The_page_has_no_script_or_style_in_it_and_asks_for_files_that_are_there()
    {
        Assert.DoesNotContain("<style", Page);
        Assert.DoesNotMatch(@"\son\w+=", Page);
        Assert.DoesNotMatch(@"<script(?![^>]*\ssrc=)", Page);
        var asked = AskedFor().Matches(Page).Select(static match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(asked);
        Assert.All(asked, static path => Assert.NotNull(Assets.Find(path[$"/web/{Assets.Version}/".Length..])));
    }

    [Fact]
    public void Modules_import_modules_that_are_there()
    {
        foreach (var name in Own.Where(static name => name.EndsWith(".js", StringComparison.Ordinal)))
            foreach (Match import in Import().Matches(Text(name)))
                Assert.NotNull(Assets.Find(new Uri(new Uri("http://console/" + name), import.Groups[1].Value).AbsolutePath[1..]));
    }

    [Fact]
    public void Each_text_is_there_in_english_and_in_korean()
    {
        var texts = Texts();
        Assert.True(texts.Count > 200);
        foreach (var (key, (english, korean)) in texts)
        {
            Assert.True(english.Length > 0 && korean.Length > 0, key);
            Assert.Equal(Placeholders(english), Placeholders(korean));
            Assert.True(Hangul().IsMatch(korean) || english == korean, $"{key} is not in Korean: {korean}");
        }
        Assert.Equal(texts.Count, TextFiles.Sum(static name => TextLine().Count(Text(name))));
    }

    [Fact]
    public void Each_text_that_is_asked_for_is_there_and_each_that_is_there_is_asked_for()
    {
        var texts = Texts();
        var code = string.Concat(Own.Where(static name => name.EndsWith(".js", StringComparison.Ordinal) && !IsOfTexts(name)).Select(Text));
        foreach (Match use in Use().Matches(code)) Assert.True(texts.ContainsKey(use.Groups[1].Value), use.Groups[1].Value);
        // One that is put together at run time (step.${…}) is asked for by its beginning.
        var starts = UseByStart().Matches(code).Select(static match => match.Groups[1].Value).ToHashSet();
        foreach (var key in texts.Keys)
            Assert.True(code.Contains($"'{key}'", StringComparison.Ordinal) || starts.Any(start => key.StartsWith(start, StringComparison.Ordinal)), $"{key} is not used");
    }

    [Fact]
    public void What_a_module_says_comes_with_it()
    {
        var common = Texts("js/texts.js");
        foreach (var name in Own.Where(static name => name.EndsWith(".js", StringComparison.Ordinal) && !IsOfTexts(name)))
        {
            var own = Import().Matches(Text(name)).Select(import => new Uri(new Uri("http://console/" + name), import.Groups[1].Value).AbsolutePath[1..]).Where(IsOfTexts).SelectMany(Texts).ToDictionary();
            foreach (Match use in Use().Matches(Text(name))) Assert.True(common.ContainsKey(use.Groups[1].Value) || own.ContainsKey(use.Groups[1].Value), $"{name}: {use.Groups[1].Value}");
            foreach (var start in UseByStart().Matches(Text(name)).Select(static match => match.Groups[1].Value))
                Assert.True(common.Keys.Concat(own.Keys).Any(key => key.StartsWith(start, StringComparison.Ordinal)), $"{name}: {start}");
        }
    }

    [Fact]
    public void What_is_vendored_says_its_version_and_licence()
    {
        Assert.Contains("1.6.32", Text("vendor/uplot/VERSION.txt"));
        Assert.Contains("MIT", Text("vendor/uplot/LICENSE.txt"));
        Assert.Contains("v1.6.32", Text("vendor/uplot/uPlot.esm.js")[..400]);
    }

    static bool IsOfTexts(string name) => name.StartsWith("js/texts", StringComparison.Ordinal);

    static IEnumerable<string> TextFiles => Own.Where(IsOfTexts);

    static Dictionary<string, (string English, string Korean)> Texts() => TextFiles.SelectMany(Texts).ToDictionary();

    static Dictionary<string, (string English, string Korean)> Texts(string file) =>
        TextEntry().Matches(Text(file)).ToDictionary(static match => match.Groups[1].Value, static match => (match.Groups[2].Value, match.Groups[3].Value));

    static IEnumerable<string> Placeholders(string text) => Placeholder().Matches(text).Select(static match => match.Value).Order();

    [GeneratedRegex(@"https?://[^\s""'`)]+")]
    private static partial Regex Address();

    [GeneratedRegex(@"(?:src|href)=""(/web/[^""]+)""")]
    private static partial Regex AskedFor();

    [GeneratedRegex(@"(?:from|import\(|import)\s*'(\.[^']+)'")]
    private static partial Regex Import();

    [GeneratedRegex(@"^  '([a-z0-9_.]+)': \['((?:[^'\\]|\\.)*)', '((?:[^'\\]|\\.)*)'\],$", RegexOptions.Multiline)]
    private static partial Regex TextEntry();

    [GeneratedRegex(@"^  '", RegexOptions.Multiline)]
    private static partial Regex TextLine();

    [GeneratedRegex(@"\bt\('([^']+)'")]
    private static partial Regex Use();

    [GeneratedRegex(@"\bt\(`([a-z_.]+\.)\$\{")]
    private static partial Regex UseByStart();

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"[가-힣]")]
    private static partial Regex Hangul();
}
