using Headwater.Conflicts;
using Headwater.Core.Conflicts;
using Headwater.Core.Positions;
using Headwater.IntegrationTests.Failover;
using Headwater.Servers;
using Headwater.Verify;

namespace Headwater.IntegrationTests.Conflicts;

/// <summary>Two members of a real ring change one row at once.</summary>
public sealed class ConflictSearchTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    static async Task<RingCluster> ApartAsync()
    {
        var cluster = await RingCluster.StartAsync(2, controlled: false);
        await cluster.Servers[0].ExecuteAsync("CREATE DATABASE shop");
        await cluster.Servers[0].ExecuteAsync("CREATE TABLE shop.t (id INT PRIMARY KEY, who VARCHAR(20), price DECIMAL(8,2))");
        await cluster.Servers[0].ExecuteAsync("INSERT INTO shop.t VALUES (1, 'Ann', 5), (2, 'Ben', 6), (3, 'Cleo', 7)");
        await cluster.UntilAllHaveAsync(3);
        foreach (var server in cluster.Servers) await server.ExecuteAsync("STOP SLAVE");
        return cluster;
    }

    static async Task TogetherAsync(RingCluster cluster)
    {
        foreach (var server in cluster.Servers) await server.ExecuteAsync("START SLAVE");
        foreach (var server in cluster.Servers)
        {
            var other = cluster.Servers.First(one => one != server);
            var written = (await other.ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar;
            await cluster.UntilAsync(async () => (await server.ExecuteAsync($"SELECT MASTER_GTID_WAIT('{written}', 0)")).Scalar == "0" || (await server.ExecuteAsync("SHOW SLAVE STATUS")) is var status && status.Value(0, "Slave_SQL_Running") == "No",
                $"db{server.Id} to have {written}, or to stop");
        }
    }

    static Task<ConflictReport> SearchAsync(RingCluster cluster, Position from = default) =>
        new ConflictSearch([.. cluster.Servers.Select(static server => new ServerDoor($"db{server.Id}", server.Address, server.Login, server.Login))], from, TimeProvider.System).RunAsync(Ct);

    static string[] Told(ConflictReport report) => [.. report.Conflicts.Select(static conflict => $"{conflict.Server}, {conflict.Writer}'s {conflict.Transaction}, {conflict.Kind}: {conflict.There} | {conflict.Here} -> {conflict.Became}").Order(StringComparer.Ordinal)];

    [Fact]
    public async Task What_was_overwritten_without_a_word_is_found_with_what_each_had()
    {
        await using var cluster = await ApartAsync();
        Assert.Empty((await SearchAsync(cluster)).Conflicts);
        var before = (await cluster.Servers[0].ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar!;
        await cluster.Servers[0].ExecuteAsync("UPDATE shop.t SET price = 8 WHERE id = 1");
        await cluster.Servers[1].ExecuteAsync("UPDATE shop.t SET price = 9 WHERE id = 1");
        await cluster.Servers[0].ExecuteAsync("DELETE FROM shop.t WHERE id = 2");
        await cluster.Servers[1].ExecuteAsync("UPDATE shop.t SET who = 'Bea' WHERE id = 3"); // nobody else touches it
        await TogetherAsync(cluster);

        var report = await SearchAsync(cluster);
        Assert.Empty(report.Troubles);
        Assert.Equal(
        [
            "db1, db2's 2-2-1, overwritten: id=1, who='Ann', price=5.00 | id=1, who='Ann', price=8.00 -> id=1, who='Ann', price=9.00",
            "db2, db1's 1-1-4, overwritten: id=1, who='Ann', price=5.00 | id=1, who='Ann', price=9.00 -> id=1, who='Ann', price=8.00",
        ], Told(report));
        Assert.True(Position.TryParse(before, out var from));
        Assert.Equal(2, (await SearchAsync(cluster, from)).Conflicts.Length);
    }

    [Fact]
    public async Task A_row_that_was_changed_there_and_is_deleted_here_is_found()
    {
        await using var cluster = await ApartAsync();
        await cluster.Servers[1].ExecuteAsync("UPDATE shop.t SET price = 60 WHERE id = 2");
        await cluster.Servers[0].ExecuteAsync("DELETE FROM shop.t WHERE id = 2");
        await TogetherAsync(cluster);
        var told = Told(await SearchAsync(cluster));
        // At db1 there is no row to be changed, so its replication has stopped; at db2 another row than the one that was meant is gone.
        Assert.Equal(
        [
            "db1, db2's 2-2-1, stopped: id=2, who='Ben', price=6.00 |  -> id=2, who='Ben', price=60.00",
            "db2, db1's 1-1-4, deleted: id=2, who='Ben', price=6.00 | id=2, who='Ben', price=60.00 -> ",
        ], told);
    }

    [Fact]
    public async Task Two_rows_with_one_key_stop_both_and_each_is_shown_with_the_other()
    {
        await using var cluster = await ApartAsync();
        await cluster.Servers[0].ExecuteAsync("INSERT INTO shop.t VALUES (9, 'from db1', 1)");
        await cluster.Servers[1].ExecuteAsync("INSERT INTO shop.t VALUES (9, 'from db2', 2)");
        await TogetherAsync(cluster);
        Assert.Equal(
        [
            "db1, db2's 2-2-1, stopped:  | id=9, who='from db1', price=1.00 -> id=9, who='from db2', price=2.00",
            "db2, db1's 1-1-4, stopped:  | id=9, who='from db2', price=2.00 -> id=9, who='from db1', price=1.00",
        ], Told(await SearchAsync(cluster)));
    }
}
