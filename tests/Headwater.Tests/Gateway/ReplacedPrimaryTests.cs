using Headwater.Core.Positions;
using Xunit;

namespace Headwater.Tests.Gateway;

/// <summary>What a former primary says of a commit when another has taken over meanwhile.</summary>
public sealed class ReplacedPrimaryTests
{
    [Theory]
    [InlineData(1UL, 1180)]
    [InlineData(ulong.MaxValue, 0)]
    public async Task Committed_is_relayed_only_if_the_new_primary_has_it(ulong having, int error)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var cluster = new FakeCluster(servers: 2);
        using var client = await cluster.LoggedInAsync();
        var sent = new TaskCompletionSource();
        cluster.Servers[0].Deliver = (_, text, _) =>
        {
            if (!text.Contains("insert", StringComparison.Ordinal)) return Delivery.Plain;
            sent.TrySetResult();
            return new Delivery { Delay = TimeSpan.FromMilliseconds(300) };
        };
        var answer = client.QueryAsync("insert into t values (1)", ct);
        await sent.Task.WaitAsync(TimeSpan.FromSeconds(10), ct);
        cluster.Replace(new Gtid(0, 1, having));
        Assert.Equal(error, (await answer).ErrorCode);
    }
}
