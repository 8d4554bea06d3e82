using Headwater.Core.Topology;
using Headwater.IntegrationTests.Recovery;
using Headwater.Servers;

namespace Headwater.IntegrationTests.Rebuild;

/// <summary>Replicas that can follow no more, and servers that are new, become copies that follow, while the cluster works.</summary>
public sealed class RebuildTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replica_that_cannot_apply_is_proposed_and_comes_back_with_everything_that_a_schema_can_hold()
    {
        await using var cluster = await RebuildingCluster.StartAsync("propose");
        await Everything.MakeAsync(cluster[1]);
        await SpoilAsync(cluster, 3);
        var told = await cluster.UntilFoundAsync("rebuild", static sentence => sentence.Contains("headwater rebuild db3", StringComparison.Ordinal));
        Assert.StartsWith("db3 cannot apply what it receives", told, StringComparison.Ordinal);
        Assert.Contains("from db2", told, StringComparison.Ordinal);

        var well = await cluster.PostAsync("rebuild?server=db2");
        Assert.Contains("--overwrite", well.Sentences[0], StringComparison.Ordinal);
        Assert.Contains("db1 is the primary", (await cluster.PostAsync("rebuild?server=db1&overwrite=true")).Sentences[0], StringComparison.Ordinal);
        var dry = await cluster.PostAsync("rebuild?server=db3&dry_run=true");
        Assert.True(dry.Applied, dry.Report?.ToText() ?? dry.Sentences[0]);
        Assert.Contains("9999999", (await cluster[3].ExecuteAsync("SELECT MAX(id) FROM load_.t")).Scalar, StringComparison.Ordinal);

        var rebuilt = await cluster.PostAsync("rebuild?server=db3");
        Assert.True(rebuilt.Applied, rebuilt.Report?.ToText() ?? rebuilt.Sentences[0]);
        Assert.Equal(("db2", "db1", true), (rebuilt.Report!.Source, rebuilt.Report.Primary, rebuilt.Report.Follows));
        Assert.All(rebuilt.Report.NotCopied, static line => Assert.StartsWith("every.plain for certain", line, StringComparison.Ordinal));
        await cluster.UntilWellAsync("db3");
        Assert.True(await cluster.EndLoadAsync() > 0);
        await cluster.AssertEqualAsync();
        foreach (var question in Everything.Questions) Assert.Equal(await AnswerAsync(cluster[1], question), await AnswerAsync(cluster[3], question));
        Assert.Equal("SLAVESIDE_DISABLED", (await cluster[3].ExecuteAsync("SELECT status FROM information_schema.events WHERE event_schema='every' AND event_name='ticks'")).Scalar);
    }

    /// <summary>Rows changed behind its back, past its log: what the primary does to them next cannot be applied.</summary>
    static async Task SpoilAsync(RebuildingCluster cluster, int id)
    {
        await using var connection = await cluster[id].ConnectAsync();
        await connection.QueryMultiAsync("SET sql_log_bin=0; DELETE FROM load_.t WHERE id=1; INSERT INTO load_.t VALUES (9999999, 1, 'nobody knows')", Ct);
        await cluster[1].ExecuteAsync("UPDATE load_.t SET n=-1 WHERE id=1");
    }

    [Fact]
    public async Task A_new_server_becomes_a_replica_and_one_whose_copy_was_cut_short_is_nobodys_until_it_is_begun_anew()
    {
        await using var cluster = await RebuildingCluster.StartAsync("propose");
        await cluster[1].ExecuteAsync("CREATE DATABASE large");
        await cluster[1].ExecuteAsync("CREATE TABLE large.t (id INT PRIMARY KEY, text VARCHAR(300)) CHARSET latin1 SELECT seq AS id, REPEAT(MD5(seq), 8) AS text FROM large.seq_1_to_300000");
        var added = await RebuildingCluster.StartServerAsync(2);
        cluster.Add(added);
        var address = $"address=127.0.0.1:{added.Port}&name=db4";

        var refused = await cluster.PostAsync($"add-replica?{address}");
        Assert.Contains("SET GLOBAL server_id = 4", refused.Report!.Trouble, StringComparison.Ordinal);
        await added.ExecuteAsync("SET GLOBAL server_id = 4");
        await added.ExecuteAsync("SET sql_log_bin=0; CREATE DATABASE precious");
        await added.ExecuteAsync("CREATE TABLE precious.t (id INT)");
        Assert.Contains("precious.t", (await cluster.PostAsync($"add-replica?{address}")).Report!.Trouble, StringComparison.Ordinal);

        var cut = cluster.PostAsync($"add-replica?{address}&overwrite=true");
        await cluster.UntilAsync(() => cluster.FindingsAsync().Result.Any(static finding => finding is { Rule: "rebuilding", Doing: "large.t is being copied", Progress: { Unit: Core.WorkUnit.Bytes, Done: > 0, Of: > 0, IsEstimate: true } }), "the copy to have come so far");
        var busy = await cluster.PostAsync("rebuild?server=db3&overwrite=true");
        Assert.Contains("one at a time", busy.Sentences[0], StringComparison.Ordinal);
        await cluster.EndControlAsync();
        await cut.ContinueWith(static _ => { }, TaskScheduler.Default);

        // Whoever makes it follow is refused: it says of itself that it is at a place where nobody has been.
        await added.FollowAsync(cluster[1]);
        await Task.Delay(500, Ct);
        Assert.Equal("1236", (await added.ExecuteAsync("SHOW SLAVE STATUS")).Value(0, "Last_IO_Errno"));
        await cluster.ControlAsync("propose");
        await cluster.UntilAsync(() => cluster.View.Servers.Length == 3 || cluster.View.Servers.Any(static server => server.LastAnswer?.Number == 4), "the servers");
        Assert.All(cluster.View.Servers.Where(static server => server.LastAnswer?.Number == 4), static server => Assert.NotEqual(ServerHealth.Up, server.Health));

        var name = cluster.View.Servers.FirstOrDefault(static server => server.LastAnswer?.Number == 4)?.Id.Name;
        var again = await cluster.PostAsync(name is null ? $"add-replica?{address}&overwrite=true" : $"rebuild?server={name}");
        Assert.True(again.Applied, again.Report?.ToText() ?? again.Sentences[0]);
        await cluster.UntilWellAsync(name ?? "db4");
        await cluster.AssertEqualAsync();
    }

    [Fact]
    public async Task What_the_log_does_not_reach_any_more_is_made_anew_by_itself_where_that_is_the_policy()
    {
        await using var cluster = await RebuildingCluster.StartAsync("auto");
        // Its data is gone, all of it, and what it is put back with knows nothing.
        await cluster[3].KillAsync();
        await using var fresh = await RebuildingCluster.StartServerAsync(3);
        await fresh.StopAsync();
        Directory.Delete(Path.Combine(cluster[3].Directory, "data"), recursive: true);
        Directory.Move(Path.Combine(fresh.Directory, "data"), Path.Combine(cluster[3].Directory, "data"));
        // What a replica reads just now is not purged yet.
        do await cluster[1].ExecuteAsync("FLUSH BINARY LOGS; PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY");
        while ((await cluster[1].ExecuteAsync("SHOW BINARY LOGS")).Rows.Any(static row => row[0]!.EndsWith("000001", StringComparison.Ordinal)));
        await cluster[3].StartAgainAsync();
        var told = await cluster.UntilFoundAsync("rebuilding", static sentence => sentence.StartsWith("db3", StringComparison.Ordinal));
        Assert.NotEmpty(told);
        await cluster.UntilWellAsync("db3");
        await cluster.AssertEqualAsync();
    }

    [Fact]
    public async Task A_former_primary_that_cannot_be_rewound_is_made_anew_once_its_tail_is_safe_and_not_before()
    {
        await using var cluster = await RecoveringCluster.StartAsync("propose");
        await cluster.Old.ExecuteAsync("CREATE DATABASE shop");
        await cluster.Old.ExecuteAsync("CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(20)) CHARSET utf8mb4");
        await cluster.CutAsync();
        await using (var client = await cluster.GatewayAsync())
        {
            await client.QueryAsync("INSERT INTO orders VALUES (1, 'tail')", Ct);
            // No image takes a definition back.
            await client.QueryAsync("ALTER TABLE orders ADD COLUMN price INT", Ct);
        }
        await cluster.KillAndReplaceAsync();
        await cluster.New.ExecuteAsync("INSERT INTO shop.orders VALUES (2, 'since')");
        await cluster.ReturnAsync();
        await cluster.UntilAsync(() => cluster.FindingsAsync().Result.Contains("headwater recover brings them back", StringComparison.Ordinal), "the proposal");
        var early = await cluster.PostAsync("rebuild?server=db1");
        Assert.False(early.GetProperty("applied").GetBoolean());
        Assert.Contains("headwater recover --server db1", early.GetProperty("sentences")[0].GetString(), StringComparison.Ordinal);

        var recovered = (await cluster.RecoverAsync()).Report!;
        Assert.True(recovered is { Complete: true, Rewound: false }, recovered.ToText());
        Assert.Contains("headwater rebuild db1", recovered.Return, StringComparison.Ordinal);
        var rebuilt = await cluster.PostAsync("rebuild?server=db1");
        Assert.True(rebuilt.GetProperty("applied").GetBoolean(), rebuilt.ToString());
        await cluster.UntilFollowsAsync();
        Assert.Equal("2", (await cluster.Old.ExecuteAsync("SELECT COUNT(*) FROM shop.orders")).Scalar);
        Assert.Equal("2", (await cluster.Old.ExecuteAsync("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema='shop' AND table_name='orders'")).Scalar);
        Assert.Equal("2", (await cluster.Old.ExecuteAsync("SELECT COUNT(*) FROM headwater.recovered")).Scalar);
    }

    static async Task<string> AnswerAsync(RealServer server, string question)
    {
        await using var connection = await server.ConnectAsync();
        await connection.QueryAsync("SET NAMES utf8mb4, time_zone='+00:00'", Ct);
        var result = await connection.QueryAsync(question, Ct);
        return $"{question}: {string.Join('\n', result.Rows.Select(static row => string.Join('|', row)))}";
    }
}
