using System.Collections.Immutable;
using Headwater.Core.Topology;
using Microsoft.Extensions.Logging;

namespace Headwater.Up;

/// <summary>A primary and its replicas, real MariaDB servers, as children of this process under one state directory.</summary>
internal sealed class EmbeddedCluster : IAsyncDisposable
{
    static readonly TimeSpan LongRun = TimeSpan.FromSeconds(10), LongestPause = TimeSpan.FromSeconds(10);
    readonly EmbeddedClusterOptions _options;
    readonly MariaDbInstallation _installation;
    readonly StateDirectory _state;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly ChildLauncher _launcher = new();
    readonly CancellationTokenSource _stopping = new();
    readonly Lock _files = new();
    readonly List<ProcessRecord> _processes = [];
    readonly List<Task> _supervisors = [];
    RunFile? _run;
    bool _stopped;

    EmbeddedCluster(EmbeddedClusterOptions options, MariaDbInstallation installation, StateDirectory state, ClusterAccounts accounts, ImmutableArray<EmbeddedServer> servers, TimeProvider time, ILogger log)
    {
        _options = options;
        _installation = installation;
        _state = state;
        _time = time;
        _log = log;
        Accounts = accounts;
        Servers = servers;
        Primary = servers[0];
    }

    public string Name => _options.Cluster;
    public StateDirectory State => _state;
    public ClusterAccounts Accounts { get; }

    /// <summary>The one first that was the primary at the start.</summary>
    public ImmutableArray<EmbeddedServer> Servers { get; }
    public EmbeddedServer Primary { get; private set; }
    public IEnumerable<EmbeddedServer> Replicas => Servers.Where(server => server != Primary);

    /// <summary>Another server has become the primary.</summary>
    public void PrimaryIs(ServerId id)
    {
        lock (_files)
        {
            if (Servers.FirstOrDefault(server => server.Id == id) is not { } server || server == Primary) return;
            Primary = server;
            if (_run is not null && !_stopped) WriteRun_NeedsLock();
        }
    }

    /// <summary>Where the gateway's own socket belongs.</summary>
    public string GatewaySocket => _state.GatewaySocket;

    /// <summary>Starts the cluster and returns when every replica is connected. Throws <see cref="UpException"/>, with nothing left running, when it cannot.</summary>
    public static async Task<EmbeddedCluster> StartAsync(EmbeddedClusterOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken ct)
    {
        var log = loggers.CreateLogger("Headwater.Up");
        var began = time.GetTimestamp();
        var state = StateDirectory.Open(options.Directory);
        EmbeddedCluster? cluster = null;
        try
        {
            var installation = MariaDbInstallation.Find();
            await Leftovers.StopAsync(state, options.StopTimeout, time, log, ct);
            cluster = ClusterPlan.Make(options, installation, state, time, log);
            await cluster.StartServersAsync(ct);
            UpLog.Serves(log, (long)time.GetElapsedTime(began).TotalMilliseconds, cluster.Primary.Name, cluster.Servers.Length - 1);
            return cluster;
        }
        catch
        {
            if (cluster is not null) await cluster.StopAsync();
            else state.Dispose();
            throw;
        }
    }

    public static EmbeddedCluster Create(EmbeddedClusterOptions options, MariaDbInstallation installation, StateDirectory state, ClusterAccounts accounts, ImmutableArray<EmbeddedServer> servers, TimeProvider time, ILogger log)
        => new(options, installation, state, accounts, servers, time, log);

    /// <summary>Writes run.json: the gateway serves at <paramref name="gateway"/>.</summary>
    public void Publish(RunGateway gateway)
    {
        lock (_files)
        {
            _run = new RunFile
            {
                Cluster = Name,
                Directory = _state.Path,
                Pid = Environment.ProcessId,
                Started = _time.GetUtcNow(),
                Gateway = gateway,
                Servers = [],
                Application = Accounts.Application,
                Administrator = Accounts.Administrator,
            };
            WriteRun_NeedsLock();
        }
    }

    /// <summary>
    /// Stops every server, the primary first: then no transaction can come in any more that would wait for a replica which is
    /// already gone, and the replicas get what the primary still sends on its way down.
    /// </summary>
    public async Task StopAsync()
    {
        if (_stopped) return;
        _stopped = true;
        File.Delete(_state.RunFile);
        await _stopping.CancelAsync();
        await Task.WhenAll(_supervisors);
        await StopAsync(Primary);
        await Task.WhenAll(Replicas.Select(StopAsync));
        File.Delete(_state.ProcessesFile);
        _launcher.Dispose();
        _stopping.Dispose();
        _state.Dispose();
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    async Task StartServersAsync(CancellationToken ct)
    {
        await MakeDataAsync(ct);
        var launches = Servers.Select(server => LaunchAsync(server, ct)).ToArray();
        try
        {
            await Task.WhenAll(launches);
        }
        catch
        {
            // The primary's trouble explains the others', which started on a copy of its data.
            await launches[0];
            throw;
        }

        foreach (var replica in Replicas)
        {
            // One after the other costs a few milliseconds; a rebuild stops the primary, which the next one needs.
            if (await ReplicaLink.StartAsync(replica, Accounts.Administrator, _options.StartTimeout, _time, ct) is not { } reason) continue;
            await RebuildAsync(replica, reason, ct);
        }

        foreach (var server in Servers) _supervisors.Add(SuperviseAsync(server, _stopping.Token));
    }

    async Task MakeDataAsync(CancellationToken ct)
    {
        if (!Directory.Exists(Primary.Folder.Data))
        {
            if (Replicas.FirstOrDefault(replica => Directory.Exists(replica.Folder.Data)) is { } survivor)
                throw new UpException($"The primary {Primary.Name} has lost its data directory {Primary.Folder.Data}, but {survivor.Name} still has its own.\n"
                    + $"Nothing was changed. To go on with what {survivor.Name} has, stop here, copy {survivor.Folder.Data} to {Primary.Folder.Data}, and start again.");
            var began = _time.GetTimestamp();
            await FirstData.BootstrapAsync(_installation, Primary.Folder, Accounts, ct);
            UpLog.DataMade(_log, Primary.Name, (long)_time.GetElapsedTime(began).TotalMilliseconds);
        }

        // The primary is at rest until all have their copy.
        Parallel.ForEach(Replicas.Where(replica => !Directory.Exists(replica.Folder.Data)), replica =>
        {
            var began = _time.GetTimestamp();
            FirstData.Clone(Primary.Folder, replica.Folder);
            UpLog.DataMade(_log, replica.Name, (long)_time.GetElapsedTime(began).TotalMilliseconds);
        });
    }

    async Task LaunchAsync(EmbeddedServer server, CancellationToken ct)
    {
        // Started again under a controller, it may have lost the role that it had: it is told what it is.
        var again = _options.Controlled && _supervisors.Count > 0;
        StateDirectory.WriteText(server.Folder.Settings, ServerSettings.Text(_installation, server.Record, server.Folder, server.Role == ServerRole.Primary && !again, _options));
        StateDirectory.WriteText(server.Folder.InitFile, again ? "" : ReplicaLink.InitFile(server, Primary, Accounts.Replication));
        await server.LaunchAsync(_launcher, _installation);
        Remember(server);
        await server.ReadyAsync(Accounts.Administrator, _options.StartTimeout, _time, ct);
        UpLog.ServerStarted(_log, server.Name, server.Role == ServerRole.Primary ? "primary" : "replica", server.Record.Port, server.Pid);
    }

    /// <summary>
    /// A replica that cannot follow gets a copy of the primary's data. Only here, before anybody is served, as the primary has
    /// to be at rest for it; what the replica had is put aside, never deleted: it may hold transactions that the primary lost.
    /// </summary>
    async Task RebuildAsync(EmbeddedServer replica, string reason, CancellationToken ct)
    {
        var aside = replica.Folder.Data + _time.GetUtcNow().ToString("'.replaced-'yyyyMMdd'T'HHmmss", System.Globalization.CultureInfo.InvariantCulture);
        UpLog.Rebuilding(_log, replica.Name, reason, aside);
        await Task.WhenAll(StopAsync(replica), StopAsync(Primary));
        Directory.Move(replica.Folder.Data, aside);
        FirstData.Clone(Primary.Folder, replica.Folder);
        await Task.WhenAll(LaunchAsync(Primary, ct), LaunchAsync(replica, ct));
        if (await ReplicaLink.StartAsync(replica, Accounts.Administrator, _options.StartTimeout, _time, ct) is { } again)
            throw new UpException($"{replica.Name} cannot replicate even with a fresh copy of the primary's data: {again}");
    }

    async Task SuperviseAsync(EmbeddedServer server, CancellationToken ct)
    {
        try
        {
            var pause = TimeSpan.Zero;
            while (true)
            {
                var began = _time.GetTimestamp();
                var exitCode = await server.ExitAsync(ct);
                if (_options.RestartAfter is not { } first) return;
                // One that dies again and again is tried more and more rarely.
                pause = _time.GetElapsedTime(began) > LongRun || pause == TimeSpan.Zero ? first : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
                UpLog.ServerDied(_log, server.Name, server.Pid, exitCode, pause.TotalSeconds);
                await Task.Delay(pause, _time, ct);
                try
                {
                    await LaunchAsync(server, ct);
                    if (!_options.Controlled && server.Role == ServerRole.Replica && await ReplicaLink.StartAsync(server, Accounts.Administrator, _options.StartTimeout, _time, ct) is { } reason)
                        UpLog.RestartFailed(_log, server.Name, reason + " (the next start of headwater up rebuilds it)");
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    UpLog.RestartFailed(_log, server.Name, e.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    async Task StopAsync(EmbeddedServer server)
    {
        var wasRunning = server.IsRunning;
        if (!await server.StopAsync(_options.StopTimeout, _time, CancellationToken.None)) UpLog.Killed(_log, server.Name, _options.StopTimeout.TotalSeconds);
        else if (wasRunning) UpLog.Stopped(_log, server.Name);
    }

    void Remember(EmbeddedServer server)
    {
        if (server.Identity is not { } identity) return;
        lock (_files)
        {
            _processes.RemoveAll(process => process.Server == server.Name);
            _processes.Add(new ProcessRecord(server.Name, identity.Pid, identity.StartTicks, server.Folder.Data));
            StateDirectory.Write(_state.ProcessesFile, _processes, UpJson.Default.ListProcessRecord);
            if (_run is not null && !_stopped) WriteRun_NeedsLock();
        }
    }

    void WriteRun_NeedsLock()
    {
        _run = _run! with
        {
            Servers = [.. Servers.Select(server => new RunServer(server.Name, server == Primary ? "primary" : "replica",
                server.Address.Host, server.Address.Port, server.Folder.Socket, server.Pid, server.Folder.Data, server.Folder.Log))],
        };
        StateDirectory.Write(_state.RunFile, _run, UpJson.Default.RunFile);
    }
}
