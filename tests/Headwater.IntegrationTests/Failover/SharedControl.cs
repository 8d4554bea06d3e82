using System.Globalization;
using System.Text.Json;
using Headwater.Core.Topology;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Servers;

namespace Headwater.IntegrationTests.Failover;

/// <summary>One of several <c>headwater serve</c> before the same servers, sharing a lease.</summary>
internal sealed class SharedControl : IAsyncDisposable
{
    static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };
    readonly string _directory;
    readonly int _http = FreePort.Next();
    readonly ChildProcess _process;

    SharedControl(string directory, IReadOnlyList<RealServer> servers, string etcd)
    {
        _directory = directory;
        Gateway = new ServerAddress("127.0.0.1", FreePort.Next());
        var config = Path.Combine(directory, "headwater.yaml");
        File.WriteAllText(config, string.Create(CultureInfo.InvariantCulture, $$"""
            state_directory: {{directory}}
            servers:
            {{string.Join('\n', servers.Select(static server => $"  - {{ name: db{server.Id}, address: \"127.0.0.1:{server.Port}\" }}"))}}
            monitor: { user: monitor, password: "{{RealServer.Password}}" }
            control:
              mode: act
              replication_user: monitor
              replication_password: "{{RealServer.Password}}"
              lease: etcd
              etcd: { endpoints: ["{{etcd}}"] }
            listeners: [ "127.0.0.1:{{Gateway.Port}}" ]
            http: { address: "127.0.0.1:{{_http}}" }
            drain: 0s

            """));
        _process = ChildProcess.Start(Path.Combine(AppContext.BaseDirectory, "headwater"), ["serve", "--config", config], directory + ".log");
    }

    public ServerAddress Gateway { get; }
    public string HttpAddress => $"127.0.0.1:{_http}";
    public string Said => _process.LogTail();

    public static SharedControl Start(IReadOnlyList<RealServer> servers, EtcdServer etcd) =>
        new(Directory.CreateTempSubdirectory("hw-shared-").FullName, servers, etcd.Endpoint);

    /// <summary>The journal is this process's own account of what it has done.</summary>
    public IReadOnlyList<Headwater.Control.Failover.JournalEntry> Journal => Headwater.Control.Failover.Journal.ReadAll(_directory);

    public async Task<(string? Primary, long Epoch, string Lease, string Findings)> StatusAsync(CancellationToken ct)
    {
        try
        {
            using var status = JsonDocument.Parse(await Http.GetStringAsync(new Uri($"http://{HttpAddress}/api/status"), ct));
            var root = status.RootElement;
            return (root.TryGetProperty("primary", out var primary) ? primary.GetString() : null, root.GetProperty("epoch").GetInt64(), root.GetProperty("controller").GetProperty("lease").GetString() ?? "",
                string.Join("; ", root.GetProperty("controller").GetProperty("findings").EnumerateArray().Select(static finding => finding.GetProperty("sentence").GetString())));
        }
        catch (HttpRequestException)
        {
            return (null, 0, "", "");
        }
    }

    public async Task<bool> HoldsAsync(CancellationToken ct) => (await StatusAsync(ct)).Lease.StartsWith("this process holds the lease (", StringComparison.Ordinal);

    public async Task<(bool Done, string Sentences)> AskAsync(string wish, CancellationToken ct)
    {
        using var answer = await Http.PostAsync(new Uri($"http://{HttpAddress}/api/control/{wish}"), null, ct);
        using var outcome = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(ct));
        return (outcome.RootElement.GetProperty("applied").GetBoolean(), string.Join("; ", outcome.RootElement.GetProperty("sentences").EnumerateArray().Select(static sentence => sentence.GetString())));
    }

    public Task<ServerConnection> ConnectAsync(CancellationToken ct) => ServerConnection.ConnectAsync(Gateway, new ServerLogin("monitor", RealServer.Password), ct);

    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
        File.Delete(_directory + ".log");
    }
}
