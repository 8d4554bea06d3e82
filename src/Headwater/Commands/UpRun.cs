using System.Diagnostics;
using Headwater.Configuration;
using Headwater.Control;
using Headwater.Control.Failover;
using Headwater.Control.Rebuild;
using Headwater.Control.Recovery;
using Headwater.Core.Failover;
using Headwater.Core.Topology;
using Headwater.Demo;
using Headwater.Gateway;
using Headwater.Gateway.Caching;
using Headwater.Http;
using Headwater.Logging;
using Headwater.Servers;
using Headwater.Streams;
using Headwater.Streams.Follow;
using Headwater.Streams.Store;
using Headwater.Up;
using Spectre.Console;

namespace Headwater.Commands;

/// <summary><c>headwater up</c> from start to stop: the servers, the gateway before them, and what is told about them.</summary>
sealed class UpRun(UpOptions options, TextWriter output)
{
    static readonly TimeSpan ServesWithin = TimeSpan.FromSeconds(15), SettlesWithin = TimeSpan.FromSeconds(3);

    public async Task RunAsync(CancellationToken ct)
    {
        var time = TimeProvider.System;
        var live = options.Demo && !options.Plain && !Console.IsOutputRedirected;
        using var signals = new Signals(onReload: static () => { });
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(ct, signals.Stopping);
        // What a live table shows, log lines would tear apart.
        using var log = new HeadwaterLog(new LogConfig(live ? LogLevel.Error : LogLevel.Warning, LogFormat.Text), time);
        try
        {
            await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { Directory = options.Directory, Replicas = options.Replicas, Controlled = options.Controlled && options.Replicas > 0 }, time, log.Factory, stopping.Token);
            await using var witness = options.HasWitness ? EmbeddedWitness.Start(cluster, time, log.Factory) : null;
            await using var composition = new Composition(ConfigOf(cluster, witness?.Address), log, time, reload: NothingToReload, file: null);
            await StartAsync(composition, stopping.Token);
            composition.View.Changed += view => { if (view.Primary is { } primary) cluster.PrimaryIs(primary.Id); };
            cluster.Publish(new RunGateway("127.0.0.1", composition.Gateway.Port, SocketOf(cluster), composition.Http?.Port, Environment.ProcessId));
            Introduce(cluster, composition);
            if (options.For is { } limit) stopping.CancelAfter(limit);
            if (options.Demo) await DemoAsync(cluster, composition, time, stopping.Token);
            else await Task.Delay(Timeout.Infinite, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await output.WriteLineAsync("Stopping: open transactions have 5 s to end (again for at once).");
            await composition.StopAsync();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped while it started: the parts that ran have ended by now.
        }
    }

    /// <summary>All defaults are those of the table of keys: this is the smallest file, with what the cluster knows put in.</summary>
    HeadwaterConfig ConfigOf(EmbeddedCluster cluster, System.Net.IPEndPoint? witness)
    {
        var defaults = ConfigFile.Parse("servers: [localhost]\nmonitor: { user: monitor }", "headwater up", cluster.State.Path).Config!;
        var monitor = cluster.Accounts.Monitor;
        return defaults with
        {
            StateDirectory = cluster.State.Path,
            Drain = TimeSpan.FromSeconds(5),
            Watch = defaults.Watch with
            {
                Cluster = cluster.Name,
                Servers =
                [
                    .. cluster.Servers.Select(static server => new WatchedServer(server.Id, server.Address)),
                    .. witness is null ? (WatchedServer[])[] : [new WatchedServer(new ServerId("witness"), new ServerAddress(witness.Address.ToString(), witness.Port))],
                ],
                Monitor = new ServerLogin(monitor.User, monitor.Password),
                Control = !options.Controlled || cluster.Servers.Length == 1 ? null : new ControlOptions
                {
                    Directory = cluster.State.Path,
                    Policy = new ControlPolicy(),
                    Recovery = cluster.Accounts.Recovery is not { } recovery ? null : new RecoveryOptions
                    {
                        Login = new ServerLogin(recovery.User, recovery.Password),
                        Directory = Path.Combine(cluster.State.Path, "tails"),
                    },
                    Rebuild = cluster.Accounts.Recovery is not { } rebuilds ? null : new RebuildOptions { Login = new ServerLogin(rebuilds.User, rebuilds.Password) },
                    Replication = new ServerLogin(cluster.Accounts.Replication.User, cluster.Accounts.Replication.Password),
                },
            },
            Feed = new FeedOptions(
                new LogStoreOptions { Directory = Path.Combine(cluster.State.Path, "feed") },
                new FollowerOptions { Login = new ServerLogin(cluster.Accounts.Replication.User, cluster.Accounts.Replication.Password), ReaderId = ReaderId.Of(MachineId.Read(), cluster.State.Path) })
            {
                Copier = cluster.Accounts.Recovery is { } copier ? new ServerLogin(copier.User, copier.Password) : null,
            },
            Gateway = defaults.Gateway with
            {
                Cache = options.Caches ? new CacheOptions() : null,
                AuditedReadsPerSecond = options.AuditedReadsPerSecond,
                Listeners = [new ListenerOptions { Port = options.Port }, new ListenerOptions { Socket = SocketOf(cluster) }],
            },
            Lab = true,
            Http = options.HttpPort == 0 ? null : new ListenAddress("127.0.0.1", options.HttpPort),
        };
    }

    string SocketOf(EmbeddedCluster cluster) => options.Socket is { } path ? Path.GetFullPath(path) : cluster.GatewaySocket;

    static OutcomeJson NothingToReload() => new(false, ["headwater up has no configuration file; headwater serve --config has one."]);

    /// <summary>Where commits wait for an acknowledgement, somebody gives it; as long as the primary was not told to wait, that is yet to come where a controller acts.</summary>
    bool IsAcknowledged(ClusterView view) => options.Replicas == 0 || !options.Controlled || view.Primary?.LastAnswer?.SemiSync is { Waits: true, Acknowledgers: > 0 };

    /// <summary>Starts the gateway and waits until it knows the primary and every replica that runs.</summary>
    async Task StartAsync(Composition composition, CancellationToken ct)
    {
        var serves = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(ClusterView view)
        {
            if (view.Primary is not null && view.Servers.Count(static server => server.Health == ServerHealth.Up) > options.Replicas) serves.TrySetResult();
        }
        composition.View.Changed += Look;
        try
        {
            await composition.StartAsync(ct);
            Look(composition.View.Current);
            await serves.Task.WaitAsync(ServesWithin, ct);
            // The first commit would wait for what is still being set up, and be the one that a server in the midst of it lets go.
            for (var since = Stopwatch.StartNew(); !IsAcknowledged(composition.View.Current) && since.Elapsed < SettlesWithin; await Task.Delay(20, ct))
            {
            }
            _ = Task.Run(OwnProgram.TakeIn, ct);
        }
        catch (IOException busy)
        {
            throw new UpException($"The gateway cannot start: {busy.Message.TrimEnd('.')}. Another port is chosen with --port and --http.", busy);
        }
        catch (TimeoutException)
        {
            throw new UpException($"The servers run, but the gateway does not see them serve within {ServesWithin.TotalSeconds:0} s: {composition.Readiness.Sentence}.");
        }
        finally
        {
            composition.View.Changed -= Look;
        }
    }

    void Introduce(EmbeddedCluster cluster, Composition composition)
    {
        var (application, port) = (cluster.Accounts.Application, composition.Gateway.Port);
        output.WriteLine($"Headwater serves: primary {cluster.Primary.Name}, {(cluster.Servers.Length == 2 ? "1 replica" : $"{cluster.Servers.Length - 1} replicas")}, in {cluster.State.Path}");
        output.WriteLine();
        output.WriteLine($"  mariadb -h 127.0.0.1 -P {port} -u {application.User} -p{application.Password} {application.Schema}");
        output.WriteLine($"  mariadb -S {SocketOf(cluster)} -u {application.User} -p{application.Password} {application.Schema}");
        if (composition.Http is { } http) output.WriteLine($"  http://{http}/  the console, in a browser");
        output.WriteLine();
        output.WriteLine($"Accounts, ports and files: {cluster.State.RunFile}");
        output.WriteLine("Ctrl-C stops everything.");
        output.Flush();
    }

    async Task DemoAsync(EmbeddedCluster cluster, Composition composition, TimeProvider time, CancellationToken ct)
    {
        var application = cluster.Accounts.Application;
        var target = new DemoTarget(new ServerAddress("127.0.0.1", composition.Gateway.Port), new ServerLogin(application.User, application.Password, application.Schema));
        // A terminal that is not one gets lines: Spectre asks the output, which --plain hides from it.
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = options.Plain ? new PlainOutput(output) : new AnsiConsoleOutput(output) });
        try
        {
            await new DemoRun(new DemoOptions(), target, Figures, composition.View, console, time).RunAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The end that was asked for.
        }

        DemoFigures Figures()
        {
            var counters = composition.Gateway.Statistics.Counters();
            return new DemoFigures { ReadsOnReplicas = counters.ReadsOnReplicas, ReadsOnPrimary = counters.Reads - counters.ReadsOnReplicas };
        }
    }

    /// <summary>An output that is no terminal, whatever it is.</summary>
    sealed class PlainOutput(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;
        public bool IsTerminal => false;
        public int Width => 200;
        public int Height => 50;

        public void SetEncoding(System.Text.Encoding encoding)
        {
            // The writer has its own.
        }
    }
}
