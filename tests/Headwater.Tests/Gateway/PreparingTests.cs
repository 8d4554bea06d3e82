using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.Tests.Gateway;

public sealed class PreparingTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>The next command is begun when the one before is done with, which an answer does not tell.</summary>
    static async Task<int> HoldingAsync(FakeCluster cluster, RawClient client)
    {
        Assert.True((await client.AskAsync(RawClient.CommandBytes(Command.Ping, []), Ct)).IsOk);
        return cluster.Gateway.Statistics.SessionsHolding;
    }

    [Theory]
    [InlineData(RawClient.Usual)]
    [InlineData(RawClient.Usual | Capabilities.DeprecateEof)]
    public async Task Preparing_in_a_transaction_does_not_let_go_of_it(Capabilities capabilities)
    {
        await using var cluster = new FakeCluster(servers: 2);
        using var client = await cluster.LoggedInAsync(capabilities);
        Assert.True((await client.QueryAsync("begin", Ct)).IsOk);
        await client.AskAsync(RawClient.CommandBytes(Command.StmtPrepare, "select 'x'"u8), Ct);
        Assert.Equal(1, await HoldingAsync(cluster, client));
        Assert.True((await client.QueryAsync("commit", Ct)).IsOk);
        Assert.Equal(0, await HoldingAsync(cluster, client));
    }

    [Fact]
    public async Task What_is_only_prepared_holds_nothing()
    {
        await using var cluster = new FakeCluster(servers: 1);
        using var client = await cluster.LoggedInAsync();
        var prepared = await client.AskAsync(RawClient.CommandBytes(Command.StmtPrepare, "create temporary table x (a int)"u8), Ct);
        Assert.Equal(0, await HoldingAsync(cluster, client));
        Assert.True((await client.AskAsync(RawClient.ExecuteBytes(prepared.StatementId), Ct)).IsOk);
        Assert.Equal(1, await HoldingAsync(cluster, client));
    }
}
