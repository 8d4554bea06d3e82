using System.Diagnostics;
using Headwater.Gateway.Reactor;
using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.Tests.Gateway;

/// <summary>One reactor serves many: what one client does must leave the others their turn.</summary>
public sealed class FairnessTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_never_has_to_wait_pauses_all_the_same()
    {
        using var loop = new EventLoop(9, _ => { });
        var pause = new Pause(loop);
        var (had, stop) = (0, false);
        async Task SpinAsync()
        {
            while (!stop && had < 1_000_000)
            {
                await pause;
                had++;
            }
        }
        var others = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(() => _ = SpinAsync());
        loop.Post(() =>
        {
            stop = true;
            others.SetResult(had);
        });
        loop.Start();
        Assert.InRange(await others.Task.WaitAsync(TimeSpan.FromSeconds(10), Ct), 1, 1_000);
        loop.Stop();
    }

    [Fact]
    public async Task A_client_that_pings_without_pause_leaves_others_their_turn()
    {
        await using var cluster = new FakeCluster(change: o => o with { Threads = 1 });
        using var other = await cluster.LoggedInAsync();
        Assert.True((await other.QueryAsync("select 'warm'", Ct)).IsOk);
        using var flood = await cluster.LoggedInAsync();
        using var stop = new CancellationTokenSource();
        var pings = Enumerable.Repeat(RawClient.CommandBytes(Command.Ping, []), 10_000).SelectMany(b => b).ToArray();
        var sending = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested) flood.Socket.Send(pings);
        }, Ct);
        var reading = Task.Run(() =>
        {
            var sink = new byte[1 << 20];
            while (flood.Socket.Receive(sink) > 0) { }
        }, Ct);
        await Task.Delay(50, Ct);

        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 20; i++) Assert.True((await other.QueryAsync("select 'turn'", Ct).WaitAsync(TimeSpan.FromSeconds(5), Ct)).IsOk);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"20 statements took {clock.Elapsed}");

        await stop.CancelAsync();
        flood.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Both);
        try
        {
            await Task.WhenAll(sending, reading);
        }
        catch (System.Net.Sockets.SocketException)
        {
            // it was in the midst of sending
        }
    }
}
