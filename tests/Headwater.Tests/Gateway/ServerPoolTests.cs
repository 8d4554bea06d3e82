using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Gateway.Backends;
using Headwater.Gateway.Sessions;
using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.Tests.Gateway;

/// <summary>Who waits for a backend: told in turn, and gone from the queue when his time has run out.</summary>
public sealed class ServerPoolTests : IAsyncLifetime
{
    readonly FakeCluster _cluster = new(servers: 1);
    GatewayThread _thread = null!;
    ServerPool _pool = null!;

    public ValueTask InitializeAsync()
    {
        _thread = new GatewayThread(_cluster.Gateway, 9, _cluster.Gateway.Options, new ClusterView { Cluster = "none" }, _ => { });
        _pool = new ServerPool(_thread, new ServerId("db1"));
        _thread.Loop.Start();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _thread.Loop.Stop();
        _thread.Loop.Dispose();
        await _cluster.DisposeAsync();
    }

    Task<T> On<T>(Func<T> what)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _thread.Loop.Post(() => done.SetResult(what()));
        return done.Task;
    }

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_waiter_whose_time_has_run_out_is_not_queued_any_more()
    {
        var waiting = await On(() => _pool.WaitForOneAsync(TimeSpan.FromMilliseconds(5)).AsTask());
        Assert.False(await waiting);
        Assert.Equal(0, await On(() => _pool.Queued));
    }

    [Fact]
    public async Task A_place_that_became_free_goes_to_the_next_when_the_first_one_s_time_runs_out_just_then()
    {
        var (first, second) = await On(() =>
        {
            var waiting = (_pool.WaitForOneAsync(TimeSpan.FromMilliseconds(2)).AsTask(), _pool.WaitForOneAsync(TimeSpan.FromSeconds(5)).AsTask());
            Thread.Sleep(10); // its time is over, and the timer has not run
            _pool.Wake();
            return waiting;
        });
        Assert.False(await first);
        Assert.True(await second.WaitAsync(TimeSpan.FromSeconds(2), Ct));
    }

    [Fact]
    public async Task A_write_whose_counts_nobody_can_ask_for_any_more_keeps_no_backend_from_others()
    {
        await using var cluster = new FakeCluster(servers: 2, change: o => o with { Threads = 1 });
        var sessions = new List<RawClient>();
        for (var i = 0; i < 20; i++)
        {
            sessions.Add(await cluster.LoggedInAsync());
            Assert.True((await sessions[i].QueryAsync("update t set a = 1", Ct)).IsOk);
            // At the replica: what ROW_COUNT() would tell now is this statement's.
            for (var read = 0; read < 3; read++) Assert.True((await sessions[i].QueryAsync("select 'read' from t", Ct)).IsOk);
        }
        Assert.NotEqual(0, cluster.Servers[1].ConnectionsEver);
        Assert.InRange(cluster.Servers[0].ConnectionsEver, 1, 4);
        sessions.ForEach(static session => session.Dispose());
    }

    [Fact]
    public async Task A_session_that_ends_leaves_alone_what_another_has_taken_over_from_it()
    {
        await using var cluster = new FakeCluster(servers: 1, change: o => o with { Threads = 1, MaxBackendsPerServer = 1 });
        using var first = await cluster.LoggedInAsync();
        Assert.True((await first.QueryAsync("set @v := 1", Ct)).IsOk);
        var saving = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Servers[0].Deliver = (_, text, _) =>
        {
            if (text != UserVariables.NamesQuery) return Delivery.Plain;
            saving.TrySetResult();
            return new Delivery { Delay = TimeSpan.FromMilliseconds(200) };
        };
        var second = await cluster.LoggedInAsync();
        var answer = second.QueryAsync("insert into t values (1)", Ct);
        await saving.Task.WaitAsync(TimeSpan.FromSeconds(5), Ct);
        await first.SendAsync(RawClient.CommandBytes(Command.ChangeUser, [1]));
        Assert.Equal(1835, (await first.AnswerAsync(Command.Query, Ct)).ErrorCode);
        // Closed under the second one, it would wait out the limit for statements of the gateway's own, 5 s.
        Assert.True((await answer.WaitAsync(TimeSpan.FromSeconds(4), Ct)).IsOk);
        second.Dispose();
        Assert.Equal("", await cluster.LeftoversAsync());
    }
}
