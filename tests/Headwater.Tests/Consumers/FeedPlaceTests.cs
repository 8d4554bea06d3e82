using Headwater.Core.Consumers;
using Xunit;

namespace Headwater.Tests.Consumers;

public class FeedPlaceTests
{
    [Theory]
    [InlineData("")]
    [InlineData("0-1-41")]
    [InlineData("0-1-41,1-2-7")]
    [InlineData("0-1-41/0-1-42/0")]
    [InlineData("/0-1-1/99")]
    public void A_place_is_read_as_it_was_written(string text)
    {
        Assert.True(FeedPlace.TryParse(text, out var place));
        Assert.Equal(text, place.ToString());
    }

    [Theory]
    [InlineData("0-1")]
    [InlineData("0-1-41/")]
    [InlineData("0-1-41/0-1-42")]
    [InlineData("0-1-41/0-1-42/-1")]
    [InlineData("0-1-41//3")]
    [InlineData("0-1-41/0-1-42,1-1-1/3")]
    [InlineData("now")]
    public void What_is_no_place_is_refused(string text) => Assert.False(FeedPlace.TryParse(text, out _));

    [Theory]
    [InlineData("shop.*", "shop", "orders", true)]
    [InlineData("shop.*", "shopping", "orders", false)]
    [InlineData("*.orders", "shop", "orders", true)]
    [InlineData("shop.order?", "shop", "orders", true)]
    [InlineData("shop.orders", "shop", "ORDERS", false)]
    public void A_table_is_wanted_by_its_pattern(string pattern, string schema, string table, bool wanted) => Assert.Equal(wanted, new TablePatterns([pattern]).Fits(schema, table));

    [Fact]
    public void What_is_about_no_one_table_comes_to_all_who_want_one_of_its_schema()
    {
        Assert.True(new TablePatterns(["shop.orders"]).FitsSchema("shop"));
        Assert.False(new TablePatterns(["shop.orders"]).FitsSchema("web"));
        Assert.True(new TablePatterns(["shop.orders"]).FitsSchema(""));
    }
}
