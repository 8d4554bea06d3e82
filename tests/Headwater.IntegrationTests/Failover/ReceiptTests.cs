using System.Globalization;
using Headwater.Control.Failover;
using Headwater.Core.Positions;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Servers;

namespace Headwater.IntegrationTests.Failover;

/// <summary>A commit that waits for an answer which the replica gave before it was asked for one, or which was lost.</summary>
public sealed class ReceiptTests
{
    [Fact]
    public async Task A_commit_that_hangs_is_released_by_the_place_that_the_replica_says_it_has_received_and_by_no_earlier_one()
    {
        var ct = TestContext.Current.CancellationToken;
        var servers = await RealServer.StartClusterAsync(1);
        await using var primary = servers[0];
        await using var replica = servers[1];
        await primary.ExecuteAsync("CREATE DATABASE app; CREATE TABLE app.t (id INT PRIMARY KEY)");
        var before = await PlaceAsync(primary);
        await primary.ExecuteAsync("SET GLOBAL rpl_semi_sync_master_wait_point = 'AFTER_SYNC', GLOBAL rpl_semi_sync_master_wait_no_slave = ON, GLOBAL rpl_semi_sync_master_timeout = 86400000, GLOBAL rpl_semi_sync_master_enabled = ON");

        // The replica, which acknowledges nothing yet, gets two; both wait, and nothing behind them gets into the log, whose receipt could be acknowledged.
        await using var writer = await primary.ConnectAsync();
        await using var next = await primary.ConnectAsync();
        await using var last = await primary.ConnectAsync();
        var first = writer.QueryAsync("INSERT INTO app.t VALUES (1)", ct);
        await Eventually.HoldsAsync(async () => (await replica.ExecuteAsync("SELECT COUNT(*) FROM app.t")).Scalar == "1");
        var second = next.QueryAsync("INSERT INTO app.t VALUES (2)", ct);
        await Eventually.HoldsAsync(async () => (await replica.ExecuteAsync("SELECT COUNT(*) FROM app.t")).Scalar == "2");
        await replica.ExecuteAsync("SET GLOBAL rpl_semi_sync_slave_enabled = ON; STOP SLAVE IO_THREAD; START SLAVE IO_THREAD");
        await Eventually.HoldsAsync(async () => (await primary.ExecuteAsync("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'")).Rows[0][1] == "1");
        var third = last.QueryAsync("INSERT INTO app.t VALUES (3)", ct);
        await Task.Delay(300, ct);
        Assert.False(first.IsCompleted || second.IsCompleted || third.IsCompleted, "nothing had to be done");

        await Receipt.ReportAsync(await primary.ConnectAsync(), before, ct);
        await Task.Delay(300, ct);
        Assert.False(first.IsCompleted, "a place before the commit released it");

        var status = await replica.ExecuteAsync("SHOW SLAVE STATUS");
        await Receipt.ReportAsync(await primary.ConnectAsync(), new LogPlace(status.Value(0, "Master_Log_File")!, long.Parse(status.Value(0, "Read_Master_Log_Pos")!, CultureInfo.InvariantCulture)), ct);
        await first.WaitAsync(TimeSpan.FromSeconds(5), ct);
        await second.WaitAsync(TimeSpan.FromSeconds(5), ct);
        await third.WaitAsync(TimeSpan.FromSeconds(5), ct); // which the replica acknowledges itself
        Assert.Equal("3", (await primary.ExecuteAsync("SELECT COUNT(*) FROM app.t")).Scalar);
    }

    [Fact]
    public async Task Nobody_whose_commit_waits_is_told_that_all_is_well_when_sessions_are_ended()
    {
        var ct = TestContext.Current.CancellationToken;
        var servers = await RealServer.StartClusterAsync(0);
        await using var primary = servers[0];
        await primary.ExecuteAsync("CREATE DATABASE app; CREATE TABLE app.t (id INT PRIMARY KEY); CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON app.* TO app@'%'");
        await primary.ExecuteAsync("SET GLOBAL rpl_semi_sync_master_wait_point = 'AFTER_SYNC', GLOBAL rpl_semi_sync_master_wait_no_slave = ON, GLOBAL rpl_semi_sync_master_timeout = 86400000, GLOBAL rpl_semi_sync_master_enabled = ON");
        var told = Enumerable.Range(0, 16).Select(id => Task.Run(async () =>
        {
            await using var session = await ServerConnection.ConnectAsync(primary.Address, new ServerLogin("app", "app"), ct);
            try
            {
                await session.QueryAsync($"INSERT INTO app.t VALUES ({id})", ct);
                return "committed";
            }
            catch (Exception e)
            {
                return e.GetType().Name;
            }
        }, ct)).ToList();
        await Eventually.HoldsAsync(async () => (await primary.ExecuteAsync("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE info LIKE 'INSERT INTO app.t%'")).Scalar == "16");
        await primary.ExecuteAsync("SELECT SLEEP(0.3)");
        Assert.All(told, static task => Assert.False(task.IsCompleted));
        await using var connection = await primary.ConnectAsync();
        await Actuator.EndSessionsAsync(await Orders.OverAsync(connection, null, TimeProvider.System, ct), ct);
        var outcomes = await Task.WhenAll(told).WaitAsync(TimeSpan.FromSeconds(10), ct);
        Assert.DoesNotContain("committed", outcomes);
    }

    static async Task<LogPlace> PlaceAsync(RealServer server)
    {
        var row = (await server.ExecuteAsync("SHOW MASTER STATUS")).Rows[0];
        return new LogPlace(row[0]!, long.Parse(row[1]!, CultureInfo.InvariantCulture));
    }
}
