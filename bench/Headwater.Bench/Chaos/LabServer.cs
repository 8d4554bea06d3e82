using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Headwater.Bench.Lab;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>A server of the laboratory: on a node of its own, started again by itself when it dies, as by the machine's service manager.</summary>
sealed class LabServer : IDisposable
{
    readonly Lock _guard = new();
    readonly Thread _manager;
    volatile bool _ends;
    Guarded? _process;

    public LabServer(Node node, int port, string directory, SmallDisk? disk)
    {
        (Node, Port, Directory, Disk) = (node, port, directory, disk);
        System.IO.Directory.CreateDirectory(Path.Combine(directory, "tmp"));
        File.WriteAllText(Path.Combine(directory, "server.cnf"), Settings());
        _manager = new Thread(Manage) { IsBackground = true };
    }

    public string Name => Node.Name;
    public Node Node { get; }
    public int Port { get; }
    public string Directory { get; }
    public SmallDisk? Disk { get; }
    public string Data => Path.Combine(Directory, "data");

    // A path of a socket has 107 characters at most.
    public string Socket => Path.Combine(Directory, "s");
    public string LogFile => Path.Combine(Directory, "server.log");

    /// <summary>How long its service manager waits before it starts it again.</summary>
    public TimeSpan RestartAfter { get; set; } = TimeSpan.FromSeconds(1);

    public void Start()
    {
        Launch();
        Ready(TimeSpan.FromSeconds(60));
        _manager.Start();
    }

    public void Signal(int signal)
    {
        lock (_guard) _process?.Signal(signal);
    }

    /// <summary>By the server's own root, who may write to a read-only server, and past its log.</summary>
    public SqlClient AsRoot(string? schema = ChaosLab.Schema, TimeSpan? patience = null) => SqlClient.Unix(Socket, "root", "", schema, patience);

    public string Ask(string sql)
    {
        using var root = AsRoot(patience: TimeSpan.FromMinutes(2));
        return root.Scalar(sql);
    }

    public void Ready(TimeSpan patience)
    {
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(20))
            try
            {
                using var root = AsRoot(null);
                return;
            }
            catch (Exception e) when (e is SocketException or SqlException or IOException)
            {
                if (clock.Elapsed > patience) throw new UsageException($"{Name} did not serve within {patience.TotalSeconds:0} s: {e.Message}\n{_process?.LogTail()}");
            }
    }

    void Launch()
    {
        lock (_guard)
        {
            if (_ends) return;
            _process?.Dispose();
            _process = Guarded.Start(Node.Run(["mariadbd", "--defaults-file=" + Path.Combine(Directory, "server.cnf"), .. Environment.IsPrivilegedProcess ? (string[])["--user=root"] : []]), LogFile);
        }
    }

    void Manage()
    {
        while (!_ends)
        {
            Thread.Sleep(10);
            if (_process is { IsAlive: true }) continue;
            var until = Stopwatch.GetTimestamp() + (long)(RestartAfter.TotalSeconds * Stopwatch.Frequency);
            while (!_ends && Stopwatch.GetTimestamp() < until) Thread.Sleep(5);
            Launch();
        }
    }

    // As those of headwater up, and as docs/decisions/0007 asks; read-only at every start, so that whoever comes back is nobody's primary.
    // The third starts its replication by itself, as most servers do; the others leave that to the controller.
    string Settings() => string.Create(CultureInfo.InvariantCulture, $"""
        [mariadbd]
        datadir = {Data}
        socket = {Socket}
        pid-file = {Path.Combine(Directory, "server.pid")}
        tmpdir = {Path.Combine(Directory, "tmp")}
        bind-address = {Node.Address}
        port = {Port}
        skip-name-resolve = ON
        report-host = {Node.Address}
        report-port = {Port}
        tcp-keepalive-time = 20
        tcp-keepalive-interval = 5
        tcp-keepalive-probes = 3
        max-allowed-packet = 64M
        server-id = {Node.Number}
        gtid-domain-id = 0
        gtid-strict-mode = ON
        log-bin = binlog
        binlog-format = ROW
        binlog-row-metadata = FULL
        binlog-row-event-max-size = 65536
        # A long run shall not fill the disk; nobody is away for that long.
        max-binlog-size = 16M
        binlog-expire-logs-seconds = 600
        log-slave-updates = ON
        relay-log = relay
        innodb-flush-log-at-trx-commit = 1
        sync-binlog = 1
        read-only = ON
        rpl-semi-sync-slave-enabled = OFF
        rpl-semi-sync-slave-kill-conn-timeout = 1
        {(Node.Number == 3 ? "" : "skip-slave-start = ON")}
        slave-parallel-mode = optimistic
        slave-parallel-threads = 4
        slave-net-timeout = 4
        sync-relay-log = 1
        innodb-buffer-pool-size = 64M
        innodb-log-file-size = 48M
        innodb-temp-data-file-path = ibtmp1:1M:autoextend
        performance-schema = OFF
        character-set-server = utf8mb4

        """);

    public void Dispose()
    {
        lock (_guard)
        {
            _ends = true;
            _process?.Signal(Guarded.Kill);
            _process?.Dispose();
        }
        if (_manager.IsAlive) _manager.Join();
    }
}
