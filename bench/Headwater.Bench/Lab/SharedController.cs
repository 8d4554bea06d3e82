using System.Text.Json;
using Headwater.Bench.Chaos;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Lab;

/// <summary><c>headwater serve</c> with a controller that shares its lease with others: as on one of several machines. Killed, it is started again as it was.</summary>
sealed class SharedController : IEntrance, IDisposable
{
    static readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    readonly string _config;
    readonly string _log;
    readonly int _httpPort = Cluster.FreePort();
    readonly Wire[] _toEtcd;
    readonly Account _application;
    ChildProcess? _serve;

    public SharedController(Cluster cluster, Etcd etcd, string name)
    {
        (Name, _application) = (name, cluster.Run.Application);
        _toEtcd = [.. etcd.Ports.Select(static port => new Wire(port))];
        Port = Cluster.FreePort();
        Directory = Path.Combine(cluster.Directory, name);
        System.IO.Directory.CreateDirectory(Directory);
        _config = Path.Combine(Directory, "headwater.yaml");
        _log = Path.Combine(cluster.Directory, name + ".log");
        var (monitor, replication, recovery) = (cluster.Account("monitor"), cluster.Account("replication"), cluster.Account("recovery"));
        File.WriteAllText(_config, $$"""
            cluster: {{cluster.Run.Cluster}}
            state_directory: {{Directory}}
            servers:
            {{string.Join('\n', cluster.Run.Servers.Select(static server => $"  - {{ address: \"{server.Address}:{server.Port}\", name: {server.Name} }}"))}}
            monitor: { user: {{monitor.User}}, password: "{{monitor.Password}}" }
            control:
              mode: act
              replication_user: {{replication.User}}
              replication_password: "{{replication.Password}}"
              recovery_user: {{recovery.User}}
              recovery_password: "{{recovery.Password}}"
              lease: etcd
              etcd: { endpoints: [{{string.Join(", ", _toEtcd.Select(static wire => $"http://127.0.0.1:{wire.Port}"))}}] }
            listeners: [ "127.0.0.1:{{Port}}" ]
            http: { address: "127.0.0.1:{{_httpPort}}" }
            drain: 0s

            """);
        Start();
    }

    public string Name { get; }
    public int Port { get; }

    /// <summary>It is killed, but nobody asks of its sessions that they live on.</summary>
    public bool Excused => false;

    public SqlClient Connect(TimeSpan? patience = null) =>
        SqlClient.Tcp("127.0.0.1", Port, _application.User, _application.Password, _application.Schema, patience ?? TimeSpan.FromMinutes(2));
    public string Directory { get; }
    public int Pid => _serve!.Id;
    public bool IsStopped { get; private set; }

    public void Start()
    {
        if (_serve is { HasExited: false }) return;
        _serve?.Dispose();
        _serve = ChildProcess.Start($"headwater serve ({Name})", Cluster.Program, ["serve", "--config", _config], _log);
    }

    public void Kill() => ChildProcess.SendSignal(Pid, 9);

    public void Stop()
    {
        IsStopped = true;
        ChildProcess.SendSignal(Pid, 19);
    }

    public void Continue()
    {
        if (!IsStopped) return;
        IsStopped = false;
        ChildProcess.SendSignal(Pid, 18);
    }

    /// <summary>Its packets to etcd and back are dropped; the servers and its clients it still sees.</summary>
    public void CutOff()
    {
        foreach (var wire in _toEtcd) wire.Cut();
    }

    public void Mend()
    {
        foreach (var wire in _toEtcd) wire.Mend();
    }

    /// <summary>Null while it does not answer.</summary>
    public JsonElement? Status()
    {
        if (IsStopped || _serve is not { HasExited: false }) return null;
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

    public string? Primary => Status() is { } status && status.TryGetProperty("primary", out var primary) ? primary.GetString() : null;

    public bool Holds => Status() is { } status && status.GetProperty("controller").GetProperty("lease").GetString()!.StartsWith("this process holds the lease (", StringComparison.Ordinal);

    /// <summary>An operator's wish, of the one who acts; the others refuse it.</summary>
    public string Ask(string wish)
    {
        using var answer = _http.PostAsync(new Uri($"http://127.0.0.1:{_httpPort}/api/control/{wish}"), null).GetAwaiter().GetResult();
        return answer.Content.ReadAsStringAsync().GetAwaiter().GetResult();
    }

    public string LogTail() => _serve?.LogTail() ?? "";

    public void Dispose()
    {
        Continue();
        _serve?.Dispose();
        foreach (var wire in _toEtcd) wire.Dispose();
    }
}
