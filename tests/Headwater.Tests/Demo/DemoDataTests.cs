using Headwater.Demo;
using Xunit;

namespace Headwater.Tests.Demo;

public class DemoDataTests
{
    static readonly DateTime LoadedAt = new(2031, 2, 3, 4, 5, 6, DateTimeKind.Utc);

    [Fact]
    public void The_same_seed_and_time_give_the_same_rows()
    {
        Assert.Equal(new DemoData(7, LoadedAt).Inserts(), new DemoData(7, LoadedAt).Inserts());
        Assert.NotEqual(new DemoData(7, LoadedAt).Inserts(), new DemoData(8, LoadedAt).Inserts());
    }

    [Fact]
    public void Only_the_times_move_with_the_time_of_loading()
    {
        static IEnumerable<string> WithoutTimes(IEnumerable<string> rows) =>
            rows.Select(sql => System.Text.RegularExpressions.Regex.Replace(sql, @"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", "T"));
        Assert.Equal(WithoutTimes(new DemoData(7, LoadedAt).Inserts()), WithoutTimes(new DemoData(7, LoadedAt.AddDays(400)).Inserts()));
    }
}
