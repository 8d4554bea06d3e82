using Headwater.Core.Routing;
using Xunit;

namespace Headwater.Tests.Gateway;

/// <summary>How fast servers answer is measured by the reads that they answer, and decides between copies that are equally busy.</summary>
public sealed class LatencyTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void A_load_follows_what_is_answered_and_forgets_what_is_not_heard_from()
    {
        var load = new ServerLoad();
        load.Answered(100);
        Assert.Equal(100, load.LatencyMicroseconds);
        load.Answered(1_000_000);
        Assert.True(load.LatencyMicroseconds < 150, "one heavy query is no slow server");
        for (var i = 0; i < 200; i++) load.Answered(400);
        Assert.InRange(load.LatencyMicroseconds, 390, 400);
        load.Fade();
        Assert.InRange(load.LatencyMicroseconds, 390, 400);
        for (var i = 0; i < 200; i++) load.Fade();
        Assert.Equal(0, load.LatencyMicroseconds);
    }

    [Fact]
    public async Task Of_two_idle_copies_the_much_faster_one_reads()
    {
        await using var cluster = new FakeCluster(servers: 3, o => o with { Threads = 1 });
        cluster.Servers[1].Deliver = (command, text, _) => command is not null && text.StartsWith("select", StringComparison.Ordinal) ? new Delivery { Delay = TimeSpan.FromMilliseconds(20) } : Delivery.Plain;
        using var client = await cluster.LoggedInAsync();
        Assert.True((await client.QueryAsync("SET headwater.level = 'eventual'", Ct)).IsOk);
        for (var i = 0; i < 40; i++) Assert.True((await client.QueryAsync("select 'x'", Ct)).IsOk);
        foreach (var server in cluster.Servers) server.Records = true;
        for (var i = 0; i < 100; i++) Assert.True((await client.QueryAsync("select 'x'", Ct)).IsOk);
        Assert.True(cluster.Servers[2].Received.Count > 90, $"{cluster.Servers[1].Received.Count} reads on the slow copy, {cluster.Servers[2].Received.Count} on the fast one");
    }
}
