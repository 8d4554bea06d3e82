using Headwater.Core.Statements;
using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.Tests.Gateway;

public sealed class CatalogueChangeTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_prepared_read_is_no_read_any_more_once_its_view_calls_a_function()
    {
        await using var cluster = new FakeCluster(servers: 2);
        using var client = await cluster.LoggedInAsync();
        var prepared = await client.AskAsync(RawClient.CommandBytes(Command.StmtPrepare, "select 'x' from v"u8), Ct);
        foreach (var server in cluster.Servers) server.Records = true;
        Assert.True((await client.AskAsync(RawClient.ExecuteBytes(prepared.StatementId), Ct)).IsOk);
        Assert.DoesNotContain("(StmtExecute)", cluster.Servers[0].Received);

        cluster.Catalogue.Publish(Catalogue.Build([new CatalogueView("s", "v", "select f() AS f")], ["f"], []));
        Assert.True((await client.AskAsync(RawClient.ExecuteBytes(prepared.StatementId), Ct)).IsOk);
        Assert.Contains("(StmtExecute)", cluster.Servers[0].Received);
    }
}
