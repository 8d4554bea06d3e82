using System.Globalization;
using Headwater.Configuration;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Http;
using Headwater.Logging;
using Headwater.Servers;
using Headwater.Up;

namespace Headwater.Lab.Stage;

sealed record LabGatewayOptions
{
    /// <summary>Lines of the section <c>control</c>, such as "rpo: zero"; null: nobody controls.</summary>
    public string? Control { get; init; }

    /// <summary>Results are kept, and the log is followed for that.</summary>
    public bool Caches { get; init; }

    /// <summary>The server that a second listener's reads go to.</summary>
    public string? Analytics { get; init; }

    /// <summary>How long writes wait for a primary.</summary>
    public int HoldSeconds { get; init; } = 10;
}

/// <summary>Headwater before a cluster of the lab, in this process, as headwater serve would be with the same few lines of configuration.</summary>
sealed class LabGateway : IAsyncDisposable
{
    readonly LabCluster _cluster;
    readonly Composition _composition;
    readonly HeadwaterLog _log;
    readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(1) };
    readonly int _port, _analyticsPort;

    LabGateway(LabCluster cluster, LabGatewayOptions options)
    {
        (_cluster, _port, _analyticsPort) = (cluster, cluster.Stage.Port(), cluster.Stage.Port());
        var http = cluster.Stage.Port();
        var folder = cluster.Stage.Folder("gateway");
        var reading = ConfigFile.Parse(Yaml(cluster, options, folder, http), "headwater lab", folder);
        if (reading.Config is not { } config) throw new LabException(string.Join('\n', reading.Problems));
        _http.BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{http}"));
        // What is provoked here would be told as trouble; the picture tells it.
        _log = new HeadwaterLog(config.Log with { Level = LogLevel.None }, TimeProvider.System);
        _composition = new Composition(config, _log, TimeProvider.System, static () => new OutcomeJson(false, []), null);
    }

    public ClusterView View => _composition.View.Current;
    public GatewayCounters Counters => _composition.Gateway.Statistics.Counters();

    public static async Task<LabGateway> StartAsync(LabCluster cluster, LabGatewayOptions options, CancellationToken ct)
    {
        var gateway = new LabGateway(cluster, options);
        try
        {
            await gateway.ServeAsync(ct);
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary>As the application connects: one address, whatever becomes of the servers.</summary>
    public Task<ServerConnection> ConnectAsync(CancellationToken ct) => ConnectAsync(_port, ct);

    public Task<ServerConnection> ConnectForAnalyticsAsync(CancellationToken ct) => ConnectAsync(_analyticsPort, ct);

    public async Task<ServerConnection> ConnectAsync(string level, CancellationToken ct)
    {
        var connection = await ConnectAsync(ct);
        await connection.QueryAsync($"SET headwater.level = '{level}'", ct);
        return connection;
    }

    /// <summary>Until the promise holds: a commit is acknowledged only when another server has it.</summary>
    public Task UntilSafeAsync(CancellationToken ct) =>
        LabCluster.UntilAsync(() => Task.FromResult(View.Primary?.LastAnswer?.SemiSync is { Waits: true, Acknowledgers: > 0 }), "the primary to wait for a replica", ct);

    /// <summary>Until a read that is asked again is answered by what is kept: the log is followed so far, and the tables are known.</summary>
    public async Task UntilKeepsAsync(string sql, CancellationToken ct)
    {
        await _cluster.PrepareAsync(ct, "CREATE TABLE IF NOT EXISTS pulse (beat INT)");
        await using var connection = await ConnectAsync(ct);
        await using var writer = await _cluster.ApplicationAsync(_cluster.Primary, ct);
        var (before, asked) = (Counters.CacheHits, 0);
        try
        {
            await LabCluster.UntilAsync(async () =>
            {
                // A log in which nothing has happened since it is followed tells nothing yet.
                if (asked++ % 20 == 0) await writer.QueryAsync("INSERT INTO pulse VALUES (1)", ct);
                await connection.QueryAsync(sql, ct);
                return Counters.CacheHits > before;
            }, "a result to be kept", ct);
        }
        catch (LabException late)
        {
            var explained = await connection.QueryAsync("EXPLAIN ROUTE " + sql, ct);
            throw new LabException($"{late.Message} {string.Join("; ", explained.Rows.Select(static row => string.Join(": ", row)))}");
        }
    }

    public Task UntilPrimaryIsNotAsync(string name, CancellationToken ct) =>
        LabCluster.UntilAsync(() => Task.FromResult(View.Primary is { } primary && primary.Id.Name != name), $"another primary than {name}", ct);

    /// <summary>What the commands of the command line do: a request to the running gateway, such as <c>/api/control/recover</c>.</summary>
    public async Task<string> PostAsync(string path, CancellationToken ct)
    {
        using var response = await _http.PostAsync(new Uri(path, UriKind.Relative), null, ct);
        return await response.Content.ReadAsStringAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _composition.StopAsync();
        await _composition.DisposeAsync();
        _http.Dispose();
        _log.Dispose();
    }

    async Task ServeAsync(CancellationToken ct)
    {
        await _composition.StartAsync(ct);
        await LabCluster.UntilAsync(() => Task.FromResult(View.Primary is not null && View.Servers.All(static server => server.Health != ServerHealth.Down && server.LastAnswer is not null)), "the gateway to know all servers", ct);
        await LabCluster.UntilAsync(async () =>
        {
            try
            {
                await using var connection = await ConnectAsync(ct);
                return true;
            }
            catch (ServerException)
            {
                // Accounts are learnt in moments.
                return false;
            }
        }, "the gateway to let the application in", ct);
    }

    Task<ServerConnection> ConnectAsync(int port, CancellationToken ct)
    {
        var account = _cluster.Stage.Accounts.Application;
        return ServerConnection.ConnectAsync(new ServerAddress("127.0.0.1", port), new ServerLogin(account.User, account.Password, account.Schema, TlsMode.Off), ct);
    }

    string Yaml(LabCluster cluster, LabGatewayOptions options, string folder, int http)
    {
        var (monitor, replication, recovery) = (cluster.Stage.Accounts.Monitor, cluster.Stage.Accounts.Replication, cluster.Stage.Accounts.Recovery!);
        string Section(string? lines) => lines is null ? "" : string.Concat(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => $"  {line}\n"));
        return $"""
            cluster: lab
            state_directory: {folder}
            drain: 0s
            servers:
            {string.Join('\n', cluster.Servers.Select(server => $"  - {{ address: 127.0.0.1:{server.Record.Port}, name: {server.Name}{(server.Name == options.Analytics ? ", tags: [analytics]" : "")} }}"))}
            listeners:
              - address: 127.0.0.1:{_port}
              - {"{"} address: 127.0.0.1:{_analyticsPort}{(options.Analytics is null ? "" : ", tag: analytics")} {"}"}
            monitor: {"{"} user: {monitor.User}, password: {monitor.Password}, catalogue_every: 100ms {"}"}
            http: {"{"} address: 127.0.0.1:{http} {"}"}
            writes: {"{"} hold: {options.HoldSeconds}s {"}"}
            {(options.Caches ? $"feed: {{ enabled: true, user: {replication.User}, password: {replication.Password} }}\ncache: {{ enabled: true }}" : "")}

            """ + (options.Control is null ? "" : "control:\n" + Section($"""
            mode: act
            replication_user: {replication.User}
            replication_password: {replication.Password}
            recovery_user: {recovery.User}
            recovery_password: {recovery.Password}
            {options.Control}
            """));
    }
}
