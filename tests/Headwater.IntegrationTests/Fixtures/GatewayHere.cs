using System.Diagnostics;
using Headwater.Configuration;
using Headwater.Core.Topology;
using Headwater.Http;
using Headwater.Logging;
using Headwater.Servers;
using Microsoft.Extensions.Logging;

namespace Headwater.IntegrationTests.Fixtures;

/// <summary>A gateway in this process before real servers, and what else a configuration asks for. A test writes only what it is about; of servers, accounts and ports is written here.</summary>
sealed class GatewayHere(string cluster) : IAsyncDisposable
{
    readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(3) };
    readonly int _port = FreePort.Next(), _httpPort = FreePort.Next();
    HeadwaterLog? _log;
    Composition? _composition;

    /// <summary>Errors that a test provokes are not worth a line.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Error;

    /// <summary>What it tells people to write into.</summary>
    public string? File { get; init; }

    /// <summary>More of the monitoring: <c>, catalogue_every: 100ms</c>.</summary>
    public string Monitoring { get; init; } = "";

    public static string Quoted => $"'{RealServer.Password.Replace("'", "''", StringComparison.Ordinal)}'";

    public string StateDirectory { get; } = Directory.CreateTempSubdirectory($"headwater-{cluster}-").FullName;
    public Composition Composition => _composition ?? throw new InvalidOperationException("it is not started");
    public bool IsReady => _composition is { Readiness.Ready: true };
    public ClusterView View => Composition.View.Current;
    public ServerAddress Address => new("127.0.0.1", _port);

    /// <summary>Starts it, anew when it runs, as after a crash of its own.</summary>
    /// <param name="more">The rest of the configuration, at the left margin.</param>
    /// <param name="ports">Of whatever else is a server, by name.</param>
    public async Task StartAsync(IEnumerable<RealServer> servers, string more, params (string Name, int Port)[] ports)
    {
        await StopAsync();
        var reading = ConfigFile.Parse($$"""
            cluster: {{cluster}}
            state_directory: {{StateDirectory}}
            drain: 0s
            servers: [{{string.Join(", ", servers.Select(static server => ($"db{server.Id}", server.Port)).Concat(ports).Select(static one => $"{{ name: {one.Item1}, address: \"127.0.0.1:{one.Port}\" }}"))}}]
            listeners: ["127.0.0.1:{{_port}}"]
            http: { address: "127.0.0.1:{{_httpPort}}" }
            monitor: { user: monitor, password: {{Quoted}}{{Monitoring}} }

            """ + more, "test", StateDirectory);
        if (reading.Config is not { } config) throw new InvalidOperationException(string.Join('\n', reading.Problems));
        _log ??= new HeadwaterLog(new LogConfig(LogLevel, LogFormat.Text), TimeProvider.System);
        _composition = new Composition(config, _log, TimeProvider.System, static () => new OutcomeJson(false, []), File);
        await _composition.StartAsync(default);
    }

    public async Task StopAsync()
    {
        if (_composition is null) return;
        await _composition.StopAsync();
        await _composition.DisposeAsync();
        _composition = null;
    }

    public Task<ServerConnection> ConnectAsync(string? schema = null, CancellationToken ct = default) => ServerConnection.ConnectAsync(Address, new ServerLogin("monitor", RealServer.Password, schema), ct);

    /// <summary>As soon as it has learnt the accounts.</summary>
    public async Task<ServerConnection> UntilConnectedAsync(ServerLogin? login = null)
    {
        for (var since = Stopwatch.StartNew(); ; await Task.Delay(20))
            try
            {
                return await ServerConnection.ConnectAsync(Address, login ?? new ServerLogin("monitor", RealServer.Password), default);
            }
            catch (ServerException) when (since.Elapsed < TimeSpan.FromSeconds(20))
            {
                // Accounts are learnt in moments.
            }
    }

    public Task<string> GetAsync(string path) => _http.GetStringAsync(Uri(path));

    public async Task<string> PostAsync(string path)
    {
        using var response = await _http.PostAsync(Uri(path), null);
        return await response.Content.ReadAsStringAsync();
    }

    public string Console => $"http://127.0.0.1:{_httpPort}/";

    Uri Uri(string path) => new($"http://127.0.0.1:{_httpPort}{path}");

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _log?.Dispose();
        Directory.Delete(StateDirectory, recursive: true);
    }
}
