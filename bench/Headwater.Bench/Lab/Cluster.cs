using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text.Json;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Lab;

/// <summary><c>headwater up</c> in a directory of its own, which is gone afterwards.</summary>
sealed class Cluster : IDisposable
{
    static readonly TimeSpan _startPatience = TimeSpan.FromSeconds(90);
    static readonly ConcurrentDictionary<string, bool> _directories = new();
    static readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    readonly ChildProcess _up;
    readonly bool _keep;

    Cluster(ChildProcess up, RunInfo run, string directory, int httpPort, bool keep)
    {
        _up = up;
        Run = run;
        Directory = directory;
        HttpPort = httpPort;
        _keep = keep;
    }

    public RunInfo Run { get; private set; }
    public string Directory { get; }
    public int HttpPort { get; }
    public string LogTail() => _up.LogTail();

    /// <summary>The program to measure; scripts set it to ./headwater.</summary>
    public static string Program => Environment.GetEnvironmentVariable("HEADWATER") is { Length: > 0 } named ? named : Path.Combine(Root(), "headwater");

    public static string Root()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Headwater.slnx"))) return folder;
        throw new UsageException("Headwater.slnx is in no folder above this program; set HEADWATER to the program to measure");
    }

    /// <param name="keep">It stays, and where it is is said.</param>
    public static string FreshDirectory(string name, bool keep = false)
    {
        var path = Path.Combine(Path.GetTempPath(), $"headwater-{name}-{Environment.ProcessId}");
        if (System.IO.Directory.Exists(path)) System.IO.Directory.Delete(path, recursive: true);
        System.IO.Directory.CreateDirectory(path);
        if (keep) Console.Error.WriteLine($"  everything stays in {path}");
        else _directories[path] = true;
        return path;
    }

    /// <param name="controlled">With a controller, which would put right what a measurement does to the servers.</param>
    public static Cluster Start(string name, int replicas = 2, bool keep = false, bool controlled = false, bool caches = false, bool witness = false, int? audited = null)
    {
        return StartIn(FreshDirectory(name, keep), replicas, keep, controlled, caches, witness, audited);
    }

    public static Cluster StartIn(string directory, int replicas, bool keep, bool controlled = true, bool caches = false, bool witness = false, int? audited = null)
    {
        var (port, http) = (FreePort(), FreePort());
        var up = ChildProcess.Start("headwater up", Program,
            ["up", "--dir", Path.Combine(directory, "state"), "--replicas", $"{replicas}", "--port", $"{port}", "--http", $"{http}", "--plain", "--control", controlled ? "act" : "off", .. caches ? (string[])["--cache"] : [], .. witness ? (string[])["--witness"] : [], .. audited is { } reads ? (string[])["--audit", $"{reads}"] : []], Path.Combine(directory, "up.log"));
        try
        {
            var clock = Stopwatch.StartNew();
            while (true)
            {
                if (RunInfo.TryRead(Path.Combine(directory, "state", "run.json")) is { } run) return new Cluster(up, run, directory, run.Gateway.HttpPort ?? http, keep);
                if (up.HasExited) throw new UsageException($"headwater up ended before it served. It said:\n{up.LogTail()}");
                if (clock.Elapsed > _startPatience) throw new UsageException($"headwater up did not serve within {_startPatience.TotalSeconds:0} s. It said:\n{up.LogTail()}");
                Thread.Sleep(2);
            }
        }
        catch
        {
            up.Dispose();
            throw;
        }
    }

    /// <summary>Reads run.json again: a server that was started anew has another process id.</summary>
    public RunInfo Refresh() => Run = RunInfo.TryRead(Path.Combine(Directory, "state", "run.json")) ?? Run;

    public SqlClient ThroughGateway(Account? account = null, TimeSpan? patience = null)
    {
        account ??= Run.Application;
        return SqlClient.Tcp(Run.Gateway.Address, Run.Gateway.Port, account.User, account.Password, account.Schema, patience);
    }

    public SqlClient Directly(ServerInfo server, Account? account = null, TimeSpan? patience = null)
    {
        account ??= Run.Application;
        return SqlClient.Tcp(server.Address, server.Port, account.User, account.Password, account.Schema, patience);
    }

    /// <summary>The server's own root, by its socket: may write to a read-only replica, and writes past its log.</summary>
    public static SqlClient AsRoot(ServerInfo server, string? schema = null) => SqlClient.Unix(server.Socket, "root", "", schema);

    /// <summary>The monitoring account of the state directory, for a second gateway before the same servers.</summary>
    public Account Monitor() => Account("monitor");

    /// <summary>An account of the state directory, by its purpose.</summary>
    public Account Account(string purpose)
    {
        using var accounts = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Directory, "state", "accounts.json")));
        var account = accounts.RootElement.GetProperty(purpose);
        return new Account(account.GetProperty("user").GetString()!, account.GetProperty("password").GetString()!, null);
    }

    public Metrics Metrics() => Metrics(HttpPort);

    public static Metrics Metrics(int httpPort) => Lab.Metrics.Parse(Get(httpPort, "/metrics"));

    /// <summary>A page of a gateway's API.</summary>
    public static string Get(int httpPort, string path) => _http.GetStringAsync(new Uri($"http://127.0.0.1:{httpPort}{path}")).GetAwaiter().GetResult();

    /// <summary>An operator's wish, which has to be granted.</summary>
    public static void Post(int httpPort, string path)
    {
        using var answer = _http.PostAsync(new Uri($"http://127.0.0.1:{httpPort}{path}"), null).GetAwaiter().GetResult();
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Waits until every replica has applied what the primary has logged.</summary>
    /// <param name="name">The primary's name; null: as run.json says.</param>
    public void WaitForReplicas(string? name = null)
    {
        name ??= Run.Primary.Name;
        using var primary = Directly(Run.Servers.First(server => server.Name == name), Run.Administrator);
        var position = primary.Scalar("SELECT @@GLOBAL.gtid_binlog_pos");
        foreach (var server in Run.Servers.Where(server => server.Name != name))
        {
            using var replica = Directly(server, Run.Administrator, TimeSpan.FromSeconds(90));
            if (replica.Scalar($"SELECT MASTER_GTID_WAIT('{position}', 60)") != "0") throw new UsageException($"{server.Name} did not reach {position} within 60 s");
        }
    }

    /// <summary>For a program that is told to end in the middle.</summary>
    public static void DeleteAll()
    {
        foreach (var directory in _directories.Keys)
            if (System.IO.Directory.Exists(directory)) System.IO.Directory.Delete(directory, recursive: true);
    }

    public TimeSpan Stop() => _up.Stop(TimeSpan.FromSeconds(30));

    public void Dispose()
    {
        _up.Dispose();
        if (!_keep) System.IO.Directory.Delete(Directory, recursive: true);
    }

    public static int FreePort()
    {
        // Given back at once; somebody else could take it in between, which is seen as a start that fails.
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
