using System.Text;
using Headwater.Core.Statements;
using Headwater.Gateway.Caching;
using Xunit;

namespace Headwater.Tests.Caching;

public class KeptSentenceTests
{
    static string Of(string statement, bool asksPrimary = false, DataDictionary? dictionary = null) =>
        KeptSentence.Of(Classifier.Classify(Encoding.UTF8.GetBytes(statement), SqlSyntax.Standard, Catalogue.Unknown), "shop", dictionary, new CacheOptions(), 0, asksPrimary);

    [Fact]
    public void Why_no_kept_result_answers_is_told()
    {
        Assert.Equal("no kept result answers: what the primary shows now, only the primary knows", Of("SELECT 1", asksPrimary: true));
        Assert.Equal("not kept: it is no plain read", Of("DELETE FROM t"));
        Assert.Equal("not kept: what the log's tables are is not known at the moment", Of("SELECT 1"));
    }
}
