using Headwater.Control;
using Headwater.Core;
using Headwater.Core.Topology;

namespace Headwater.IntegrationTests.Failover;

/// <summary>Sessions that are committing while nothing gets into the log.</summary>
public sealed class StalledPrimaryTests
{
    [Fact]
    public async Task A_look_tells_of_commits_that_do_not_get_into_the_log()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var primary = (await RealServer.StartClusterAsync(0))[0];
        await primary.ExecuteAsync("CREATE DATABASE app; CREATE TABLE app.t (id INT PRIMARY KEY)");
        // Each commit waits for another to come along, in the log's queue, as it would behind a disk that hangs.
        await primary.ExecuteAsync("SET GLOBAL binlog_commit_wait_count = 2, GLOBAL binlog_commit_wait_usec = 5000000");
        await using var connection = await primary.ConnectAsync();
        var before = await LookAsync(null);
        Assert.Equal(0, (await LookAsync(before)).Committing);

        await using var writer = await primary.ConnectAsync();
        var commits = writer.QueryAsync("INSERT INTO app.t VALUES (1)", ct);
        await primary.ExecuteAsync("DO SLEEP(0.3)");
        var meanwhile = await LookAsync(before);
        Assert.Equal((1, false), (meanwhile.Committing, meanwhile.DiskFull));
        await commits;
        Assert.Equal(0, (await LookAsync(meanwhile)).Committing);

        Task<Observation> LookAsync(Observation? last) => Probe.AskAsync(connection, new WatchedServer(new ServerId("db1"), primary.Address), last, Instant.Zero, TimeProvider.System, ct);
    }
}
