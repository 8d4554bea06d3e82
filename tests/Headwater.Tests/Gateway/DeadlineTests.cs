using Headwater.Gateway.Reactor;
using Xunit;

namespace Headwater.Tests.Gateway;

public sealed class DeadlineTests : IDisposable
{
    readonly EventLoop _loop = new(9, _ => { });

    public DeadlineTests() => _loop.Start();

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _loop.Stop();
        _loop.Dispose();
    }

    Task<T> On<T>(Func<T> what)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(() => done.SetResult(what()));
        return done.Task;
    }

    [Fact]
    public async Task Only_one_that_is_not_met_in_time_is_missed()
    {
        var missed = 0;
        var deadline = await On(() => new Deadline(_loop, () => missed++));
        await On(() =>
        {
            deadline.Set(TimeSpan.FromMilliseconds(20));
            deadline.Met();
            deadline.Set(TimeSpan.FromMinutes(1));
            return 0;
        });
        await Task.Delay(60, Ct);
        Assert.Equal(0, await On(() => missed));

        await On(() =>
        {
            deadline.Set(TimeSpan.FromMilliseconds(5)); // shorter than what the loop waits for
            return 0;
        });
        await Task.Delay(100, Ct);
        Assert.Equal(1, await On(() => missed));
    }

    [Fact]
    public async Task Setting_and_meeting_it_allocates_nothing()
    {
        var allocated = await On(() =>
        {
            var deadline = new Deadline(_loop, () => { });
            deadline.Set(TimeSpan.FromMinutes(1));
            return Allocated.By(() =>
            {
                for (var i = 0; i < 10_000; i++)
                {
                    deadline.Met();
                    deadline.Set(TimeSpan.FromMinutes(1));
                }
            });
        });
        Assert.Equal(0, allocated);
    }

    [Fact]
    public async Task A_statement_with_a_timeout_allocates_no_more_than_one_without()
    {
        async Task<long> PerStatementAsync(TimeSpan timeout)
        {
            await using var cluster = new FakeCluster(servers: 1, o => o with { Threads = 1, StatementTimeout = timeout });
            using var client = await cluster.LoggedInAsync();
            var query = RawClient.QueryBytes("select 'x'");
            for (var i = 0; i < 300; i++) Assert.True((await client.AskAsync(query, Ct)).IsOk);
            var before = cluster.Gateway.Statistics.ReactorAllocatedBytes();
            for (var i = 0; i < 2_000; i++) await client.AskAsync(query, Ct);
            return (cluster.Gateway.Statistics.ReactorAllocatedBytes() - before) / 2_000;
        }
        var without = await PerStatementAsync(TimeSpan.Zero);
        var with = await PerStatementAsync(TimeSpan.FromMinutes(1));
        Assert.True(with <= without + 8, $"{with} bytes for each statement with a timeout, {without} without");
    }
}
