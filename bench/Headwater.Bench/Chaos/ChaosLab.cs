using System.Diagnostics;
using Headwater.Bench.Lab;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>
/// Three or more servers, a gateway with the controller and one without, each on a node of its own: what faults are done to. The servers are configured as
/// headwater up does it, but are nobody's children: what is to be put right, the controller must put right.
/// </summary>
sealed class ChaosLab : IDisposable
{
    public const string Schema = "app", Application = "application";
    const string Monitor = "headwater_monitor", Replication = "headwater_replication", Recovery = "headwater_recovery", Administrator = "administrator";
    const int DiskMegabytes = 1000;

    // A server that waits for room on its disk looks again after a minute.
    const int CatchUpSeconds = 75;
    readonly bool _keep;
    readonly List<SmallDisk> _disks = [];
    readonly Node? _store;
    readonly int _storePort;
    Guarded? _etcd;

    ChaosLab(int servers, bool keep, bool shared)
    {
        _keep = keep;
        Directory = Cluster.FreshDirectory("bench-chaos", keep);
        Network = new Network(Network.Permitted());
        try
        {
            Servers = [.. Enumerable.Range(1, servers).Select(number => Server(number))];
            _store = shared ? Network.Add("etcd", 13) : null;
            _storePort = Network.Own ? 2379 : Cluster.FreePort();
            Gateways = [Gateway("gateway1", 11, control: true), Gateway("gateway2", 12, control: shared)];
        }
        catch
        {
            Network.Dispose();
            throw;
        }
    }

    public string Directory { get; }
    public Network Network { get; }
    public IReadOnlyList<LabServer> Servers { get; }

    public IReadOnlyList<LabGateway> Gateways { get; }

    /// <summary>The gateway whose controller acts; where both share a lease and nobody holds it, the first.</summary>
    public LabGateway Controlling => _store is null ? Gateways[0] : Gateways.FirstOrDefault(static gateway => gateway.Status() is { Acts: true }) ?? Gateways[0];
    public LabServer Server(string? name) => Servers.First(server => server.Name == name);

    // All on such a disk or none: a server that syncs for nothing beside others that wait for a real disk would be no cluster.
    LabServer Server(int number)
    {
        var directory = Path.Combine(Directory, $"db{number}");
        var disk = Network.Own ? SmallDisk.TryMount(directory, DiskMegabytes) : null;
        if (disk is not null) _disks.Add(disk);
        return new LabServer(Network.Add($"db{number}", number), Network.Own ? 3306 : Cluster.FreePort(), directory, disk);
    }

    /// <param name="shared">The other gateway is a controller too: both share a lease in an etcd on a node of its own, and follow one record.</param>
    public static ChaosLab Start(int replicas, bool keep, bool shared = false)
    {
        var lab = new ChaosLab(replicas + 1, keep, shared);
        try
        {
            lab.Prepare();
            return lab;
        }
        catch
        {
            lab.Dispose();
            throw;
        }
    }

    void Prepare()
    {
        var template = Path.Combine(Directory, "template");
        string[] user = Environment.IsPrivilegedProcess ? ["--user=root"] : [];
        Must("mariadb-install-db", ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=4M", $"--datadir={template}", $"--tmpdir={Directory}", .. user]);
        foreach (var server in Servers) Must("cp", ["-a", template, server.Data]);
        System.IO.Directory.Delete(template, recursive: true);
        Parallel.ForEach(Servers, server =>
        {
            server.Start();
            using var root = server.AsRoot(null);
            foreach (var statement in Accounts) root.Query(statement);
            if (server == Servers[0]) root.Query("SET GLOBAL read_only = OFF");
        });
        foreach (var replica in Servers.Skip(1))
        {
            using var root = replica.AsRoot(null);
            root.Query($"CHANGE MASTER TO MASTER_HOST = '{Servers[0].Node.Address}', MASTER_PORT = {Servers[0].Port}, MASTER_USER = '{Replication}', MASTER_PASSWORD = '{Replication}', MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = 0.5, MASTER_USE_GTID = slave_pos");
            root.Query("START SLAVE");
        }
        if (_store is not null) StartEtcd();
        Gateways[0].Start();
        // The first takes the lease, and keeps it while it lives.
        if (_store is not null) Await(() => Gateways[0].Status() is { Acts: true }, "gateway1 did not take the lease");
        Gateways[1].Start();
        foreach (var gateway in Gateways) gateway.WaitUntilReady(TimeSpan.FromSeconds(60));
        if (HealedWithin(TimeSpan.FromSeconds(60)) is null) throw new UsageException($"the cluster was not in order within 60 s of its start:\n{Controlling.Status()?.Text}");
    }

    void StartEtcd()
    {
        var (clients, peers) = ($"http://{_store!.Address}:{_storePort}", $"http://{_store.Address}:{_storePort + 1}");
        _etcd = Guarded.Start(_store.Run(["etcd", "--name", "m0", "--data-dir", Path.Combine(Directory, "etcd"), "--logger", "zap", "--listen-client-urls", clients, "--advertise-client-urls", clients,
            "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", $"m0={peers}"]), Path.Combine(Directory, "etcd.log"));
    }

    static void Await(Func<bool> holds, string otherwise)
    {
        for (var clock = Stopwatch.StartNew(); !holds(); Thread.Sleep(50))
            if (clock.Elapsed > TimeSpan.FromSeconds(60)) throw new UsageException($"{otherwise} within 60 s");
    }

    // The rights that the documentation asks for, no more.
    static IEnumerable<string> Accounts =>
    [
        "SET sql_log_bin = 0",
        .. ((string[])[Application, Administrator, Monitor, Replication, Recovery]).Select(static name => $"CREATE USER {name}@'%' IDENTIFIED BY '{name}'"),
        $"CREATE DATABASE {Schema}",
        $"GRANT ALL PRIVILEGES ON {Schema}.* TO {Application}@'%'",
        $"GRANT CONNECTION ADMIN ON *.* TO {Administrator}@'%'",
        $"GRANT SELECT, PROCESS, SHOW DATABASES, SHOW VIEW, BINLOG MONITOR, REPLICA MONITOR, CONNECTION ADMIN, READ_ONLY ADMIN, REPLICATION MASTER ADMIN, REPLICATION REPLICA ADMIN, REPLICATION REPLICA, BINLOG ADMIN, RELOAD ON *.* TO {Monitor}@'%'",
        $"GRANT REPLICATION REPLICA ON *.* TO {Replication}@'%'",
        $"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, PROCESS, TRIGGER, BINLOG MONITOR, REPLICA MONITOR, READ_ONLY ADMIN, REPLICATION MASTER ADMIN, REPLICATION REPLICA ADMIN, REPLICATION REPLICA, BINLOG ADMIN, BINLOG REPLAY, RELOAD ON *.* TO {Recovery}@'%'",
    ];

    string Lease => _store is null ? "" : $" lease: etcd, etcd: {{ endpoints: [\"http://{_store.Address}:{_storePort}\"] }},";

    LabGateway Gateway(string name, int number, bool control)
    {
        var node = Network.Add(name, number);
        var (port, http) = Network.Own ? (4000, 8080) : (Cluster.FreePort(), Cluster.FreePort());
        var directory = Path.Combine(Directory, name);
        return new LabGateway(node, port, http, directory, $$"""
            cluster: chaos
            state_directory: {{directory}}
            drain: 1s
            servers:
            {{string.Join('\n', Servers.Select(static server => $"  - {{ address: \"{server.Node.Address}:{server.Port}\", name: {server.Name} }}"))}}
            monitor: { user: {{Monitor}}, password: {{Monitor}} }
            {{(control ? $"control: {{ mode: act,{Lease} rpo: zero, recover: auto, replication_user: {Replication}, replication_password: {Replication}, recovery_user: {Recovery}, recovery_password: {Recovery} }}" : "")}}
            listeners: [{ address: "{{node.Address}}:{{port}}" }]
            http: { address: "127.0.0.1:{{http}}" }

            """);
    }

    /// <summary>An account of the application's, or (<paramref name="super"/>) one that may take the slot kept for administrators, past the gateways.</summary>
    public static SqlClient Directly(LabServer server, bool super = false) =>
        SqlClient.Tcp(server.Node.Address, server.Port, super ? Administrator : Application, super ? Administrator : Application, null, TimeSpan.FromSeconds(5));

    /// <summary>
    /// Seconds until there is one primary in everybody's eyes, every server is up and follows it, every session writes again, and all that stays so for a moment;
    /// null when that takes too long.
    /// </summary>
    public double? HealedWithin(TimeSpan limit, ChaosLoad? load = null)
    {
        var begun = Stopwatch.GetTimestamp();
        long? since = null;
        var late = false;
        while (Stopwatch.GetElapsedTime(begun) < limit)
        {
            if (IsHealthy()) since ??= Stopwatch.GetTimestamp();
            else since = null;
            // A server that has just been killed is still believed in for a moment.
            if (since is { } healthy && Stopwatch.GetElapsedTime(healthy).TotalSeconds > 1.2)
            {
                if (load is null || load.WrittenByAll() >= healthy) return Stopwatch.GetElapsedTime(begun, late ? Stopwatch.GetTimestamp() : healthy).TotalSeconds;
                late = true;
            }
            Thread.Sleep(50);
        }
        return null;
    }

    bool IsHealthy() => Gateways[0].Status() is { Healthy: true, Changing: false } one && Gateways[1].Status() is { Healthy: true, Changing: false } other && one.Primary == other.Primary && (one.Acts || other.Acts);

    /// <summary>Waits until every server has applied what the primary has logged.</summary>
    public void WaitForReplicas()
    {
        if (NotCaughtUp() is { } why) throw new UsageException(why);
    }

    /// <summary>Who does not reach what the primary has logged; null when everybody has.</summary>
    public string? NotCaughtUp()
    {
        var primary = Server(Controlling.Status()?.Primary);
        var position = primary.Ask("SELECT @@GLOBAL.gtid_binlog_pos");
        foreach (var server in Servers.Where(server => server != primary))
            if (server.Ask($"SELECT MASTER_GTID_WAIT('{position}', {CatchUpSeconds})") != "0") return $"{server.Name} did not reach {position} within {CatchUpSeconds} s";
        return null;
    }

    /// <summary>What the controller wrote down last, for a report of what went wrong.</summary>
    public IEnumerable<string> Journal(int lines)
    {
        var file = Path.Combine(Controlling.Directory, "control.journal");
        return File.Exists(file) ? File.ReadLines(file).TakeLast(lines) : [];
    }

    static void Must(string program, IEnumerable<string> arguments)
    {
        var (exitCode, output) = ChildProcess.Run(program, arguments, TimeSpan.FromSeconds(120));
        if (exitCode != 0) throw new UsageException($"{program} ended with {exitCode}: {output}");
    }

    public void Dispose()
    {
        foreach (var gateway in Gateways) gateway.Dispose();
        _etcd?.Dispose();
        Parallel.ForEach(Servers, static server => server.Dispose());
        Network.Dispose();
        if (_keep && _disks.Count > 0)
            foreach (var server in Servers) Must("cp", ["-a", server.Directory, server.Directory + ".kept"]);
        _disks.ForEach(static disk => disk.Dispose());
        if (!_keep) System.IO.Directory.Delete(Directory, recursive: true);
    }
}
