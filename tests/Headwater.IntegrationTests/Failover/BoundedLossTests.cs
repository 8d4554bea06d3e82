using Headwater.IntegrationTests.Recovery;

namespace Headwater.IntegrationTests.Failover;

/// <summary><c>control.rpo: bounded</c> on real servers: the age of what would be lost decides.</summary>
public sealed class BoundedLossTests
{
    const string IfItDied = "if db1 died now";
    const string TwoSeconds = "bounded\n  rpo_bound: 2s";

    [Fact]
    public async Task A_replica_that_has_what_there_was_takes_over()
    {
        await using var cluster = await RecoveringCluster.StartAsync("off", TwoSeconds);
        await cluster.Old.ExecuteAsync("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)");
        for (var id = 1; id <= 5; id++) await cluster.Old.ExecuteAsync($"INSERT INTO shop.t VALUES ({id})");
        await cluster.UntilAsync(() => cluster.View.Servers.All(static server => server.LastAnswer?.BinlogPosition.ToString().EndsWith("-7", StringComparison.Ordinal) == true), "both to have it");
        await cluster.KillAndReplaceAsync();
        Assert.Equal("5", (await cluster.New.ExecuteAsync("SELECT COUNT(*) FROM shop.t")).Scalar);
    }

    [Fact]
    public async Task One_that_lacks_what_is_older_does_not_unless_an_operator_says_so_and_it_is_told_before()
    {
        await using var cluster = await RecoveringCluster.StartAsync("off", TwoSeconds);
        await cluster.Old.ExecuteAsync("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)");
        await cluster.CutAsync();
        await cluster.Old.ExecuteAsync("INSERT INTO shop.t VALUES (1)");
        await UntilFoundAsync(cluster, $"{IfItDied}, nobody would be promoted");

        await cluster.Old.KillAsync();
        await cluster.PostAsync("resume");
        await cluster.UntilAsync(() => cluster.View.Primary is null, "db1 to be found dead");
        await UntilFoundAsync(cluster, "promoting anybody now could lose more than allowed (rpo: bounded 2 s)", without: IfItDied);
        Assert.Null(cluster.View.Primary);

        var outcome = await cluster.PostAsync("failover?accept_loss=true");
        Assert.True(outcome.GetProperty("applied").GetBoolean(), outcome.ToString());
        await cluster.UntilAsync(() => cluster.View.Primary?.Id.Name == "db2", "db2 to be the primary");
    }

    static async Task UntilFoundAsync(RecoveringCluster cluster, string sentence, string? without = null)
    {
        var found = "";
        for (var until = Environment.TickCount64 + 40_000; Environment.TickCount64 < until; await Task.Delay(50, TestContext.Current.CancellationToken))
        {
            found = await cluster.FindingsAsync();
            if (found.Contains(sentence, StringComparison.Ordinal) && (without is null || !found.Contains(without, StringComparison.Ordinal))) return;
        }
        Assert.Fail($"not found within 40 s: {sentence}; {found}");
    }
}
