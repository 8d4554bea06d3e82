using System.Text.RegularExpressions;
using Headwater.Lab;
using Headwater.Lab.Catalogue;
using Headwater.Lab.Runs;
using Xunit;

namespace Headwater.Tests.Lab;

public partial class LabCatalogueTests
{
    public static TheoryData<string> Names => [.. LabCatalogue.All.Select(static scenario => scenario.Name)];

    [Fact]
    public void Every_problem_that_the_lab_is_for_is_there_once() => Assert.Equal(
        [
            "analysts", "my-comment-is-gone", "time-runs-backwards", "answer-before-question", "phantom-read", "replica-dies", "primary-dies", "lost-tail", "split-brain",
            "crash-safe-replica", "broken-ring", "thundering-herd", "cache-stale", "cache-penetration", "cache-avalanche",
        ], LabCatalogue.All.Select(static scenario => scenario.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_scenario_can_be_played(string name) => Assert.NotNull(ScenarioRuns.Of(name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_text_is_in_both_languages_and_the_explanation_has_five_sentences_in_each(string name)
    {
        var scenario = LabCatalogue.Find(name)!;
        LabText[] headings = [scenario.Title, scenario.Question, scenario.Anomaly, scenario.Without, scenario.With];
        Assert.Equal(Scenario.Sentences, scenario.Explanation.Length);
        foreach (var text in headings.Concat(scenario.Explanation))
        {
            Assert.DoesNotMatch(Hangul(), text.En);
            Assert.Matches(Hangul(), text.Ko);
            Assert.Equal(text.En.Trim(), text.En);
            Assert.Equal(text.Ko.Trim(), text.Ko);
        }
        foreach (var sentence in scenario.Explanation)
        {
            Assert.Single(SentenceEnd().Matches(sentence.En));
            Assert.EndsWith(".", sentence.En, StringComparison.Ordinal);
            Assert.EndsWith(".", sentence.Ko, StringComparison.Ordinal);
        }
        Assert.True(scenario.Demand.LeastTries > 0 && scenario.Demand.MostShare is >= 0 and < 1);
    }

    /// <summary>What a run says in pictures and figures is made in the code that plays it: each text stands there beside its other language.</summary>
    [Fact]
    public void What_runs_say_is_in_both_languages()
    {
        var said = 0;
        foreach (var file in Directory.GetFiles(Path.Combine(RepositoryFiles.Root, "src/Headwater/Lab/Runs"), "*.cs"))
            foreach (Match call in Said().Matches(File.ReadAllText(file)))
            {
                said++;
                var (en, ko) = (call.Groups["en"].Value, call.Groups["ko"].Value);
                Assert.DoesNotMatch(Hangul(), en);
                // A name of the server's own has no other language.
                Assert.True(en == ko || Hangul().IsMatch(ko), $"{Path.GetFileName(file)}: \"{en}\" and \"{ko}\"");
            }
        Assert.True(said > 100, $"{said} texts were found");
    }

    [GeneratedRegex("[가-힣]")]
    private static partial Regex Hangul();

    // A full stop that ends something: not the one in "1.5 s".
    [GeneratedRegex(@"[.?!](\s|$)")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex("""(?:recorder\.(?:Event|Figure|Steps|Dots)|new LabText)\(\$?"(?<en>(?:[^"\\{]|\{[^}]*\})*)", \$?"(?<ko>(?:[^"\\{]|\{[^}]*\})*)"[,)]""")]
    private static partial Regex Said();
}
