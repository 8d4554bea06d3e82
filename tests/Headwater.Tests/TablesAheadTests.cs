using Headwater.Core;

namespace Headwater.Tests;

public class TablesAheadTests
{
    [Fact]
    public void What_is_through_is_counted_and_what_is_ahead_is_guessed()
    {
        var ahead = TablesAhead.Of([1_000, 500, 100]);
        Assert.Equal(1_600, ahead.All(0));
        ahead = ahead.Next(0, 1_000);
        Assert.Equal(1_600, ahead.All(900));
        // The first had 1,200 and not 1,000.
        ahead = ahead.Next(1_200, 500);
        Assert.Equal(1_800, ahead.All(1_200));
        // The second has 300.
        Assert.Equal(1_600, ahead.Next(1_500, 100).All(1_500));
    }

    [Fact]
    public void A_table_with_more_rows_than_was_thought_moves_the_end_and_the_last_one_hides_it()
    {
        var ahead = TablesAhead.Of([1_000, 500]).Next(0, 1_000);
        Assert.Equal(1_700, ahead.All(1_200));
        ahead = ahead.Next(1_200, 500);
        Assert.Equal(1_700, ahead.All(1_700));
        Assert.Null(ahead.All(1_701));
    }
}
