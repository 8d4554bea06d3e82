using System.Text.Json;
using Headwater.Core.Topology;
using Headwater.Servers;
using Headwater.Up;
using Xunit;

namespace Headwater.IntegrationTests.Up;

public class EmbeddedClusterTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cluster_starts_from_nothing_and_its_replicas_get_what_the_primary_commits()
    {
        using var folder = new UpFolder();
        await using var cluster = await folder.StartAsync(replicas: 2);
        var application = cluster.Accounts.Application;
        await cluster.Primary.RunAsync(application, "CREATE TABLE t (id INT PRIMARY KEY)");
        await cluster.Primary.RunAsync(application, "INSERT INTO t VALUES (1), (2)");
        Assert.Equal(2, cluster.Replicas.Count());
        foreach (var replica in cluster.Replicas)
        {
            await cluster.CaughtUpAsync(replica);
            Assert.Equal("2", (await replica.RunAsync(application, "SELECT COUNT(*) FROM t")).Scalar);
            var refused = await Assert.ThrowsAsync<ServerException>(() => replica.RunAsync(application, "INSERT INTO t VALUES (3)"));
            Assert.Equal(1290, refused.Code);
        }
    }

    [Fact]
    public async Task A_commit_is_acknowledged_by_a_replica_and_only_the_primary_waits_for_it()
    {
        using var folder = new UpFolder();
        await using var cluster = await folder.StartAsync();
        var administrator = cluster.Accounts.Administrator;
        await cluster.Primary.RunAsync(administrator, "CREATE TABLE app.t (id INT PRIMARY KEY)");
        async Task<string?> Status(EmbeddedServer server, string name) => (await server.RunAsync(administrator, $"SHOW GLOBAL STATUS LIKE '{name}'")).Value(0, "Value");
        Assert.Equal("1", await Status(cluster.Primary, "Rpl_semi_sync_master_yes_tx"));
        Assert.Equal("0", await Status(cluster.Primary, "Rpl_semi_sync_master_no_tx"));
        Assert.Equal("OFF", await Status(cluster.Replicas.First(), "Rpl_semi_sync_master_status"));
        Assert.Equal("ON", await Status(cluster.Replicas.First(), "Rpl_semi_sync_slave_status"));
        Assert.Equal("AFTER_SYNC", (await cluster.Primary.RunAsync(administrator, "SELECT @@rpl_semi_sync_master_wait_point")).Scalar);
    }

    [Fact]
    public async Task The_next_start_keeps_data_roles_ports_and_passwords()
    {
        using var folder = new UpFolder();
        AccountRecord application;
        ServerAddress[] addresses;
        await using (var first = await folder.StartAsync())
        {
            application = first.Accounts.Application;
            addresses = [.. first.Servers.Select(server => server.Address)];
            await first.Primary.RunAsync(application, "CREATE TABLE t AS SELECT 42 AS answer");
        }

        await using var next = await folder.StartAsync();
        Assert.Equal(application, next.Accounts.Application);
        Assert.Equal(addresses, next.Servers.Select(server => server.Address));
        await next.CaughtUpAsync(next.Replicas.First());
        foreach (var server in next.Servers) Assert.Equal("42", (await server.RunAsync(application, "SELECT answer FROM t")).Scalar);
    }

    [Fact]
    public async Task More_replicas_than_last_time_start_with_the_primarys_data()
    {
        using var folder = new UpFolder();
        await using (var first = await folder.StartAsync(replicas: 0))
        {
            await first.Primary.RunAsync(first.Accounts.Application, "CREATE TABLE t AS SELECT 1 AS one");
            // Only a copy helps a newcomer now: the log no longer begins at the beginning.
            await first.Primary.RunAsync(first.Accounts.Administrator, "FLUSH BINARY LOGS");
            await first.Primary.RunAsync(first.Accounts.Administrator, "PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY");
        }

        await using var grown = await folder.StartAsync(replicas: 2);
        await grown.Primary.RunAsync(grown.Accounts.Application, "INSERT INTO t VALUES (2)");
        foreach (var replica in grown.Replicas)
        {
            await grown.CaughtUpAsync(replica);
            Assert.Equal("2", (await replica.RunAsync(grown.Accounts.Application, "SELECT COUNT(*) FROM t")).Scalar);
        }
    }

    [Fact]
    public async Task Run_json_tells_where_everything_is_and_is_gone_after_stop()
    {
        using var folder = new UpFolder();
        var file = Path.Combine(folder.Path, "run.json");
        await using (var cluster = await folder.StartAsync())
        {
            Assert.False(File.Exists(file));
            cluster.Publish(new RunGateway("127.0.0.1", 4406, cluster.GatewaySocket, 4480, Environment.ProcessId));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            var run = JsonDocument.Parse(await File.ReadAllTextAsync(file, Ct)).RootElement;
            Assert.Equal(4406, run.GetProperty("gateway").GetProperty("port").GetInt32());
            Assert.Equal("primary,replica", string.Join(',', run.GetProperty("servers").EnumerateArray().Select(server => server.GetProperty("role").GetString())));
            var primary = run.GetProperty("servers")[0];
            Assert.True(Directory.Exists(primary.GetProperty("data_directory").GetString()));
            var application = run.GetProperty("application");
            Assert.Equal("app", application.GetProperty("schema").GetString());
            Assert.Equal("administrator", run.GetProperty("administrator").GetProperty("user").GetString());

            // What it says is enough to get in, by TCP and by socket.
            var login = new ServerLogin(application.GetProperty("user").GetString()!, application.GetProperty("password").GetString()!, "app");
            foreach (var socket in new[] { null, primary.GetProperty("socket").GetString() })
            {
                var address = new ServerAddress(primary.GetProperty("address").GetString()!, primary.GetProperty("port").GetInt32(), socket);
                await using var connection = await ServerConnection.ConnectAsync(address, login, Ct);
                Assert.Equal(primary.GetProperty("pid").GetInt32().ToString(), (await File.ReadAllTextAsync(Path.Combine(folder.Path, "db1", "server.pid"), Ct)).Trim());
            }
        }

        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Stopping_ends_every_server()
    {
        using var folder = new UpFolder();
        var cluster = await folder.StartAsync();
        var processes = cluster.Servers.Select(server => server.Identity!.Value).ToArray();
        Assert.All(processes, process => Assert.True(process.IsAlive));
        await cluster.StopAsync();
        Assert.All(processes, process => Assert.False(process.IsAlive));
        Assert.False(File.Exists(Path.Combine(folder.Path, "processes.json")));
    }

    [Fact]
    public async Task Stopping_is_not_held_up_by_a_commit_that_no_replica_acknowledges()
    {
        using var folder = new UpFolder();
        var cluster = await folder.StartAsync();
        var administrator = cluster.Accounts.Administrator;
        await cluster.Primary.RunAsync(administrator, "CREATE TABLE app.t (id INT PRIMARY KEY)");
        await cluster.Replicas.First().RunAsync(administrator, "STOP SLAVE");
        var stuck = cluster.Primary.RunAsync(administrator, "INSERT INTO app.t VALUES (1)");
        while ((await cluster.Primary.RunAsync(administrator, "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_master_wait_sessions'")).Value(0, "Value") != "1") await Task.Delay(5, Ct);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await cluster.StopAsync();
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
        await Assert.ThrowsAnyAsync<Exception>(() => stuck);
    }

    [Fact]
    public async Task A_second_up_in_the_same_directory_is_refused_and_named_the_first()
    {
        using var folder = new UpFolder();
        await using var cluster = await folder.StartAsync(replicas: 0);
        var refused = await Assert.ThrowsAsync<UpException>(() => folder.StartAsync(replicas: 0));
        Assert.Contains($"process {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
        Assert.Equal("1", (await cluster.Primary.RunAsync(cluster.Accounts.Application, "SELECT 1")).Scalar);
    }

    [Fact]
    public async Task A_state_directory_with_a_path_too_long_for_sockets_works_all_the_same()
    {
        using var folder = new UpFolder();
        var deep = Path.Combine(folder.Path, new string('x', 60), new string('y', 60));
        await using var cluster = await UpFolder.StartAsync(folder.Options() with { Directory = deep });
        Assert.True(cluster.Primary.Address.Socket!.Length < 108);
        Assert.Equal("1", (await cluster.Primary.RunAsync(cluster.Accounts.Application, "SELECT 1")).Scalar);
    }

    [Fact]
    public async Task Each_account_may_do_what_it_is_for()
    {
        using var folder = new UpFolder();
        await using var cluster = await folder.StartAsync();
        var (application, administrator, monitor) = (cluster.Accounts.Application, cluster.Accounts.Administrator, cluster.Accounts.Monitor);
        var (primary, replica) = (cluster.Primary, cluster.Replicas.First());
        await primary.RunAsync(application, "CREATE TABLE t (id INT PRIMARY KEY)");
        await primary.RunAsync(application, "CREATE FUNCTION f() RETURNS INT RETURN 1");
        await primary.RunAsync(application, "CREATE VIEW v AS SELECT f() FROM t");
        await cluster.CaughtUpAsync(replica);

        Assert.Contains("`f`()", (await replica.RunAsync(monitor, "SELECT view_definition FROM information_schema.views WHERE table_name = 'v'")).Scalar, StringComparison.Ordinal);
        Assert.Equal("f", (await replica.RunAsync(monitor, "SELECT name FROM mysql.proc WHERE db = 'app'")).Scalar);
        Assert.Equal("Yes", (await replica.RunAsync(monitor, "SHOW SLAVE STATUS")).Value(0, "Slave_SQL_Running"));
        Assert.NotEmpty((await primary.RunAsync(monitor, "SELECT host, user, priv FROM mysql.global_priv")).Rows);
        Assert.NotEmpty((await primary.RunAsync(monitor, "SELECT @@GLOBAL.gtid_binlog_pos")).Rows);
        await Assert.ThrowsAsync<ServerException>(() => primary.RunAsync(monitor, "INSERT INTO app.t VALUES (1)"));
        await Assert.ThrowsAsync<ServerException>(() => primary.RunAsync(application, "SELECT * FROM mysql.global_priv"));
        await primary.RunAsync(administrator, "CREATE DATABASE other");
        var refused = await Assert.ThrowsAsync<ServerException>(() => replica.RunAsync(administrator, "CREATE DATABASE wrong"));
        Assert.Equal(1290, refused.Code);
    }
}
