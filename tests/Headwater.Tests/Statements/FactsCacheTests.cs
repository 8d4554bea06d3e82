using System.Text;
using Headwater.Core.Statements;
using Xunit;

namespace Headwater.Tests.Statements;

public class FactsCacheTests
{
    static byte[] Sql(string text) => Encoding.UTF8.GetBytes(text);

    [Fact]
    public void Literals_do_not_matter_to_a_hit()
    {
        var cache = new FactsCache(1 << 20);
        var first = cache.Get(Sql("SELECT c FROM t WHERE id=1"), SqlSyntax.Standard, Catalogue.Empty);
        var second = cache.Get(Sql("select c  from t where id = 'two'"), SqlSyntax.Standard, Catalogue.Empty);
        Assert.Same(first, second);
        Assert.Equal(1, cache.Hits);
    }

    [Fact]
    public void Another_syntax_or_catalogue_is_another_answer()
    {
        var cache = new FactsCache(1 << 20);
        var sql = Sql("SELECT a FROM v WHERE b = \"x\"");
        var standard = cache.Get(sql, SqlSyntax.Standard, Catalogue.Empty);
        Assert.NotSame(standard, cache.Get(sql, SqlSyntax.AnsiQuotes, Catalogue.Empty));
        var catalogue = Catalogue.Build([new CatalogueView("d", "V", "select `d`.`f`()")], [], []);
        Assert.True(standard.IsPlainRead);
        Assert.False(cache.Get(sql, SqlSyntax.Standard, catalogue).IsPlainRead);
    }

    [Fact]
    public void Facts_that_a_value_decides_are_not_kept()
    {
        var cache = new FactsCache(1 << 20);
        Assert.Equal("connection 5", cache.Get(Sql("KILL 5"), SqlSyntax.Standard, Catalogue.Empty).GatewayArgument);
        Assert.Equal("connection 6", cache.Get(Sql("KILL 6"), SqlSyntax.Standard, Catalogue.Empty).GatewayArgument);
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void The_budget_holds_and_what_is_used_stays()
    {
        var cache = new FactsCache(100_000);
        var hot = Sql("SELECT hot FROM t WHERE id = 1");
        for (var i = 0; i < 5_000; i++)
        {
            cache.Get(Sql($"SELECT c{i} FROM t"), SqlSyntax.Standard, Catalogue.Empty);
            if (i % 10 == 0)
                cache.Get(hot, SqlSyntax.Standard, Catalogue.Empty);
            Assert.True(cache.Bytes <= 100_000);
        }
        Assert.True(cache.Evicted > 4_000);
        var misses = cache.Misses;
        cache.Get(hot, SqlSyntax.Standard, Catalogue.Empty);
        Assert.Equal(misses, cache.Misses);
    }

    [Fact]
    public void A_hit_allocates_nothing()
    {
        var cache = new FactsCache(1 << 20);
        var sql = Sql("SELECT c FROM sbtest1 WHERE id=12345");
        cache.Get(sql, SqlSyntax.Standard, Catalogue.Empty);
        Assert.Equal(0, Allocated.By(() =>
        {
            for (var i = 0; i < 1_000; i++)
                cache.Get(sql, SqlSyntax.Standard, Catalogue.Empty);
        }));
    }
}
