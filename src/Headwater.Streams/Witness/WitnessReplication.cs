using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Servers;
using Headwater.Streams.Follow;
using Headwater.Streams.Store;
using Microsoft.Extensions.Logging;

namespace Headwater.Streams.Witness;

/// <summary>
/// What the replication threads of a replica are: started, stopped and pointed elsewhere by its statements. When stopping has returned, nothing more comes, and nothing more is
/// acknowledged.
/// </summary>
sealed class WitnessReplication : IAsyncDisposable
{
    readonly WitnessOptions _options;
    readonly LogStore _store;
    readonly string _file;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly SemaphoreSlim _changing = new(1, 1);
    CancellationTokenSource? _stop;
    Task _running = Task.CompletedTask;
    LogFollower? _follower;
    int _incarnation;
    bool _beganAcknowledging;

    public WitnessReplication(WitnessOptions options, LogStore store, TimeProvider time, ILogger log)
    {
        (_options, _store, _time, _log) = (options, store, time, log);
        _file = Path.Combine(options.Store.Directory, "source.json");
        // Nobody may be told that a commit is safe here before the controller knows that it may be: it has to say so anew.
        Source = WitnessSource.Read(_file) with { Acknowledges = false };
        if (Source is { IsSet: true, Receives: true }) Begin();
    }

    public WitnessSource Source { get; private set; }

    /// <summary>What comes is acknowledged: the source has been told so, and it comes.</summary>
    public bool IsAcknowledging => _beganAcknowledging && IsReceiving;
    public bool IsReceiving => _follower?.State.Current.IsFollowing == true;

    /// <summary>The source's own server id, once it has said it.</summary>
    public uint SourceNumber => _follower?.SourceNumber ?? 0;

    /// <summary>Up to where the source's log is here.</summary>
    public LogPlace? Received => _follower?.Received;
    public uint Heartbeats => _follower?.Heartbeats ?? 0;
    public int ErrorCode => _follower is { State.Current: { IsFollowing: false } state } ? state.Code : 0;

    /// <summary>Why nothing comes; empty when it does, or when nothing should.</summary>
    public string Error => _follower is { State.Current: { IsFollowing: false } state } ? state.Sentence : "";

    public async Task ChangeAsync(Func<WitnessSource, WitnessSource> change)
    {
        await _changing.WaitAsync();
        try
        {
            var next = change(Source);
            // Whether it acknowledges is said when it connects: as a server's, a receiver that runs goes on as it began.
            var restarts = next with { Acknowledges = Source.Acknowledges } != Source;
            if (restarts) await EndAsync();
            next.Write(_file);
            Source = next;
            if (restarts && next is { IsSet: true, Receives: true }) Begin();
        }
        finally
        {
            _changing.Release();
        }
    }

    void Begin()
    {
        var source = Source;
        var options = new FollowerOptions
        {
            Login = new ServerLogin(source.User, source.Password),
            ReaderId = _options.ServerId,
            Acknowledges = source.Acknowledges,
            // Who says that it holds a position is taken to hold all up to there.
            IsWitness = true,
            ReportHost = _options.ReportHost.Length > 0 ? _options.ReportHost : _options.Listen.Address.ToString(),
            ReportPort = (ushort)_options.Listen.Port,
        };
        var address = new ServerAddress(source.Host, source.Port);
        var primary = new ServerView { State = new ServerState(new ServerId(address.ToString()), ++_incarnation), Address = address, Role = ServerRole.Primary, Health = ServerHealth.Up };
        _beganAcknowledging = source.Acknowledges;
        _stop = new CancellationTokenSource();
        _follower = new LogFollower(_store, () => options, new Published<ClusterView>(new ClusterView { Cluster = "", Primary = primary, Servers = [primary] }), _time, _log);
        var (follower, stop) = (_follower, _stop.Token);
        _running = Task.Run(() => follower.RunAsync(stop));
    }

    async Task EndAsync()
    {
        if (_stop is null) return;
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _stop = null;
        _follower = null;
    }

    public async ValueTask DisposeAsync()
    {
        await _changing.WaitAsync();
        await EndAsync();
        _changing.Dispose();
    }
}
