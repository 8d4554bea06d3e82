using System.Diagnostics;
using Headwater.IntegrationTests.Fixtures;

namespace Headwater.IntegrationTests.Failover;

/// <summary>Three Headwater processes, three servers and an etcd, all of them real; one story, as starting them is what takes time.</summary>
public sealed class SharedControlTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_of_three_acts_another_takes_over_when_it_is_gone_and_etcd_may_be_gone_as_long_as_the_servers_are_seen()
    {
        await using var etcd = await EtcdServer.StartAsync(Ct);
        var servers = await RealServer.StartClusterAsync(2);
        await servers[0].ExecuteAsync("CREATE DATABASE app; CREATE TABLE app.t (id INT PRIMARY KEY)");
        var processes = Enumerable.Range(0, 3).Select(_ => SharedControl.Start(servers, etcd)).ToList();
        try
        {
            // One of them holds the lease, appoints who is the primary already, and all go by that.
            await Eventually(async () => (await StatusesAsync(processes)).All(static status => status.Primary == "db1"), 20, processes);
            var first = await HolderAsync(processes, 5);
            await Eventually(async () => (await servers[0].ExecuteAsync("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'")).Rows[0][1] == "2", 10, processes);
            var number = 0;
            foreach (var process in processes) await WriteAsync(process, ++number);

            // Another answers an operator by whom to ask; the holder does it, and every gateway's writes follow without an error.
            var other = processes.First(process => process != first);
            var (done, sentences) = await other.AskAsync("switchover", Ct);
            Assert.False(done);
            Assert.Contains(first.HttpAddress, sentences, StringComparison.Ordinal);
            var writers = processes.Select(process => KeepWritingAsync(process, 1000 * (processes.IndexOf(process) + 1), TimeSpan.FromSeconds(2))).ToList();
            await Task.Delay(300, Ct);
            (done, sentences) = await first.AskAsync("switchover?to=db2", Ct);
            Assert.True(done, sentences);
            foreach (var writer in writers) Assert.True((await writer).Count > 0);
            Assert.All(await StatusesAsync(processes), static status => Assert.Equal(("db2", 2), (status.Primary, status.Epoch)));
            Assert.Contains(first.Journal, static entry => entry.Sentence.Contains("no transaction is open at the gateways", StringComparison.Ordinal) || entry.Record?.Proof?.Contains("no transaction is open at the gateways") == true);

            // etcd is gone for three times as long as the lease lasts.
            await etcd.KillAsync();
            writers = [.. processes.Select(process => KeepWritingAsync(process, 10_000 + 1000 * processes.IndexOf(process), TimeSpan.FromSeconds(6)))];
            foreach (var writer in writers) Assert.True((await writer).Count > 0);
            Assert.All(await StatusesAsync(processes), static status => Assert.StartsWith("etcd does not answer", status.Lease, StringComparison.Ordinal));
            Assert.All(await StatusesAsync(processes), static status => Assert.StartsWith("etcd does not answer: writes go on", status.Findings, StringComparison.Ordinal));

            // The replicas are gone too: for all that a gateway knows somebody else has appointed one of them, so it stops and says so, until it sees them follow.
            foreach (var replica in (RealServer[])[servers[0], servers[2]]) await replica.StopAsync();
            await Eventually(async () => (await StatusesAsync(processes)).All(static status => status.Primary is null && status.Findings.StartsWith("writes wait: etcd does not answer, and db", StringComparison.Ordinal)), 10, processes);
            foreach (var replica in (RealServer[])[servers[0], servers[2]])
            {
                await replica.StartAgainAsync();
                await replica.ExecuteAsync("SET GLOBAL read_only = ON"); // as its option file should
            }
            await Eventually(async () => (await StatusesAsync(processes)).All(static status => status.Primary == "db2"), 20, processes);
            await etcd.StartAgainAsync(Ct);
            await Eventually(async () => (await servers[1].ExecuteAsync("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'")).Rows[0][1] == "2", 20, processes);
            first = await HolderAsync(processes, 10);

            // The holder dies, and with it the primary: whoever takes over replaces it, and has what was acknowledged.
            first.Kill();
            await servers[1].KillAsync();
            var clock = Stopwatch.StartNew();
            var rest = processes.Where(process => process != first).ToList();
            var second = await HolderAsync(rest, 5);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(4), $"the new holder came after {clock.Elapsed}");
            await Eventually(async () => (await StatusesAsync(rest)).All(static status => status is { Epoch: 3, Primary: not (null or "db2") }), 15, rest);
            foreach (var process in rest) await WriteAsync(process, ++number);

            // Each epoch was appointed by one process.
            foreach (var epoch in processes.SelectMany(process => process.Journal.Where(static entry => entry.Kind == "record").Select(entry => (entry.Record!.Epoch, process))).Distinct().GroupBy(static pair => pair.Epoch))
                if (epoch.Key > 1) Assert.True(epoch.Select(static pair => pair.process).First() == (epoch.Key == 3 ? second : epoch.First().process));
        }
        finally
        {
            foreach (var process in processes) await process.DisposeAsync();
            foreach (var server in servers) await server.DisposeAsync();
        }
    }

    static async Task<List<(string? Primary, long Epoch, string Lease, string Findings)>> StatusesAsync(IEnumerable<SharedControl> processes)
    {
        var all = new List<(string?, long, string, string)>();
        foreach (var process in processes) all.Add(await process.StatusAsync(Ct));
        return all;
    }

    static async Task<SharedControl> HolderAsync(IReadOnlyList<SharedControl> processes, int seconds)
    {
        List<SharedControl> holders = [];
        await Eventually(async () =>
        {
            holders.Clear();
            foreach (var process in processes)
                if (await process.HoldsAsync(Ct)) holders.Add(process);
            return holders.Count > 0;
        }, seconds, processes);
        return Assert.Single(holders);
    }

    static async Task WriteAsync(SharedControl process, int id)
    {
        await using var session = await process.ConnectAsync(Ct);
        await session.QueryAsync($"INSERT INTO app.t VALUES ({id})", Ct);
    }

    /// <summary>Any error ends the test.</summary>
    static async Task<List<int>> KeepWritingAsync(SharedControl process, int from, TimeSpan time)
    {
        var written = new List<int>();
        await using var session = await process.ConnectAsync(Ct);
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < time; await Task.Delay(20, Ct))
        {
            await session.QueryAsync($"INSERT INTO app.t VALUES ({++from})", Ct).WaitAsync(TimeSpan.FromSeconds(5), Ct);
            written.Add(from);
        }
        return written;
    }

    static async Task Eventually(Func<Task<bool>> holds, int seconds, IEnumerable<SharedControl> processes)
    {
        for (var clock = Stopwatch.StartNew(); !await holds(); await Task.Delay(20, Ct))
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(seconds), $"not within {seconds} s. They said:\n{string.Join("\n\n", processes.Select(static process => process.Said))}");
    }
}
