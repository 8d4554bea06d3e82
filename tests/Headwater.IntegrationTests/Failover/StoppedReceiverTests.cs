using Headwater.Control;
using Headwater.Core;
using Headwater.Core.Topology;
using Headwater.IntegrationTests.Fixtures;

namespace Headwater.IntegrationTests.Failover;

/// <summary>A replica that was told to stop receiving while its source was away, as a failover does that is then undone.</summary>
public sealed class StoppedReceiverTests
{
    [Fact]
    public async Task It_stands_still_without_an_error_and_can_be_started_again()
    {
        var ct = TestContext.Current.CancellationToken;
        var servers = await RealServer.StartClusterAsync(1);
        await using var primary = servers[0];
        await using var replica = servers[1];
        await primary.KillAsync();
        await Eventually.HoldsAsync(async () => (await replica.ExecuteAsync("SHOW SLAVE STATUS")).Value(0, "Last_IO_Errno") is "2003" or "2013");
        await replica.ExecuteAsync("STOP SLAVE IO_THREAD");
        Assert.NotEqual("", (await replica.ExecuteAsync("SHOW SLAVE STATUS")).Value(0, "Last_IO_Error"));
        await using var connection = await replica.ConnectAsync();
        var link = Assert.Single((await Probe.AskAsync(connection, new WatchedServer(new ServerId("db2"), replica.Address), null, Instant.Zero, TimeProvider.System, ct)).Links);
        Assert.Equal((LinkState.Stopped, ""), (link.Receiving, link.Broken));
    }
}
