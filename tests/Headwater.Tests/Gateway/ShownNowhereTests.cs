using Xunit;

namespace Headwater.Tests.Gateway;

/// <summary>What a session has seen and nobody can show now is not given up for an error.</summary>
public sealed class ShownNowhereTests
{
    [Fact]
    public async Task A_session_that_was_refused_for_it_is_refused_again_and_never_shown_something_older()
    {
        await using var cluster = new FakeCluster(servers: 2, change: o => o with { Routing = o.Routing with { WriteHold = TimeSpan.FromMilliseconds(200) } });
        using var client = await cluster.LoggedInAsync();
        Assert.True((await client.QueryAsync("select 'now' from t", TestContext.Current.CancellationToken)).IsOk);
        Assert.True((await client.QueryAsync("set headwater.token = 'hw1:fake:1:0-1-999999999'", TestContext.Current.CancellationToken)).IsOk);
        for (var i = 0; i < 2; i++)
        {
            var answer = await client.QueryAsync("select 'older' from t", TestContext.Current.CancellationToken);
            Assert.Equal(1290, answer.ErrorCode);
            Assert.Equal("the session has seen 0-1-999999999, and no server that can be reached shows it", answer.ErrorMessage);
        }
    }
}
