using System.Text;
using Headwater.Core.Statements;

namespace Headwater.Tests.Statements;

/// <summary>The corpus of statements with their expected facts, which the oracle test on real servers reads too.</summary>
public static class Corpus
{
    public sealed record Line(int Number, string Expected, SqlSyntax Syntax, string Statement)
    {
        public byte[] Bytes => Encoding.UTF8.GetBytes(Statement);
    }

    public static readonly Catalogue Catalogue = Catalogue.Build(
        [
            new CatalogueView("app", "plain_view", "select `app`.`t`.`a` AS `a` from `app`.`t`"),
            new CatalogueView("app", "counting_view", "select `app`.`bump`(`app`.`t`.`a`) AS `a` from `app`.`t`"),
            new CatalogueView("app", "view_over_view", "select `counting_view`.`a` AS `a` from `app`.`counting_view`"),
        ],
        ["bump", "count", "json_equals"],
        ["lib_udf"]);

    static readonly Lazy<Line[]> All = new(() => [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Statements", "corpus.txt")).Select(Parse).OfType<Line>()]);

    public static IReadOnlyList<Line> Lines => All.Value;

    public static void Rewrite(string file)
    {
        var texts = File.ReadAllLines(file);
        foreach (var line in Lines)
        {
            var syntax = line.Syntax == SqlSyntax.Standard ? "" : $"[{line.Syntax}] ";
            var statement = texts[line.Number - 1][(texts[line.Number - 1].IndexOf('|', StringComparison.Ordinal) + 1)..];
            texts[line.Number - 1] = $"{syntax}{Describe(Classifier.Classify(line.Bytes, line.Syntax, Catalogue))} |{statement}";
        }
        File.WriteAllLines(file, texts);
    }

    static Line? Parse(string text, int index)
    {
        if (text.Length == 0 || text[0] == '#')
            return null;
        var bar = text.IndexOf('|', StringComparison.Ordinal);
        var expected = text[..bar].Trim();
        var syntax = SqlSyntax.Standard;
        if (expected.StartsWith('['))
        {
            var close = expected.IndexOf(']', StringComparison.Ordinal);
            syntax = Enum.Parse<SqlSyntax>(expected[1..close]);
            expected = expected[(close + 1)..].Trim();
        }
        return new Line(index + 1, expected, syntax, Unescape(text[(bar + 1)..].TrimStart()));
    }

    static string Unescape(string text) =>
        text.Replace("␤", "\n", StringComparison.Ordinal).Replace("␉", "\t", StringComparison.Ordinal).Replace("␀", "\0", StringComparison.Ordinal);

    /// <summary>Facts as the corpus writes them: "read", or the needs in words, and the names that matter.</summary>
    public static string Describe(StatementFacts facts)
    {
        var words = new List<string>();
        if (facts.IsPlainRead)
            words.Add("read");
        if (facts.Needs != Needs.None)
            words.Add(facts.Needs.ToString().Replace(", ", "+", StringComparison.Ordinal));
        if (facts.Gateway != GatewayStatement.None)
            words.Add($"{facts.Gateway}<{facts.GatewayArgument}>");
        void List(string name, IReadOnlyCollection<string> values)
        {
            if (values.Count > 0)
                words.Add($"{name}={string.Join(',', values)}");
        }
        List("created", facts.CreatedTemporaryTables);
        List("dropped", facts.DroppedTables);
        List("renamed", facts.RenamedTables);
        List("assigned", facts.AssignedUserVariables);
        List("names", facts.Names);
        if (facts.Hint is not null)
            words.Add($"hint=<{facts.Hint}>");
        return string.Join(' ', words);
    }
}
