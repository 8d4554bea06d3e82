using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.IntegrationTests;

/// <summary>
/// A MariaDB server that a test starts, stops, freezes and kills, in a directory of its own under the system's temporary one.
/// A shell stands between: it kills the server when the test process goes away, however that happens.
/// </summary>
sealed class RealServer : IAsyncDisposable
{
    public const string Password = "monitor's secret";
    const string Watch = "exec 2>/dev/null; \"$@\" >>error.log 2>&1 </dev/null & p=$!; echo $p; read _; kill -9 $p 2>/dev/null; wait $p";
    static readonly Lazy<Task<string>> Template = new(InstallAsync);
    readonly string _directory;
    readonly string[] _options;
    Process? _shell;

    RealServer(string directory, int id, int port, string[] options) => (_directory, Id, Port, _options) = (directory, id, port, options);

    public int Id { get; }
    public int Port { get; }
    public int Pid { get; private set; }
    public string Directory => _directory;
    public string SocketPath => Path.Combine(_directory, "s");
    public ServerAddress Address => new("127.0.0.1", Port);
    public ServerAddress Local => new("localhost", Port, SocketPath);
    public ServerLogin Login => new("monitor", Password);

    public static async Task<RealServer> StartAsync(int id = 1, params string[] options)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("headwater-test-").FullName;
        await RunAsync("cp", "-a", await Template.Value, Path.Combine(directory, "data"));
        var server = new RealServer(directory, id, FreePort(), options);
        await server.StartAgainAsync();
        await using var root = await ServerConnection.ConnectAsync(server.Local, new ServerLogin("root", ""), default);
        await root.QueryMultiAsync($"""
            SET sql_log_bin=0;
            CREATE OR REPLACE USER monitor@'%' IDENTIFIED BY '{Password.Replace("'", "''", StringComparison.Ordinal)}';
            GRANT ALL ON *.* TO monitor@'%' WITH GRANT OPTION;
            """, default);
        return server;
    }

    /// <summary>A primary and <paramref name="replicas"/> servers that replicate from it, GTIDs strict, all caught up.</summary>
    public static async Task<RealServer[]> StartClusterAsync(int replicas)
    {
        var servers = await Task.WhenAll(Enumerable.Range(1, replicas + 1).Select(id => StartAsync(id, id == 1 ? [] : ["--read-only=1"])));
        foreach (var replica in servers.Skip(1)) await replica.FollowAsync(servers[0]);
        return servers;
    }

    public async Task FollowAsync(RealServer source)
    {
        await ExecuteAsync($"""
            CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.Port}, MASTER_USER='monitor', MASTER_PASSWORD='{Password.Replace("'", "''", StringComparison.Ordinal)}', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1;
            START SLAVE;
            """);
    }

    public Task<ServerConnection> ConnectAsync() => ServerConnection.ConnectAsync(Address, Login, default);

    public async Task<QueryResult> ExecuteAsync(string sql)
    {
        await using var connection = await ServerConnection.ConnectAsync(Local, Login, default);
        return await connection.QueryAsync(sql, default);
    }

    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = _directory, RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] arguments =
        [
            "-c", Watch, "sh", "/usr/sbin/mariadbd", "--no-defaults", $"--datadir={_directory}/data", $"--socket={SocketPath}", $"--port={Port}", $"--server-id={Id}",
            "--bind-address=127.0.0.1", "--skip-name-resolve", "--log-bin=bin", "--log-slave-updates=1", "--gtid-strict-mode=1", "--binlog-format=ROW",
            "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=16M", "--innodb-flush-log-at-trx-commit=0", "--performance-schema=0", "--slave-net-timeout=5",
            // a server that starts deletes every temporary table in its tmpdir, also another server's
            $"--tmpdir={_directory}",
            $"--report-host=127.0.0.1", $"--report-port={Port}", "--max-allowed-packet=64M",
            .. geteuid() == 0 ? (string[])["--user=root"] : [], .. _options,
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        _shell = Process.Start(start)!;
        Pid = int.Parse((await _shell.StandardOutput.ReadLineAsync())!, System.Globalization.CultureInfo.InvariantCulture);
        for (var deadline = Stopwatch.StartNew(); ;)
        {
            try
            {
                await using var connection = await ServerConnection.ConnectAsync(Local, new ServerLogin("root", ""), default);
                return;
            }
            catch (Exception) when (deadline.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(20);
            }
        }
    }

    /// <summary>Returns when every thread stands still: a signal sent is not yet a process stopped, and a thread on another processor may still answer.</summary>
    public void Freeze()
    {
        Signal(19);
        while (System.IO.Directory.GetDirectories($"/proc/{Pid}/task").Any(IsRunning)) Thread.Yield();
    }

    /// <summary>proc(5): the state stands behind the name, which ends with the last parenthesis. A thread that has just ended does not run.</summary>
    static bool IsRunning(string task)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(task, "stat"));
            return stat[stat.LastIndexOf(')') + 2] is not ('T' or 'Z');
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Thaw() => Signal(18);

    /// <summary>As the power cord does it.</summary>
    public async Task KillAsync()
    {
        Signal(9);
        await EndShellAsync();
    }

    public async Task StopAsync()
    {
        await ExecuteAsync("SHUTDOWN");
        while (System.IO.Directory.Exists($"/proc/{Pid}") && kill(Pid, 0) == 0 && !File.ReadAllText($"/proc/{Pid}/stat").Contains(") Z ", StringComparison.Ordinal)) await Task.Delay(10);
        await EndShellAsync();
    }

    async Task EndShellAsync()
    {
        if (_shell is null) return;
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync();
        _shell.Dispose();
        _shell = null;
    }

    public async ValueTask DisposeAsync()
    {
        await EndShellAsync();
        System.IO.Directory.Delete(_directory, recursive: true);
    }

    void Signal(int signal)
    {
        if (_shell is not null) _ = kill(Pid, signal);
    }

    static int FreePort()
    {
        using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    static async Task<string> InstallAsync()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("headwater-test-template-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.Directory.Delete(directory, recursive: true);
        string[] user = geteuid() == 0 ? ["--user=root"] : [];
        await RunAsync("mariadb-install-db", ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", $"--datadir={directory}/data", $"--tmpdir={directory}", .. user]);
        return $"{directory}/data";
    }

    static async Task RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {errors}{await output}");
    }

    [DllImport("libc")]
    static extern int kill(int pid, int signal);

    [DllImport("libc")]
    static extern uint geteuid();
}
