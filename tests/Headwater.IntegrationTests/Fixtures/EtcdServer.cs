using System.Net.Sockets;

namespace Headwater.IntegrationTests.Fixtures;

/// <summary>A real etcd of one member, on loopback ports and in a directory of its own.</summary>
internal sealed class EtcdServer : IAsyncDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("hw-etcd-").FullName;
    readonly int _peers = FreePort.Next();
    readonly int _port = FreePort.Next();
    ChildProcess? _process;
    readonly string? _certificate;
    int _started;

    EtcdServer(string? certificate) => _certificate = certificate;

    public string Endpoint => $"{(_certificate is null ? "http" : "https")}://127.0.0.1:{_port}";

    /// <param name="certificate">A PEM file, its key beside it with .key behind the name: etcd shows it to clients, and asks them for one that it has signed.</param>
    public static async Task<EtcdServer> StartAsync(CancellationToken ct, string? certificate = null)
    {
        var etcd = new EtcdServer(certificate);
        await etcd.StartAgainAsync(ct);
        return etcd;
    }

    public async Task StartAgainAsync(CancellationToken ct)
    {
        var peers = $"http://127.0.0.1:{_peers}";
        _process = ChildProcess.Start("etcd",
            ["--name", "test", "--data-dir", Path.Combine(_directory, "data"), "--listen-client-urls", Endpoint, "--advertise-client-urls", Endpoint,
                "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", $"test={peers}", "--logger", "zap",
                .. _certificate is null ? (string[])[] : ["--cert-file", _certificate, "--key-file", _certificate + ".key", "--client-cert-auth", "--trusted-ca-file", _certificate]],
            Path.Combine(_directory, $"etcd.{++_started}.log"));
        for (var deadline = System.Diagnostics.Stopwatch.StartNew(); ;)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync("127.0.0.1", _port, ct);
                return;
            }
            catch (SocketException) when (deadline.Elapsed < TimeSpan.FromSeconds(20) && !_process.HasExited)
            {
                await Task.Delay(20, ct);
            }
        }
    }

    /// <summary>As the power cord does it; the data stays.</summary>
    public async Task KillAsync()
    {
        if (_process is null) return;
        _process.Kill();
        await _process.DisposeAsync();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
