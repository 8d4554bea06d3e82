using Headwater.Core.Auditing;
using Xunit;

namespace Headwater.Tests.Auditing;

public class DecidedByDataTests
{
    [Theory]
    [InlineData("select v from t where id = ?")]
    [InlineData("select * from t join u on t.id = u.t order by t.id")]
    [InlineData("select count ( * ) from t where v between ? and ?")]
    [InlineData("select unlimited, groups, max_speed from t")]
    public void Rows_that_a_where_names(string digest) => Assert.True(DecidedByData.Is(digest));

    [Theory]
    [InlineData("select v from t order by v limit ?")]
    [InlineData("select a, b from t group by a")]
    [InlineData("select distinct name from t")]
    [InlineData("select max(name) from t")]
    [InlineData("select sum ( price ) from t")]
    [InlineData("select a from t union select b from u")]
    [InlineData("select row_number() over (order by a) from t")]
    [InlineData("(select v from t)limit ?")]
    public void Rows_that_a_plan_chooses(string digest) => Assert.False(DecidedByData.Is(digest));
}
