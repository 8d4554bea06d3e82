using System.Diagnostics;
using Headwater.Control;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Headwater.IntegrationTests.Control;

public class WatcherCost
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Watching_three_servers_is_cheap()
    {
        var servers = await RealServer.StartClusterAsync(2);
        var view = new Published<ClusterView>(new ClusterView { Cluster = "test" });
        var options = new WatchOptions { Cluster = "test", Monitor = servers[0].Login, Servers = [.. servers.Select(static s => new WatchedServer(new ServerId($"db{s.Id}"), s.Address))] };
        await using (var watcher = new ClusterWatcher(options, view, new Published<Accounts>(Accounts.None), new Published<Catalogue>(Catalogue.Unknown), TimeProvider.System, NullLoggerFactory.Instance))
        {
            _ = watcher.RunAsync(Ct);
            await Task.Delay(3000, Ct);
            await servers[0].ExecuteAsync("CREATE DATABASE d");
            await servers[0].ExecuteAsync("CREATE TABLE d.t (id INT PRIMARY KEY, v INT)");
            await servers[0].ExecuteAsync("INSERT INTO d.t VALUES (1, 0)");
            // The writes come from another process, so that only the watcher's own time is counted here.
            var writing = new ProcessStartInfo("mariadb") { RedirectStandardInput = true };
            foreach (var argument in (string[])["--no-defaults", "-umonitor", $"-p{RealServer.Password}", $"-S{servers[0].SocketPath}"]) writing.ArgumentList.Add(argument);
            using var writer = Process.Start(writing)!;
            await writer.StandardInput.WriteLineAsync("DELIMITER //\nBEGIN NOT ATOMIC WHILE (SELECT v FROM d.t) >= 0 DO UPDATE d.t SET v=v+1; DO SLEEP(0.001); END WHILE; END//");
            await MeasureAsync("positions move (about 1000 writes/s)", 6, servers, view);
            await MeasureAsync("and a demand every millisecond for each server", 6, servers, view, demanding: true);
            await servers[0].ExecuteAsync("UPDATE d.t SET v=-1000000000");
            writer.StandardInput.Close();
            await writer.WaitForExitAsync(Ct);
            // Last, when everything has been compiled for good.
            await Task.Delay(2000, Ct);
            await MeasureAsync("idle", 10, servers, view);
        }
        foreach (var server in servers) await server.DisposeAsync();
    }

    static async Task MeasureAsync(string what, int seconds, RealServer[] servers, Published<ClusterView> view, bool demanding = false)
    {
        var self = Process.GetCurrentProcess();
        TimeSpan ServersTime() => servers.Aggregate(TimeSpan.Zero, static (sum, s) => sum + Process.GetProcessById(s.Pid).TotalProcessorTime);
        var samples = 0;
        void Advanced(ServerState _) => Interlocked.Increment(ref samples);
        foreach (var server in view.Current.Servers) server.State.Advanced += Advanced;
        self.Refresh();
        var (before, serversBefore, allocated, at) = (self.TotalProcessorTime, ServersTime(), GC.GetTotalAllocatedBytes(), Stopwatch.StartNew());
        if (!demanding) await Task.Delay(TimeSpan.FromSeconds(seconds), Ct);
        while (demanding && at.Elapsed < TimeSpan.FromSeconds(seconds))
        {
            var head = view.Current.Primary!.State.Timeline.Latest!.Logged;
            foreach (var server in view.Current.Servers) server.State.Demand(in head);
            await Task.Delay(1, Ct);
        }
        self.Refresh();
        var took = at.Elapsed.TotalSeconds;
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{what}: watcher {(self.TotalProcessorTime - before).TotalMilliseconds / took:0.0} ms CPU/s, servers {(ServersTime() - serversBefore).TotalMilliseconds / took:0.0} ms CPU/s, "
            + $"{samples / took:0} samples/s, {(GC.GetTotalAllocatedBytes() - allocated) / took / 1024:0} KiB/s allocated");
        foreach (var server in view.Current.Servers) server.State.Advanced -= Advanced;
    }
}
