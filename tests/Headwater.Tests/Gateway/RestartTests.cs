using Headwater.Core;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Gateway;

/// <summary>A server that restarts between two looks at it: its thread ids begin anew, and nothing runs there until it has been looked at.</summary>
public sealed class RestartTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backend_whose_thread_id_is_not_above_those_seen_before_serves_nobody_until_the_server_has_been_looked_at()
    {
        await using var cluster = new FakeCluster(servers: 1);
        var suspected = new TaskCompletionSource<ServerId>(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Gateway.Suspected += server => suspected.TrySetResult(server);
        using var client = await cluster.LoggedInAsync();
        Assert.True((await client.QueryAsync("select 'before'", Ct)).IsOk);

        cluster.Servers[0].Records = true;
        await cluster.Servers[0].RestartAsync();
        while (cluster.Gateway.Statistics.Servers().Any(static server => server.Backends > 0)) await Task.Delay(5, Ct); // until the gateway knows that its connection is gone
        var refused = await client.QueryAsync("insert into t values ('after')", Ct);
        Assert.Equal(1158, refused.ErrorCode);
        Assert.Contains("restarted", refused.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal("db1", (await suspected.Task.WaitAsync(TimeSpan.FromSeconds(5), Ct)).Name);
        Assert.DoesNotContain(cluster.Servers[0].Received, text => text.StartsWith("insert", StringComparison.Ordinal));

        cluster.Up(); // what a look finds: another incarnation
        Assert.True((await client.QueryAsync("insert into t values ('after')", Ct)).IsOk);
    }

    [Fact]
    public void Ids_are_compared_with_what_was_known_when_the_connection_was_begun()
    {
        var ids = new ThreadIds();
        Assert.True(ids.Accepts(7, 0, At(1)));
        Assert.True(ids.Accepts(6, 0, At(1)), "begun beside the one that got 7");
        Assert.False(ids.Accepts(7, ids.Highest, At(2)));
        Assert.False(ids.Accepts(8, 7, At(2)), "the new process has come as far as the old one");
        ids.Confirm(At(1), 3);
        Assert.True(ids.IsDoubted, "the look was begun before the doubt");
        ids.Confirm(At(3), 9);
        Assert.False(ids.Accepts(9, ids.Highest, At(4)));
    }

    static Instant At(long ticks) => new(ticks);
}
