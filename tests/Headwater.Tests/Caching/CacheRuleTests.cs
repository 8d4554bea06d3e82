using Headwater.Gateway.Caching;
using Xunit;

namespace Headwater.Tests.Caching;

public class CacheRuleTests
{
    static bool Keeps(CacheRule[] rules, string digest = "select ?", string[]? tables = null, string user = "app", string listener = "3306") =>
        new CacheOptions { Rules = [.. rules] }.Keeps(listener, user, digest, "shop", [.. tables ?? []]);

    [Fact]
    public void Without_rules_everything_may_be_kept_and_with_some_only_what_one_of_them_fits()
    {
        Assert.True(Keeps([]));
        Assert.False(Keeps([new CacheRule { User = "web" }]));
        Assert.True(Keeps([new CacheRule { User = "a*" }]));
        Assert.False(Keeps([new CacheRule { Listener = "3307" }]));
        Assert.True(Keeps([new CacheRule { Digest = "select ?" }], digest: "select ?"));
        Assert.False(Keeps([new CacheRule { Digest = "select * from t where id = ?" }], digest: "insert into t"));
    }

    [Fact]
    public void The_first_that_fits_decides() =>
        Assert.False(Keeps([new CacheRule { User = "app", Keep = false }, new CacheRule()]));

    [Theory]
    [InlineData("shop.posts", true, true)]
    [InlineData("posts", true, true)] // of the session's schema
    [InlineData("posts,shop.users", true, true)]
    [InlineData("posts,blog.users", true, false)] // one of another schema
    [InlineData("", true, false)] // a pattern of tables fits no statement without any
    [InlineData("posts,secret", false, false)]
    [InlineData("posts,users", false, true)]
    public void To_keep_all_tables_have_to_fit_and_not_to_any(string tables, bool keep, bool kept)
    {
        CacheRule[] rules = keep ? [new CacheRule { Table = "shop.*" }] : [new CacheRule { Table = "*.secret", Keep = false }, new CacheRule()];
        Assert.Equal(kept, Keeps(rules, tables: tables.Split(',', StringSplitOptions.RemoveEmptyEntries)));
    }
}
