using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Headwater.Up;
using Xunit;

namespace Headwater.IntegrationTests.Up;

public class EmbeddedClusterTroubleTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_left_by_a_crash_is_stopped_and_its_data_kept()
    {
        using var folder = new UpFolder();
        var server = await StoppedServerAsync(folder);
        using var left = Launch(server);
        await left.ReadyAsync();
        var identity = left.Identity;
        StateDirectory.Write(Path.Combine(folder.Path, "processes.json"), [new ProcessRecord("db1", identity.Pid, identity.StartTicks, server.Folder.Data)], UpJson.Default.ListProcessRecord);
        await using var cluster = await folder.StartAsync(replicas: 0);
        Assert.False(identity.IsAlive);
        Assert.Equal("7", (await cluster.Primary.RunAsync(cluster.Accounts.Application, "SELECT id FROM t")).Scalar);
    }

    /// <summary>The same process id was written down, but not the same start time, or not the same data: a stranger got the id.</summary>
    [Theory]
    [InlineData("start time")]
    [InlineData("data directory")]
    public async Task A_server_that_it_did_not_start_is_never_touched(string different)
    {
        using var folder = new UpFolder();
        using var elsewhere = new UpFolder();
        _ = await StoppedServerAsync(folder);
        var stranger = await StoppedServerAsync(elsewhere);
        using var foreign = Launch(stranger);
        await foreign.ReadyAsync();
        var (ticks, data) = different == "start time" ? (foreign.Identity.StartTicks + 1, stranger.Folder.Data) : (foreign.Identity.StartTicks, Path.Combine(folder.Path, "db1", "data"));
        StateDirectory.Write(Path.Combine(folder.Path, "processes.json"), [new ProcessRecord("db1", foreign.Identity.Pid, ticks, data)], UpJson.Default.ListProcessRecord);
        await using (await folder.StartAsync(replicas: 0)) Assert.True(foreign.Identity.IsAlive);
        Assert.True(foreign.Identity.IsAlive);
    }

    [Fact]
    public async Task A_foreign_server_on_our_data_is_reported_and_not_touched()
    {
        using var folder = new UpFolder();
        var server = await StoppedServerAsync(folder);
        using var foreign = Launch(server);
        await foreign.ReadyAsync();
        var refused = await Assert.ThrowsAsync<UpException>(() => folder.StartAsync(replicas: 0));
        Assert.Contains("Another server, which this headwater did not start", refused.Message, StringComparison.Ordinal);
        Assert.True(foreign.Identity.IsAlive);
    }

    [Fact]
    public async Task A_killed_server_is_started_again_and_replicates_on()
    {
        using var folder = new UpFolder();
        await using var cluster = await UpFolder.StartAsync(folder.Options() with { RestartAfter = TimeSpan.FromMilliseconds(50) });
        cluster.Publish(new RunGateway("127.0.0.1", 4406, null, null, Environment.ProcessId));
        await cluster.Primary.RunAsync(cluster.Accounts.Application, "CREATE TABLE t (id INT PRIMARY KEY)");
        foreach (var server in cluster.Servers)
        {
            var killed = server.Identity!.Value;
            killed.Signal(ProcessIdentity.Kill);
            while (server.Identity == killed || !server.IsRunning || File.ReadAllText(Path.Combine(folder.Path, "run.json")).Contains($"\"pid\": {killed.Pid}", StringComparison.Ordinal))
                await Task.Delay(10, Ct);
            await server.ReadyAsync(cluster.Accounts.Administrator, TimeSpan.FromSeconds(10), TimeProvider.System, Ct);
        }

        // Waits for an acknowledgement, so the replica is there again.
        await cluster.Primary.RunAsync(cluster.Accounts.Application, "INSERT INTO t VALUES (1)");
        await cluster.CaughtUpAsync(cluster.Replicas.First());
        Assert.Equal("1", (await cluster.Replicas.First().RunAsync(cluster.Accounts.Application, "SELECT COUNT(*) FROM t")).Scalar);
    }

    [Fact]
    public async Task A_replica_with_another_history_is_put_aside_and_copied_anew()
    {
        using var folder = new UpFolder();
        await using (var cluster = await folder.StartAsync())
        {
            var (replica, administrator) = (cluster.Replicas.First(), cluster.Accounts.Administrator);
            await cluster.Primary.RunAsync(administrator, "CREATE TABLE app.t (id INT PRIMARY KEY)");
            await cluster.CaughtUpAsync(replica);
            await replica.RunAsync(administrator, "STOP SLAVE");
            // Nobody but root at the socket may do this.
            using (var root = Process.Start("mariadb", ["--no-defaults", "--socket=" + replica.Folder.Socket, "--execute=SET GLOBAL read_only = OFF"])) await root.WaitForExitAsync(Ct);
            await replica.RunAsync(administrator, "INSERT INTO app.t VALUES (666)");
            await cluster.Primary.RunAsync(administrator, "SET GLOBAL rpl_semi_sync_master_enabled = OFF");
            await cluster.Primary.RunAsync(administrator, "INSERT INTO app.t VALUES (1)");
            await cluster.Primary.RunAsync(administrator, "INSERT INTO app.t VALUES (2)");
        }

        await using var again = await folder.StartAsync();
        await again.Primary.RunAsync(again.Accounts.Application, "INSERT INTO t VALUES (3)");
        await again.CaughtUpAsync(again.Replicas.First());
        var rows = await again.Replicas.First().RunAsync(again.Accounts.Application, "SELECT id FROM t ORDER BY id");
        Assert.Equal("1,2,3", string.Join(',', rows.Rows.Select(row => row[0])));
        Assert.Single(Directory.GetDirectories(Path.Combine(folder.Path, "db2"), "data.replaced-*"));
    }

    [Fact]
    public async Task A_remembered_port_that_somebody_took_is_replaced()
    {
        using var folder = new UpFolder();
        int port;
        await using (var first = await folder.StartAsync()) port = first.Primary.Address.Port;
        using var squatter = new TcpListener(IPAddress.Loopback, port);
        squatter.Start();
        await using var cluster = await folder.StartAsync();
        Assert.NotEqual(port, cluster.Primary.Address.Port);
        await cluster.Primary.RunAsync(cluster.Accounts.Application, "CREATE TABLE t (id INT PRIMARY KEY)");
        await cluster.CaughtUpAsync(cluster.Replicas.First());
    }

    [Fact]
    public async Task A_server_that_does_not_come_up_is_reported_with_its_own_words_and_nothing_is_left_running()
    {
        using var folder = new UpFolder();
        var server = await StoppedServerAsync(folder);
        await File.WriteAllTextAsync(Path.Combine(server.Folder.Data, "ibdata1"), "not a tablespace", Ct);
        var refused = await Assert.ThrowsAsync<UpException>(() => folder.StartAsync(replicas: 1));
        Assert.Contains("db1 ended with", refused.Message, StringComparison.Ordinal);
        Assert.Contains("[ERROR]", refused.Message, StringComparison.Ordinal);
        Assert.Empty(RunningOn(folder.Path));
    }

    [Fact]
    public async Task Data_of_another_series_is_refused()
    {
        using var folder = new UpFolder();
        _ = await StoppedServerAsync(folder);
        var file = Path.Combine(folder.Path, "cluster.json");
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, Ct)).Replace("\"10.", "\"9.", StringComparison.Ordinal).Replace("\"11.", "\"9.", StringComparison.Ordinal), Ct);
        var refused = await Assert.ThrowsAsync<UpException>(() => folder.StartAsync(replicas: 0));
        Assert.Contains("was made by MariaDB 9.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_state_directory_that_cannot_be_made_is_reported_with_what_to_do()
    {
        using var folder = new UpFolder();
        var file = Path.Combine(folder.Path, "file");
        await File.WriteAllTextAsync(file, "", Ct);
        var refused = await Assert.ThrowsAsync<UpException>(() => UpFolder.StartAsync(folder.Options() with { Directory = Path.Combine(file, "state") }));
        Assert.Contains("--dir", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_primary_that_lost_its_data_is_not_replaced_by_an_empty_one()
    {
        using var folder = new UpFolder();
        await using (await folder.StartAsync()) { }
        Directory.Move(Path.Combine(folder.Path, "db1", "data"), Path.Combine(folder.Path, "lost"));
        var refused = await Assert.ThrowsAsync<UpException>(() => folder.StartAsync());
        Assert.Contains("has lost its data directory", refused.Message, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(folder.Path, "db2", "data")));
    }

    [Fact]
    public void A_zombie_is_not_alive()
    {
        // sh starts a child that ends at once and never asks for it.
        using var parent = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "sleep 0.01 & echo $!; exec sleep 5"]) { RedirectStandardOutput = true })!;
        var pid = int.Parse(parent.StandardOutput.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);
        var watch = Stopwatch.StartNew();
        while (!File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal) && watch.Elapsed < TimeSpan.FromSeconds(4)) Thread.Sleep(2);
        Assert.Null(ProcessIdentity.Of(pid));
        parent.Kill();
    }

    static async Task<EmbeddedServer> StoppedServerAsync(UpFolder folder)
    {
        await using var cluster = await folder.StartAsync(replicas: 0);
        await cluster.Primary.RunAsync(cluster.Accounts.Application, "CREATE TABLE t AS SELECT 7 AS id");
        return cluster.Primary;
    }

    static string[] RunningOn(string path) =>
        [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out var pid) && Enumerable.Range(1, 2).Any(n => new ProcessIdentity(pid, 0).HasArgument($"--datadir={path}/db{n}/data")))!];

    static LooseServer Launch(EmbeddedServer server) => new(server);

    /// <summary>A server that the test starts by hand, as somebody else, or a headwater that died, would have.</summary>
    sealed class LooseServer(EmbeddedServer server) : IDisposable
    {
        readonly Process _process = Process.Start(new ProcessStartInfo(MariaDbInstallation.Find().Server,
            ["--defaults-file=" + server.Folder.Settings, "--datadir=" + server.Folder.Data, .. FirstData.RunAs])
        { RedirectStandardError = true })!;

        public ProcessIdentity Identity => ProcessIdentity.Of(_process.Id) ?? throw new InvalidOperationException("it is gone");

        public async Task ReadyAsync()
        {
            while (true)
            {
                using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(server.Folder.Socket), Ct);
                    if (await socket.ReceiveAsync(new byte[1], Ct) == 1) return;
                }
                catch (SocketException)
                {
                    Assert.False(_process.HasExited, server.Folder.LogTail(0));
                }

                await Task.Delay(10, Ct);
            }
        }

        public void Dispose()
        {
            if (!_process.HasExited) _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
