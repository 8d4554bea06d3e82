using Headwater.Core.Topology;

namespace Headwater.IntegrationTests.Failover;

/// <summary>Rings of real servers: kept, closed around a member that dies, opened again for it.</summary>
public sealed class RingTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    static async Task<RingCluster> ServingAsync(int members)
    {
        var cluster = await RingCluster.StartAsync(members);
        await cluster.UntilAsync(() => cluster.View.Ring.Length == members && cluster.View.Servers.All(static server => server.Replicating), "the ring to be made");
        await using var gateway = await cluster.GatewayAsync();
        await gateway.QueryMultiAsync("CREATE DATABASE shop; CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, who VARCHAR(20), note VARCHAR(40))", Ct);
        await gateway.QueryAsync("INSERT INTO shop.t (who) VALUES ('gateway')", Ct);
        await cluster.UntilAllHaveAsync(1);
        return cluster;
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Each_member_writes_in_its_own_domain_and_all_have_all(int members)
    {
        await using var cluster = await ServingAsync(members);
        foreach (var server in cluster.Servers) await server.ExecuteAsync($"INSERT INTO shop.t (who) VALUES ('db{server.Id}')");
        await cluster.UntilAllHaveAsync(1 + members);
        Assert.Equal("db1", cluster.View.Primary!.Id.Name);
        Assert.Equal(members == 2 ? "db1 db2" : "db1 db2 db3", cluster.Ring);
        // What another member writes, the primary has later: a session that read there could go back in time here.
        Assert.Equal((ServerRole.Replica, ServerHealth.Draining), (cluster["db2"].Role, cluster["db2"].Health));
        Assert.Contains("can be written to as well, in domain 2", cluster["db2"].Reason, StringComparison.Ordinal);
        await using var gateway = await cluster.GatewayAsync("shop");
        Assert.Equal((1 + members).ToString(System.Globalization.CultureInfo.InvariantCulture), (await gateway.QueryAsync("SELECT COUNT(*) FROM t", Ct)).Scalar);
    }

    [Fact]
    public async Task It_is_closed_around_a_member_that_dies_and_opened_again_when_that_is_back()
    {
        await using var cluster = await ServingAsync(3);
        await cluster.Servers[2].KillAsync();
        await cluster.UntilAsync(() => cluster.Ring == "db1 db2", "db1 to follow db2");
        await cluster.Servers[0].ExecuteAsync("INSERT INTO shop.t (who) VALUES ('db1')");
        await cluster.Servers[1].ExecuteAsync("INSERT INTO shop.t (who) VALUES ('db2')");
        await cluster.UntilAllHaveAsync(3, cluster.Servers[0], cluster.Servers[1]);

        await cluster.Servers[2].StartAgainAsync();
        await cluster.UntilAsync(() => cluster.Ring == "db1 db2 db3", "db1 to follow db3 again");
        await cluster.Servers[2].ExecuteAsync("INSERT INTO shop.t (who) VALUES ('db3')");
        await cluster.UntilAllHaveAsync(4);
        Assert.Equal("db1", cluster.View.Primary!.Id.Name);
        Assert.Equal(1, cluster.View.Epoch.Number);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task The_primary_s_writes_move_to_another_member_and_its_tail_comes_back_with_it(int members)
    {
        await using var cluster = await ServingAsync(members);
        await cluster.Servers[1].ExecuteAsync("STOP SLAVE IO_THREAD"); // the controller starts it again, but not at once
        await cluster.Servers[0].ExecuteAsync("INSERT INTO shop.t (who, note) VALUES ('db1', 'received by nobody')");
        await cluster.Servers[0].KillAsync();
        await using var gateway = await cluster.GatewayAsync("shop");
        await gateway.QueryAsync("INSERT INTO t (who, note) VALUES ('gateway', 'held until there is a primary')", Ct);
        Assert.NotEqual("db1", cluster.View.Primary!.Id.Name);
        Assert.Equal(2, cluster.View.Epoch.Number);

        await cluster.Servers[0].StartAgainAsync();
        await cluster.UntilAsync(() => cluster.View.Ring.Length == members && cluster.View.Servers.All(static server => server.Replicating), "the ring to be whole");
        await cluster.UntilAllHaveAsync(3);
        Assert.NotEqual("db1", cluster.View.Primary!.Id.Name);
    }

    [Fact]
    public async Task Two_that_write_in_one_domain_are_told_and_only_the_primary_goes_on()
    {
        await using var cluster = await RingCluster.StartAsync(2, oneDomain: true);
        await cluster.UntilAsync(() => cluster.View.Servers.Any(static server => server.Id.Name == "db2" && server.LastAnswer is { ReadOnly: true }), "db2 to be read_only");
        await cluster.UntilAsync(() => cluster.View.Ring.Length == 2, "the ring to be made all the same");
    }

    [Fact]
    public async Task A_row_that_is_there_already_stops_the_ring_and_is_told_and_neither_is_overwritten()
    {
        await using var cluster = await ServingAsync(2);
        foreach (var server in cluster.Servers) await server.ExecuteAsync("STOP SLAVE IO_THREAD");
        foreach (var server in cluster.Servers) await server.ExecuteAsync($"INSERT INTO shop.t (id, who) VALUES (1000, 'db{server.Id}')");
        foreach (var server in cluster.Servers) await server.ExecuteAsync("START SLAVE");
        await cluster.UntilAsync(async () => (await cluster.GetAsync("/api/status")).GetRawText().Contains("neither overwrites nor skips", StringComparison.Ordinal), "the conflict to be told");
        foreach (var server in cluster.Servers)
            Assert.Equal($"db{server.Id}", (await server.ExecuteAsync("SELECT who FROM shop.t WHERE id = 1000")).Scalar);
    }

    [Fact]
    public async Task Without_a_controller_a_ring_is_recognised_and_one_member_is_written_to()
    {
        await using var cluster = await RingCluster.StartAsync(3, controlled: false);
        await cluster.UntilAsync(() => cluster.Ring == "db1 db2 db3" && cluster.View.Primary is not null, "the ring to be recognised");
        await using var gateway = await cluster.GatewayAsync();
        await gateway.QueryMultiAsync("CREATE DATABASE shop; CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY)", Ct);
        await gateway.QueryAsync("INSERT INTO shop.t VALUES ()", Ct);
        await cluster.UntilAllHaveAsync(1);
        Assert.Contains("and of its ring db2 and db3 can be written to as well", cluster.View.Reason, StringComparison.Ordinal);
        Assert.Equal(["db1", "db2", "db3"], (await cluster.GetAsync("/api/status")).GetProperty("ring").EnumerateArray().Select(static name => name.GetString()!));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Under_faults_and_writes_on_every_member_nothing_acknowledged_is_missing_in_the_end(int members)
    {
        var seed = (ulong)Random.Shared.NextInt64(1, 1_000_000);
        var faults = new RingFaults(members, rounds: 3, seed, line => TestContext.Current.TestOutputHelper?.WriteLine(line));
        await faults.RunAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {faults.Summary}");
        Assert.True(faults.Violations.Count == 0, $"seed {seed}: {faults.Summary}\n{string.Join('\n', faults.Violations)}");
    }
}
