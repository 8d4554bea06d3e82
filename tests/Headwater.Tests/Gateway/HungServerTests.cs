using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.Tests.Gateway;

/// <summary>One connection to a server that is well otherwise takes what it is sent and never answers: the gateway's own statements do not wait for ever.</summary>
public sealed class HungServerTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    static FakeCluster Cluster() => new(servers: 1, o => o with
    {
        Threads = 1,
        OwnStatementTimeout = TimeSpan.FromMilliseconds(50),
        OwnLongStatementTimeout = TimeSpan.FromMilliseconds(100),
    });

    [Fact]
    public async Task Settings_that_are_never_laid_end_the_backend_and_another_is_taken()
    {
        await using var cluster = Cluster();
        using var client = await cluster.LoggedInAsync();
        Assert.True((await client.QueryAsync("set lock_wait_timeout = 7", Ct)).IsOk);
        using var other = await cluster.LoggedInAsync();
        Assert.True((await other.QueryAsync("select 'x'", Ct)).IsOk); // takes the backend, as it came
        var hung = 0;
        cluster.Servers[0].Deliver = (command, text, _) =>
            command is not null && text.Contains("lock_wait_timeout", StringComparison.Ordinal) && Interlocked.Exchange(ref hung, 1) == 0
                ? new Delivery { Hang = TimeSpan.FromMinutes(1) } : Delivery.Plain;
        Assert.True((await client.QueryAsync("select 'y'", Ct).WaitAsync(TimeSpan.FromSeconds(5), Ct)).IsOk);
        Assert.Equal(1, hung);
    }

    [Fact]
    public async Task A_statement_that_is_never_prepared_ends_the_backend_and_another_is_taken()
    {
        await using var cluster = Cluster();
        using var client = await cluster.LoggedInAsync();
        var prepared = await client.AskAsync(RawClient.CommandBytes(Command.StmtPrepare, "select 'x'"u8), Ct);
        await cluster.Servers[0].CloseConnectionsAsync();
        var hung = 0;
        cluster.Servers[0].Deliver = (command, _, _) => command is [(byte)Command.StmtPrepare, ..] && Interlocked.Exchange(ref hung, 1) == 0
            ? new Delivery { Hang = TimeSpan.FromMinutes(1) } : Delivery.Plain;
        Assert.True((await client.AskAsync(RawClient.ExecuteBytes(prepared.StatementId), Ct).WaitAsync(TimeSpan.FromSeconds(5), Ct)).IsOk);
        Assert.Equal(1, hung);
    }
}
