using System.Text;
using Headwater.Core.Statements;
using Xunit;

namespace Headwater.Tests.Statements;

public class DigestTests
{
    [Theory]
    [InlineData("SELECT c FROM sbtest1 WHERE id=12345", "select c from sbtest1 where id=?")]
    [InlineData("select  c\n from sbtest1 -- x\n where id = 'a'", "select c from sbtest1 where id=?")]
    [InlineData("SELECT * FROM t WHERE a IN (1, 2, 3)", "select * from t where a in (?,...)")]
    [InlineData("SELECT * FROM t WHERE a IN (1)", "select * from t where a in (?)")]
    [InlineData("SELECT * FROM t WHERE a IN (-1, +2, 'x', ?)", "select * from t where a in (?,...)")]
    [InlineData("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')", "insert into t values (?,...),...")]
    [InlineData("INSERT INTO t VALUES (1, NOW(), NULL), (2, NOW(), NULL)", "insert into t values (?,now(),null),...")]
    [InlineData("INSERT INTO t VALUES (1, NOW()), (2, NOW()), (3, NOW())", "insert into t values (?,now()),...")]
    [InlineData("SELECT `A b` FROM `T`", "select `A b` from `T`")]
    [InlineData("SELECT /* comment */ 1", "select ?")]
    [InlineData("SELECT count(*), count (*) FROM t", "select count(*),count (*) from t")]
    [InlineData("SELECT x'41', b'1', N'x', _utf8'x', _utf8 'x', 0x41, 1.5e3", "select ?,?,?,?,?,?,?")]
    [InlineData("SELECT 1a, a1, 0xzz", "select 1a,a1,0xzz")]
    [InlineData("CREATE USER u IDENTIFIED BY 'secret'", "create user u identified by ?")]
    [InlineData("SET PASSWORD = 'secret'", "set password=?")]
    [InlineData("SELECT @'A', @b, @@c", "select @`A`,@b,@@c")]
    public void Statements_are_normalized(string sql, string digest) =>
        Assert.Equal(digest, Classifier.Classify(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, Catalogue.Empty).Digest);

    [Fact]
    public void A_digest_is_at_most_four_KiB()
    {
        var sql = "SELECT " + string.Join(',', Enumerable.Range(0, 10_000).Select(i => "a" + i)) + " FROM t";
        Assert.True(Encoding.UTF8.GetByteCount(Classifier.Classify(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, Catalogue.Empty).Digest) <= 4096);
    }

    [Fact]
    public void Statements_that_differ_in_cacheable_literals_only_share_digest_and_facts()
    {
        foreach (var line in Corpus.Lines)
        {
            var facts = Classifier.Classify(line.Bytes, line.Syntax, Corpus.Catalogue);
            if (!facts.Cacheable || line.Statement.Contains("hw", StringComparison.Ordinal))
                continue;
            var other = line.Statement.Replace("'x'", "'some ''other; -- text'", StringComparison.Ordinal).Replace("= 1", "= 1.25e7", StringComparison.Ordinal);
            var changed = Classifier.Classify(Encoding.UTF8.GetBytes(other), line.Syntax, Corpus.Catalogue);
            if (changed.Digest != facts.Digest)
                continue;
            Assert.Equal(Corpus.Describe(facts), Corpus.Describe(changed));
        }
    }
}
