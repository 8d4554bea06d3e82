using Headwater.IntegrationTests.Fixtures;
using Headwater.IntegrationTests.Recovery;

namespace Headwater.IntegrationTests.Gateway;

/// <summary>Clients that leave in the midst of a statement.</summary>
public sealed class GoneClientTests
{
    [Fact]
    public async Task What_a_client_has_left_running_is_ended_on_the_server()
    {
        var ct = TestContext.Current.CancellationToken;
        var cluster = await SharedCluster.StartedAsync();
        var account = await cluster.FreshSchemaAsync("gone_client", ct);
        var client = await RawClient.ConnectAsync(cluster.Gateway, account, ct);
        await client.DoAsync("BEGIN", ct); // on the primary
        var runs = client.QueryAsync("SELECT SLEEP(300) AS left_running", ct);
        await using var primary = await RawClient.ConnectAsync(cluster.Primary, cluster.Administrator, ct);
        await RunningAsync("1");
        await client.DisposeAsync();
        await RunningAsync("0");
        await Assert.ThrowsAnyAsync<Exception>(() => runs);

        Task RunningAsync(string count) => Eventually.HoldsAsync(async () => await primary.ScalarAsync("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE info LIKE 'SELECT SLEEP%left_running' AND command = 'Query'", ct) == count);
    }

    [Fact]
    public async Task Whose_commits_wait_beside_theirs_is_not_told_that_all_is_well()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var cluster = await RecoveringCluster.StartAsync("propose", promise: "zero");
        await cluster.UntilAsync(() => cluster.View.Servers.FirstOrDefault(static server => server.Id.Name == "db1")?.LastAnswer?.SemiSync is { Waits: true, Acknowledgers: 1 }, "db1 to wait for db2");
        await cluster.Old.ExecuteAsync("CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)");
        await cluster.CutAsync();
        var clients = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => RawClient.ConnectAsync(cluster.Gateway, new Account("monitor", RealServer.Password, "shop"), ct)));
        var commits = new List<Task>();
        foreach (var (client, id) in clients.Select(static (client, id) => (client, id)))
        {
            commits.Add(client.DoAsync($"INSERT INTO orders VALUES ({id})", ct));
            var sent = id + 1;
            await Eventually.HoldsAsync(async () => (await cluster.Old.ExecuteAsync("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE info LIKE 'INSERT INTO orders%'")).Scalar == $"{sent}");
        }
        // Group by group, who came first waits for all of it.
        for (var gone = 0; gone < 8; gone++)
        {
            await clients[gone].DisposeAsync();
            await Task.Delay(200, ct);
        }
        Assert.All(commits.Skip(8), static commit => Assert.False(commit.IsCompleted, "told of a commit that nobody has acknowledged"));
        await cluster.New.ExecuteAsync("START SLAVE IO_THREAD");
        await Task.WhenAll(commits.Skip(8)).WaitAsync(TimeSpan.FromSeconds(20), ct);
        foreach (var client in clients) await client.DisposeAsync();
    }
}
