using System.Text.Json;
using Headwater.Bench.Chaos;
using Headwater.Bench.Lab;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Upgrade;

/// <summary><c>headwater serve</c> with a controller, the log and kept results, whose process is replaced again and again.</summary>
sealed class UpgradedGateway : IEntrance, IDisposable
{
    static readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };
    readonly Account _application;
    readonly ChildProcess _first;
    readonly int _httpPort = Cluster.FreePort();
    readonly HashSet<int> _pids = [];

    public UpgradedGateway(Cluster cluster)
    {
        _application = cluster.Run.Application;
        Port = Cluster.FreePort();
        Directory = Path.Combine(cluster.Directory, "upgraded");
        System.IO.Directory.CreateDirectory(Directory);
        var config = Path.Combine(Directory, "headwater.yaml");
        var (monitor, replication) = (cluster.Monitor(), cluster.Account("replication"));
        File.WriteAllText(config, $$"""
            cluster: {{cluster.Run.Cluster}}
            state_directory: {{Directory}}
            servers:
            {{string.Join('\n', cluster.Run.Servers.Select(static server => $"  - {{ address: \"{server.Address}:{server.Port}\", name: {server.Name} }}"))}}
            monitor: { user: {{monitor.User}}, password: "{{monitor.Password}}" }
            control: { mode: act, replication_user: {{replication.User}}, replication_password: "{{replication.Password}}" }
            listeners: [ "127.0.0.1:{{Port}}", { socket: "{{Path.Combine(Directory, "sql.sock")}}" } ]
            http: { address: "127.0.0.1:{{_httpPort}}" }
            feed: { enabled: true, user: {{replication.User}}, password: "{{replication.Password}}" }
            cache: { enabled: true }
            upgrade_drain: 10m
            drain: 0s

            """);
        _first = ChildProcess.Start("headwater serve", Cluster.Program, ["serve", "--config", config], Path.Combine(cluster.Directory, "upgraded.log"));
    }

    public int Port { get; }
    public string Directory { get; }

    /// <summary>Nothing that an upgrade does excuses an error.</summary>
    public bool Excused => false;

    public SqlClient Connect(TimeSpan? patience = null) =>
        SqlClient.Tcp("127.0.0.1", Port, _application.User, _application.Password, _application.Schema, patience ?? TimeSpan.FromMinutes(1));

    /// <summary>By the command that an operator gives.</summary>
    public (int ExitCode, string Output) Upgrade() => ChildProcess.Run(Cluster.Program, ["upgrade", "--dir", Directory], TimeSpan.FromMinutes(2));

    /// <summary>Of the process that accepts; 0 while none does.</summary>
    public int Pid()
    {
        if (Status() is not { } status) return 0;
        var pid = status.GetProperty("pid").GetInt32();
        _pids.Add(pid);
        return pid;
    }

    public string? Primary => Status() is { } status && status.TryGetProperty("primary", out var primary) ? primary.GetString() : null;

    public JsonElement? Status()
    {
        try
        {
            using var status = JsonDocument.Parse(_http.GetStringAsync(new Uri($"http://127.0.0.1:{_httpPort}/api/status")).GetAwaiter().GetResult());
            return status.RootElement.Clone();
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
        {
            return null;
        }
    }

    public string Ask(string wish)
    {
        using var answer = _http.PostAsync(new Uri($"http://127.0.0.1:{_httpPort}/api/control/{wish}"), null).GetAwaiter().GetResult();
        return answer.Content.ReadAsStringAsync().GetAwaiter().GetResult();
    }

    /// <summary>How many of its processes there are.</summary>
    public int Processes => _pids.Count(Lives);

    public string LogTail() => _first.LogTail();

    static bool Lives(int pid) => System.IO.Directory.Exists($"/proc/{pid}");

    public void Dispose()
    {
        Pid();
        foreach (var pid in _pids.Where(Lives)) ChildProcess.SendSignal(pid, 15);
        for (var i = 0; i < 200 && Processes > 0; i++) Thread.Sleep(50);
        foreach (var pid in _pids.Where(Lives)) ChildProcess.SendSignal(pid, 9);
        _first.Dispose();
    }
}
