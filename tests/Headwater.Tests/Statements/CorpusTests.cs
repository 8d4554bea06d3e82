using System.Text;
using Headwater.Core.Statements;
using Xunit;

namespace Headwater.Tests.Statements;

/// <summary>Each line of corpus.txt: expected facts, a bar, the statement. See the head of that file.</summary>
public class CorpusTests
{
    [Fact]
    public void Every_statement_of_the_corpus_has_the_facts_that_its_line_tells()
    {
        if (Environment.GetEnvironmentVariable("HEADWATER_REWRITE_CORPUS") is { Length: > 0 } file)
            Corpus.Rewrite(file);
        var wrong = new StringBuilder();
        foreach (var line in Corpus.Lines)
        {
            var facts = Classifier.Classify(line.Bytes, line.Syntax, Corpus.Catalogue);
            var got = Corpus.Describe(facts);
            if (got != line.Expected)
                wrong.AppendLine($"line {line.Number}: {line.Statement}\n  expected {line.Expected}\n  got      {got}\n  because  {facts.Reason}\n  normal   {facts.Digest}");
        }
        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    [Fact]
    public void The_cache_gives_the_same_facts_as_the_classifier()
    {
        var cache = new FactsCache(1 << 20);
        for (var round = 0; round < 2; round++)
        {
            foreach (var line in Corpus.Lines)
            {
                var facts = cache.Get(line.Bytes, line.Syntax, Corpus.Catalogue);
                Assert.Equal(line.Expected, Corpus.Describe(facts));
            }
        }
        Assert.True(cache.Hits > 0);
    }
}
