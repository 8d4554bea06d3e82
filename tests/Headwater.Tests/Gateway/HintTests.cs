using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Gateway;

/// <summary>What a comment asks for one statement.</summary>
public sealed class HintTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("level=strong", "strong", ServerTags.None, false)]
    [InlineData("level=bounded(200ms) tag=analytics", "bounded 200ms", ServerTags.Analytics, false)]
    [InlineData("level=bounded 1.5s, primary", "bounded 1500ms", ServerTags.None, true)]
    [InlineData("TAG=Delayed LEVEL=EVENTUAL", "eventual", ServerTags.Delayed, false)]
    public void A_hint_is_read_whole(string text, string level, ServerTags tag, bool primary)
    {
        var hint = RouteHint.Parse(text);
        Assert.Equal("", hint.Error);
        Assert.Equal((level, tag, primary), (hint.Level?.ToString(), hint.Tag, hint.Primary));
    }

    [Theory]
    [InlineData("level=quick")]
    [InlineData("level=strong tag=backup")]
    [InlineData("tag=1")]
    [InlineData("primary=yes")]
    [InlineData("server=db1")]
    public void One_that_is_not_understood_asks_for_nothing(string text)
    {
        var hint = RouteHint.Parse(text);
        Assert.NotEqual("", hint.Error);
        Assert.Equal(((Level?)null, ServerTags.None, false), (hint.Level, hint.Tag, hint.Primary));
    }

    [Theory]
    [InlineData(true, "/* headwater: primary */ select 'x'", true)]
    [InlineData(true, "select 'x' /*headwater:level=strong*/", true)]
    [InlineData(true, "/* headwater: level=eventual */ select 'x'", false)]
    [InlineData(true, "/* headwater: primary nonsense */ select 'x'", false)]
    [InlineData(false, "/* headwater: primary */ select 'x'", false)]
    [InlineData(false, "/* headwater: level=strong */ select 'x'", false)]
    public async Task A_hint_is_followed_where_it_is_trusted_and_nowhere_else(bool trusted, string sql, bool onPrimary)
    {
        await using var cluster = new FakeCluster(servers: 2, o => o with { TrustHints = trusted, Threads = 1 });
        using var client = await cluster.LoggedInAsync();
        foreach (var server in cluster.Servers) server.Records = true;
        Assert.True((await client.QueryAsync(sql, Ct)).IsOk);
        Assert.Equal(onPrimary, cluster.Servers[0].Received.Contains(sql));
        Assert.Equal(!onPrimary, cluster.Servers[1].Received.Contains(sql));
    }

    [Fact]
    public async Task EXPLAIN_ROUTE_tells_whether_a_hint_is_in_force()
    {
        await using var cluster = new FakeCluster(servers: 2);
        using var client = await cluster.LoggedInAsync();
        var answer = await client.QueryAsync("EXPLAIN ROUTE /* headwater: primary */ select 'x'", Ct);
        Assert.Contains("trust_hints is off", System.Text.Encoding.UTF8.GetString([.. answer.Bytes]), StringComparison.Ordinal);
    }
}
