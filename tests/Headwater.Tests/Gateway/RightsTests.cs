using Xunit;

namespace Headwater.Tests.Gateway;

/// <summary>Who may see and end others' sessions: whom the servers let, whatever his name.</summary>
public sealed class RightsTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    static async Task<RawClient> AsAsync(FakeCluster cluster, string user)
    {
        var client = await cluster.ConnectAsync();
        Assert.True(await client.LoginAsync(user, ct: Ct));
        return client;
    }

    [Fact]
    public async Task Only_an_account_with_the_privilege_ends_others_sessions()
    {
        await using var cluster = new FakeCluster();
        using var victim = await AsAsync(cluster, FakeCluster.User);
        using var named = await AsAsync(cluster, "administrator");
        using var boss = await AsAsync(cluster, FakeCluster.Boss);
        using var same = await AsAsync(cluster, FakeCluster.User);
        var id = victim.Greeting!.ThreadId;
        Assert.Equal(1095, (await named.QueryAsync($"KILL QUERY {id}", Ct)).ErrorCode);
        Assert.True((await same.QueryAsync($"KILL QUERY {id}", Ct)).IsOk);
        Assert.True((await boss.QueryAsync($"KILL {id}", Ct)).IsOk);
        Assert.Null(await victim.ReadAsync(Ct));
    }

    [Fact]
    public async Task Others_statements_are_shown_only_to_who_may_see_them()
    {
        await using var cluster = new FakeCluster();
        using var other = await AsAsync(cluster, FakeCluster.User);
        using var named = await AsAsync(cluster, "administrator");
        using var boss = await AsAsync(cluster, FakeCluster.Boss);
        Assert.Equal([$"{named.Greeting!.ThreadId}"], (await named.QueryAsync("SHOW HEADWATER SESSIONS", Ct)).Tokens);
        Assert.Equal(3, (await boss.QueryAsync("SHOW HEADWATER SESSIONS", Ct)).Rows);
        Assert.Equal(1227, (await named.QueryAsync("SHOW HEADWATER DIGESTS", Ct)).ErrorCode);
        Assert.True((await boss.QueryAsync("SHOW HEADWATER DIGESTS", Ct)).IsOk);
    }
}
