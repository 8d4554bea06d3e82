using System.Diagnostics;

namespace Headwater.Bench.Lab;

/// <summary>A real etcd of one or three members, on loopback ports, its data in the measurement's directory.</summary>
sealed class Etcd : IDisposable
{
    static readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(1) };
    readonly string _directory;
    readonly (int Clients, int Peers)[] _ports;
    readonly ChildProcess?[] _members;

    public Etcd(string directory, int members)
    {
        _directory = directory;
        _ports = [.. Enumerable.Range(0, members).Select(static _ => (Cluster.FreePort(), Cluster.FreePort()))];
        _members = new ChildProcess?[members];
        Start();
    }

    public IEnumerable<int> Ports => _ports.Select(static ports => ports.Clients);

    /// <summary>Starts those that do not run, with the data that they had; returns when a majority answers.</summary>
    public void Start()
    {
        for (var i = 0; i < _members.Length; i++)
            _members[i] ??= ChildProcess.Start("etcd", "etcd",
            [
                "--name", $"m{i}", "--data-dir", Path.Combine(_directory, $"etcd-{i}"), "--logger", "zap",
                "--listen-client-urls", $"http://127.0.0.1:{_ports[i].Clients}", "--advertise-client-urls", $"http://127.0.0.1:{_ports[i].Clients}",
                "--listen-peer-urls", $"http://127.0.0.1:{_ports[i].Peers}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{_ports[i].Peers}",
                "--initial-cluster", string.Join(',', _ports.Select(static (ports, j) => $"m{j}=http://127.0.0.1:{ports.Peers}")),
            ], Path.Combine(_directory, $"etcd-{i}.log"));
        for (var clock = Stopwatch.StartNew(); !Answers(); Thread.Sleep(50))
            if (clock.Elapsed > TimeSpan.FromSeconds(30)) throw new UsageException($"etcd does not answer. It said:\n{_members[0]!.LogTail()}");
    }

    public void Stop()
    {
        for (var i = 0; i < _members.Length; i++)
        {
            if (_members[i] is not { } member) continue;
            ChildProcess.SendSignal(member.Id, 9);
            member.Dispose();
            _members[i] = null;
        }
    }

    bool Answers()
    {
        try
        {
            using var question = new StringContent("{\"key\":\"AA==\"}");
            using var answer = _http.PostAsync(new Uri($"http://127.0.0.1:{_ports[0].Clients}/v3/kv/range"), question).GetAwaiter().GetResult();
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    public void Dispose() => Stop();
}
