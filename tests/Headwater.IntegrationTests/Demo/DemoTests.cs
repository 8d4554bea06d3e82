using Headwater.Core;
using Headwater.Core.Topology;
using Headwater.Demo;
using Headwater.IntegrationTests.Up;
using Headwater.Servers;
using Headwater.Up;
using Spectre.Console;
using Xunit;

namespace Headwater.IntegrationTests.Demo;

public class DemoTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_data_is_loaded_once_and_the_workload_reads_what_it_writes()
    {
        using var folder = new UpFolder();
        await using var cluster = await folder.StartAsync();
        var said = new StringWriter();
        var demo = Run(cluster, said);
        await demo.LoadAsync(Ct);
        async Task<int> Count(string table) => int.Parse((await cluster.Primary.RunAsync(cluster.Accounts.Application, $"SELECT COUNT(*) FROM {table}")).Scalar!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(DemoData.Posts, await Count("posts"));
        var rows = 0;
        foreach (var table in new[] { "users", "posts", "comments", "likes", "follows", "user_activity_logs" }) rows += await Count(table);
        Assert.InRange(rows, 100_000, 120_000);
        var most = await cluster.Primary.RunAsync(cluster.Accounts.Application, DemoTurns.MostLiked(await demo.LoadAsync(Ct)));
        Assert.Equal(100, most.Rows.Count);

        await WorkAsync(demo, until: counters => counters.Writes.All > 100 && counters.ReReads.All > 40 && counters.Timelines.All > 100 && counters.Analyses.All > 0);
        Assert.Equal((0, 0, 0, ""), (demo.Counters.StaleReads, demo.Counters.BackwardReads, demo.Counters.Errors, demo.Counters.LastTrouble));
        Assert.True(await Count("posts") + await Count("comments") > DemoData.Posts + DemoData.Comments);
        Assert.Single(said.ToString().Split('\n'), line => line.Contains("was loaded", StringComparison.Ordinal));
    }

    /// <summary>A counter that stays at 0 says something only if it would not have: here every text changes on its way in, as if another version were read back.</summary>
    [Fact]
    public async Task A_read_that_does_not_show_the_sessions_own_write_is_counted()
    {
        using var folder = new UpFolder();
        await using var cluster = await folder.StartAsync(replicas: 0);
        var demo = Run(cluster, new StringWriter());
        await demo.LoadAsync(Ct);
        await cluster.Primary.RunAsync(cluster.Accounts.Application, "CREATE TRIGGER other_text BEFORE INSERT ON comments FOR EACH ROW SET NEW.body = 'something else'");
        await WorkAsync(demo, until: counters => counters.StaleReads > 0);
        Assert.Contains("was not there right after it was written", demo.Counters.LastTrouble, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_that_sees_less_than_before_is_counted()
    {
        using var folder = new UpFolder();
        await using var cluster = await folder.StartAsync(replicas: 0);
        var demo = Run(cluster, new StringWriter(), writers: 0);
        await demo.LoadAsync(Ct);
        var working = WorkAsync(demo, until: counters => counters.BackwardReads > 0);
        while (demo.Counters.Timelines.All < 100) await Task.Delay(5, Ct);
        await cluster.Primary.RunAsync(cluster.Accounts.Application, "DELETE FROM posts ORDER BY id DESC LIMIT 10");
        await working;
    }

    [Fact]
    public void A_stopped_replica_is_shown_as_stopped()
    {
        var primary = new ServerView { State = new ServerState(new ServerId("db1"), 0), Address = new ServerAddress("127.0.0.1", 1), Role = ServerRole.Primary, Health = ServerHealth.Up };
        var replica = primary with { State = new ServerState(new ServerId("db2"), 0), Role = ServerRole.Replica, Lag = TimeSpan.Zero, Replicating = false };
        var line = DemoScreen.Line(new DemoSnapshot
        {
            Over = TimeSpan.FromSeconds(2),
            Writes = new Percentiles(100, default, default, default),
            ReReads = default,
            Timelines = default,
            Analyses = default,
            StaleReads = 0,
            BackwardReads = 0,
            Errors = 0,
            LastTrouble = "",
            OnReplicas = 0.93,
            View = new ClusterView { Cluster = "c", Primary = primary, Servers = [primary, replica] },
        });
        Assert.Contains("writes 50/s", line, StringComparison.Ordinal);
        Assert.Contains("93.0 % of reads on replicas", line, StringComparison.Ordinal);
        Assert.EndsWith("db2 stopped", line, StringComparison.Ordinal);
    }

    static DemoRun Run(EmbeddedCluster cluster, TextWriter said, int writers = 3)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(said) });
        var application = cluster.Accounts.Application;
        return new DemoRun(new DemoOptions { Writers = writers, Readers = 3, Pace = 5 }, new DemoTarget(cluster.Primary.Address, new ServerLogin(application.User, application.Password, application.Schema)),
            () => DemoFigures.None, new Published<ClusterView>(new ClusterView { Cluster = "c" }), console, TimeProvider.System);
    }

    static async Task WorkAsync(DemoRun demo, Func<DemoCounters, bool> until)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = demo.RunAsync(enough.Token);
        while (!until(demo.Counters) && !running.IsCompleted) await Task.Delay(10, Ct);
        await enough.CancelAsync();
        await running;
    }
}
