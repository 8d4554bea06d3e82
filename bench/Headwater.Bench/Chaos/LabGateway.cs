using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Headwater.Bench.Lab;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>What a gateway says of the cluster.</summary>
/// <param name="Acts">Its controller is the one that acts.</param>
sealed record LabStatus(string? Primary, long Epoch, bool Healthy, bool Changing, bool Acts, string Text);

/// <summary><c>headwater serve</c> on a node of its own, with or without the controller; it can be killed and started anew.</summary>
sealed class LabGateway(Node node, int port, int httpPort, string directory, string config) : IEntrance, IDisposable
{
    // As from a shell on its machine: what changes something may be asked for from there only.
    readonly HttpClient _http = new(new SocketsHttpHandler
    {
        PooledConnectionLifetime = TimeSpan.FromSeconds(5),
        ConnectCallback = async (to, ct) =>
        {
            var socket = node.Enter(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
            try
            {
                await socket.ConnectAsync(to.DnsEndPoint, ct);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    { Timeout = TimeSpan.FromSeconds(45) };
    Guarded? _process;
    long _downUntil;

    public Node Node => node;
    public int HttpPort => httpPort;
    public string Directory => directory;
    public string LogFile => Path.Combine(directory, "headwater.log");

    /// <summary>How often it was started: what was connected to it before is gone.</summary>
    public int Starts { get; private set; }

    /// <summary>Killed by us, or back for too short a time to be blamed for what is cut.</summary>
    public bool Excused => Stopwatch.GetTimestamp() < Volatile.Read(ref _downUntil);

    public void Start()
    {
        Starts++;
        System.IO.Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, "headwater.yaml");
        File.WriteAllText(file, config);
        _process = Guarded.Start(node.Run([Cluster.Program, "serve", "--config", file]), LogFile);
    }

    public void WaitUntilReady(TimeSpan patience)
    {
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(20))
            try
            {
                using var client = Connect(TimeSpan.FromSeconds(5));
                client.Query("SELECT 1");
                return;
            }
            catch (Exception e) when (e is SocketException or SqlException or IOException)
            {
                if (_process is { IsAlive: false } || clock.Elapsed > patience) throw new UsageException($"{node.Name} does not serve ({e.Message}). It said:\n{_process?.LogTail()}");
            }
    }

    public void Kill()
    {
        Volatile.Write(ref _downUntil, long.MaxValue);
        _process?.Signal(Guarded.Kill);
    }

    public void StartAgain()
    {
        _process?.Dispose();
        Start();
        WaitUntilReady(TimeSpan.FromSeconds(60));
        Volatile.Write(ref _downUntil, Stopwatch.GetTimestamp() + 5 * Stopwatch.Frequency);
    }

    public SqlClient Connect(TimeSpan? patience = null) => SqlClient.Tcp(node.Address, port, ChaosLab.Application, ChaosLab.Application, ChaosLab.Schema, patience ?? TimeSpan.FromMinutes(2));

    /// <summary>Null while it does not answer.</summary>
    public LabStatus? Status()
    {
        try
        {
            var text = Get("status");
            using var json = JsonDocument.Parse(text);
            var root = json.RootElement;
            var primary = root.TryGetProperty("primary", out var name) ? name.GetString() : null;
            var healthy = primary is not null && root.GetProperty("servers").EnumerateArray().All(server => server.GetProperty("health").GetString() == "up"
                && (server.GetProperty("name").GetString() == primary || server.GetProperty("replicating").GetBoolean()));
            var controls = root.TryGetProperty("controller", out var controller);
            var changing = controls && controller.TryGetProperty("change", out _);
            var acts = controls && (!controller.TryGetProperty("lease", out var lease) || lease.GetString()!.StartsWith("this process holds the lease (", StringComparison.Ordinal));
            return new LabStatus(primary, root.GetProperty("epoch").GetInt64(), healthy, changing, acts, text);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
        {
            return null;
        }
    }

    public string Get(string what)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        return _http.GetStringAsync(Url(what), patience.Token).GetAwaiter().GetResult();
    }

    /// <summary>The answer as text, whatever it says.</summary>
    public string Post(string what)
    {
        using var answer = _http.PostAsync(Url(what), null).GetAwaiter().GetResult();
        return answer.Content.ReadAsStringAsync().GetAwaiter().GetResult().Replace("\n", " ", StringComparison.Ordinal);
    }

    Uri Url(string what) => new($"http://127.0.0.1:{httpPort}/api/{what}");

    public void Dispose()
    {
        _process?.Signal(Guarded.Kill);
        _process?.Dispose();
        _process = null;
        _http.Dispose();
    }
}
