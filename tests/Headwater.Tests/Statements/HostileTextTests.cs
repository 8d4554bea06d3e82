using System.Diagnostics;
using System.Text;
using Headwater.Core.Statements;
using Xunit;

namespace Headwater.Tests.Statements;

/// <summary>Any bytes are classified: no exception, no endless work, and the same text always has the same facts.</summary>
public class HostileTextTests
{
    static readonly SqlSyntax[] Syntaxes = [SqlSyntax.Standard, SqlSyntax.AnsiQuotes, SqlSyntax.NoBackslashEscapes, SqlSyntax.AnsiQuotes | SqlSyntax.NoBackslashEscapes, SqlSyntax.UnsafeCharset];

    [Fact]
    public void Every_prefix_of_every_statement_of_the_corpus_is_classified()
    {
        foreach (var line in Corpus.Lines)
        {
            var bytes = line.Bytes;
            for (var length = 0; length <= bytes.Length; length++)
            {
                foreach (var syntax in Syntaxes)
                    Assert.NotNull(Classifier.Classify(bytes.AsSpan(0, length), syntax, Corpus.Catalogue));
            }
        }
    }

    [Fact]
    public void Random_mutations_of_the_corpus_are_classified_and_the_cache_agrees()
    {
        var seed = Seed();
        var random = new Random(seed);
        var cache = new FactsCache(200_000);
        var texts = Corpus.Lines.Select(line => line.Bytes).Where(bytes => bytes.Length > 0).ToArray();
        for (var round = 0; round < Rounds(20_000); round++)
        {
            var bytes = Mutate(texts[random.Next(texts.Length)], texts, random);
            var syntax = Syntaxes[random.Next(Syntaxes.Length)];
            var facts = Classifier.Classify(bytes, syntax, Corpus.Catalogue);
            var cached = cache.Get(bytes, syntax, Corpus.Catalogue);
            Assert.True(Corpus.Describe(facts) == Corpus.Describe(cached) && facts.Digest == cached.Digest && facts.Reason == cached.Reason,
                $"seed {seed}: {Encoding.Latin1.GetString(bytes)}\n{Corpus.Describe(facts)}\n{Corpus.Describe(cached)}");
        }
    }

    [Fact]
    public void Random_bytes_are_classified()
    {
        var seed = Seed();
        var random = new Random(seed);
        var bytes = new byte[200];
        for (var round = 0; round < Rounds(20_000); round++)
        {
            random.NextBytes(bytes);
            Classifier.Classify(bytes.AsSpan(0, random.Next(bytes.Length)), Syntaxes[random.Next(Syntaxes.Length)], Corpus.Catalogue);
        }
    }

    [Theory]
    [InlineData("(")]
    [InlineData("f(")]
    [InlineData("get_lock(")]
    [InlineData("SELECT (")]
    [InlineData("SELECT 1;")]
    [InlineData("((1),(1)),")]
    [InlineData("WITH a AS (")]
    [InlineData("EXPLAIN ")]
    [InlineData("SET STATEMENT a=1 FOR ")]
    [InlineData("/*!")]
    [InlineData("/*! 1 */")]
    [InlineData("@")]
    [InlineData("`a`.")]
    [InlineData("'a'")]
    [InlineData("SET autocommit=1,")]
    [InlineData("a,")]
    [InlineData("-")]
    [InlineData("x'")]
    [InlineData("_u'a'")]
    [InlineData("KILL ")]
    [InlineData("DROP TABLE a,")]
    [InlineData("\\")]
    [InlineData("1e5for ")]
    [InlineData("é")]
    public void Work_grows_in_proportion_to_the_text(string piece)
    {
        // Not a benchmark: quadratic work on a million bytes would take minutes.
        var text = new StringBuilder("SELECT ");
        while (text.Length < 1_000_000)
            text.Append(piece);
        var watch = Stopwatch.StartNew();
        Classifier.Classify(Encoding.UTF8.GetBytes(text.ToString()), SqlSyntax.Standard, Corpus.Catalogue);
        Classifier.Classify(Encoding.UTF8.GetBytes(text.ToString(7, text.Length - 7)), SqlSyntax.Standard, Corpus.Catalogue);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"took {watch.Elapsed}");
    }

    static byte[] Mutate(byte[] from, byte[][] texts, Random random)
    {
        var bytes = from.ToList();
        for (var change = random.Next(1, 5); change > 0 && bytes.Count > 0; change--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.Insert(at, (byte)"'\"`()@;,.-#/*!\\?= 0a"[random.Next(20)]);
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(8), bytes.Count - at));
                    break;
                case 4:
                    var other = texts[random.Next(texts.Length)];
                    var start = random.Next(other.Length);
                    bytes.InsertRange(at, other.AsSpan(start, Math.Min(random.Next(12), other.Length - start)).ToArray());
                    break;
                default:
                    (bytes[at], bytes[0]) = (bytes[0], bytes[at]);
                    break;
            }
        }
        return [.. bytes];
    }

    // HEADWATER_SEED repeats a failure; HEADWATER_FUZZ_FACTOR lengthens the run.
    static int Seed()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("HEADWATER_SEED"), out var given) ? given : Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"HEADWATER_SEED={seed}");
        return seed;
    }

    static int Rounds(int usual) => usual * (int.TryParse(Environment.GetEnvironmentVariable("HEADWATER_FUZZ_FACTOR"), out var factor) ? factor : 1);
}
