using System.Diagnostics;
using Headwater.Control;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Headwater.IntegrationTests.Control;

/// <summary>With AFTER_SYNC a transaction stands in the primary's log, and may be read on a replica, before anybody can read it on the primary.</summary>
public class VisibilityTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task What_is_logged_and_not_yet_visible_on_the_primary_is_not_taken_for_shown(bool rotated)
    {
        await using var primary = await RealServer.StartAsync(1, "--rpl-semi-sync-master-enabled=1", "--rpl-semi-sync-master-wait-point=AFTER_SYNC", "--rpl-semi-sync-master-timeout=20000", "--max-binlog-size=4096");
        await using var replica = await RealServer.StartAsync(2, "--read-only=1", "--rpl-semi-sync-slave-enabled=1");
        await replica.FollowAsync(primary);
        var view = new Published<ClusterView>(new ClusterView { Cluster = "test" });
        var options = new WatchOptions
        {
            Cluster = "test",
            Monitor = primary.Login,
            Servers = [new WatchedServer(new ServerId("db1"), primary.Address), new WatchedServer(new ServerId("db2"), replica.Address)],
        };
        await using var watcher = new ClusterWatcher(options, view, new Published<Accounts>(Accounts.None), new Published<Catalogue>(Catalogue.Unknown), TimeProvider.System, NullLoggerFactory.Instance);
        _ = watcher.RunAsync(Ct);
        await UntilAsync(() => view.Current.Primary is not null && view.Current.Servers[1].Replicating);
        await primary.ExecuteAsync("CREATE DATABASE d");
        await primary.ExecuteAsync("CREATE TABLE d.t (id INT PRIMARY KEY, filler LONGTEXT)");
        await using var reader = await primary.ConnectAsync();
        var state = view.Current.Primary!.State;
        Assert.True(Position.TryParse((await reader.QueryAsync("SELECT @@gtid_binlog_pos", Ct)).Scalar!, out var before));
        await UntilAsync(() => state.Shows(in before));

        replica.Freeze();
        await using var writer = await primary.ConnectAsync();
        // A transaction larger than a log file ends the file that it is in, before the engine commits it.
        var write = writer.QueryAsync($"INSERT INTO d.t VALUES (1, REPEAT('x', {(rotated ? 6000 : 10)}))", Ct);
        Position logged;
        do Assert.True(Position.TryParse((await reader.QueryAsync("SELECT @@gtid_binlog_pos", Ct)).Scalar!, out logged));
        while (logged == before);
        for (var waited = Stopwatch.StartNew(); waited.ElapsedMilliseconds < 1500;)
        {
            state.Demand(in logged);
            Assert.Equal("0", (await reader.QueryAsync("SELECT COUNT(*) FROM d.t", Ct)).Scalar);
            Assert.False(state.Shows(in logged), "taken for shown although nobody can see it");
            await Task.Delay(20, Ct);
        }
        Assert.True(state.Timeline.Latest!.Logged.Covers(in logged));

        replica.Thaw();
        await write;
        var begun = Stopwatch.StartNew();
        state.Demand(in logged);
        await UntilAsync(() => state.Shows(in logged));
        TestContext.Current.TestOutputHelper!.WriteLine($"proven visible {begun.Elapsed.TotalMilliseconds:0.0} ms after the commit");
    }

    static async Task UntilAsync(Func<bool> seen)
    {
        for (var waited = Stopwatch.StartNew(); !seen(); await Task.Delay(2, Ct)) Assert.InRange(waited.ElapsedMilliseconds, 0, 10_000);
    }
}
