using System.Net;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Gateway.Auditing;
using Headwater.Gateway.Backends;
using Headwater.Gateway.Caching;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Sessions;
using Headwater.Gateway.Transport;
using Headwater.Wire.MySql;
using SocketAddress = Headwater.Gateway.Transport.SocketAddress;

namespace Headwater.Gateway;

/// <summary>
/// One reactor thread and all that belongs to it: its sessions, its backends, its copy of the view. Nothing here is shared, so nothing
/// here is locked; what comes from outside is posted.
/// </summary>
internal sealed class GatewayThread
{
    readonly Dictionary<ServerId, ServerPool> _pools = [];
    readonly List<(ServerState Server, Position Needed, Signal<bool> Signal)> _waiting = [];
    readonly HashSet<ServerState> _followed = [];
    ServerPool[] _byIndex = [];
    int _waitingCount;

    public GatewayServer Server { get; }
    public EventLoop Loop { get; }
    public GatewayOptions Options { get; private set; }
    public ClusterView View { get; private set; }
    public ServerLoad[] Loads { get; private set; } = [];
    public SettingsInterner Interner { get; } = new();
    public FactsCache Facts { get; }
    public PacketWriter Writer { get; } = new(4096);
    public ThreadStatistics Statistics { get; } = new();
    public SharedStatements Statements { get; } = new();
    public HashSet<ClientSession> Sessions { get; } = [];

    /// <summary>Reads under way whose results will be kept, by the hash of their key.</summary>
    public Dictionary<ulong, Flight> Flights { get; } = [];
    public ReadAuditor Auditor { get; }
    public bool IsStopping { get; private set; }
    public int MaxBackendsPerServer => Math.Max(1, Options.MaxBackendsPerServer / Server.ThreadCount);
    public Catalogue Catalogue => Server.Catalogue.Current;

    ulong _chance;

    public GatewayThread(GatewayServer server, int number, GatewayOptions options, ClusterView view, Action<Exception> onFault)
    {
        Server = server;
        Options = options;
        View = view;
        Loop = new EventLoop(number, onFault);
        Auditor = new ReadAuditor(this);
        Facts = new FactsCache(options.FactsBudgetBytes);
        _chance = 0x9E3779B97F4A7C15UL * (ulong)(number + 1);
        if (server.Changes is { } changes) changes.Advanced += OnLogAdvanced;
        Follow(view);
    }

    /// <summary>A cheap stream of bits for choosing between equals (xorshift); nothing secret depends on it.</summary>
    public ulong Chance()
    {
        _chance ^= _chance << 13;
        _chance ^= _chance >> 7;
        _chance ^= _chance << 17;
        return _chance;
    }

    public ServerPool PoolAt(int index) => _byIndex[index];

    public ServerPool? PoolOf(ServerState state)
    {
        foreach (var pool in _byIndex)
            if (ReferenceEquals(pool.View.State, state)) return pool;
        return null;
    }

    public int IndexOf(ServerState state)
    {
        for (var i = 0; i < _byIndex.Length; i++)
            if (ReferenceEquals(_byIndex[i].View.State, state)) return i;
        return -1;
    }

    /// <summary>After a fault of our own: whatever the session had in hand is in a state that nobody knows.</summary>
    public void DestroyLentTo(ClientSession session)
    {
        foreach (var pool in _byIndex)
            foreach (var backend in pool.All.ToArray())
                if (backend.LentTo == session) session.Lease.Destroy(backend);
    }

    public int BackendsLent => _byIndex.Sum(pool => pool.All.Count(backend => !backend.IsIdle));

    public void Apply(GatewayOptions options) => Options = options;

    /// <summary>Has every server sampled soon.</summary>
    public void DemandSamples()
    {
        foreach (var server in View.Servers) server.State.Demand(Position.Empty);
    }

    /// <summary>Most views differ from the one before in lag only: those are taken over without a trace in memory.</summary>
    bool FollowFigures(ClusterView view)
    {
        if (_byIndex.Length != view.Servers.Length || view.Epoch != View.Epoch || !ReferenceEquals(view.Primary?.State, View.Primary?.State)) return false;
        for (var i = 0; i < _byIndex.Length; i++)
        {
            var (before, next) = (View.Servers[i], view.Servers[i]);
            if (!ReferenceEquals(before.State, next.State) || before.Health != next.Health || before.Role != next.Role || before.Address != next.Address || _byIndex[i].Address is null) return false;
        }
        View = view;
        Volatile.Write(ref _followedVersion, view.Version);
        for (var i = 0; i < _byIndex.Length; i++) _byIndex[i].Refresh(view.Servers[i]);
        for (var i = 0; i < Loads.Length; i++) Loads[i].Fade();
        return true;
    }

    long _followedVersion;

    /// <summary>The version of the view that this thread goes by; no statement is routed by an older one any more. From any thread.</summary>
    public long FollowedVersion => Volatile.Read(ref _followedVersion);

    public void Follow(ClusterView view)
    {
        if (FollowFigures(view)) return;
        var newEpoch = view.Epoch != View.Epoch;
        View = view;
        Volatile.Write(ref _followedVersion, view.Version);
        // Each session is judged by each epoch: a lost branch's numbers may be given out again later.
        if (newEpoch)
            foreach (var session in Sessions) Router.Judge(view, ref session.Position, out _);
        var loads = new ServerLoad[view.Servers.Length];
        var byIndex = new ServerPool[view.Servers.Length];
        var gone = new HashSet<ServerId>(_pools.Keys);
        for (var i = 0; i < view.Servers.Length; i++)
        {
            var server = view.Servers[i];
            gone.Remove(server.Id);
            if (!_pools.TryGetValue(server.Id, out var pool)) pool = _pools[server.Id] = new ServerPool(this, server.Id);
            if (pool.Index >= 0 && pool.Index < Loads.Length) loads[i] = Loads[pool.Index];
            byIndex[i] = pool;
            if (_followed.Add(server.State)) server.State.Advanced += OnAdvanced;
        }
        // Loads first: following may fail a pool, which returns backends and counts.
        Loads = loads;
        _byIndex = byIndex;
        var failed = new List<(ServerPool Pool, PoolFate Fate)>();
        for (var i = 0; i < byIndex.Length; i++)
        {
            if (byIndex[i].Follow(view.Servers[i], i) is var fate and not PoolFate.Stays) failed.Add((byIndex[i], fate));
            if (byIndex[i].Address is null) Resolve(byIndex[i], view.Servers[i].Address);
        }
        foreach (var id in gone)
        {
            _pools[id].Follow(null, -1);
            failed.Add((_pools[id], PoolFate.Gone));
            _pools.Remove(id);
        }
        foreach (var (pool, fate) in failed) pool.Fail(fate);
        _followed.RemoveWhere(state =>
        {
            if (view.Servers.Any(s => ReferenceEquals(s.State, state))) return false;
            state.Advanced -= OnAdvanced;
            return true;
        });
        foreach (var (state, _, signal) in _waiting.ToArray())
            if (!_followed.Contains(state)) signal.Set(false);
        Server.ViewFollowed(this);
        foreach (var held in _holding.ToArray()) held.Set(view.Primary is not null);
    }

    readonly List<Signal<bool>> _holding = [];

    /// <summary>Waits for a primary to be known.</summary>
    public Signal<bool> WaitForView(TimeSpan limit)
    {
        var signal = new Signal<bool>().Within(Loop, limit);
        _holding.Add(signal);
        return signal;
    }

    public void StopWaiting(Signal<bool> signal) => _holding.Remove(signal);

    /// <summary>Names are resolved off the reactor; until then the pool has no address.</summary>
    void Resolve(ServerPool pool, ServerAddress address)
    {
        if (address.Socket is { } path) pool.Address = SocketAddress.Unix(path);
        else if (IPAddress.TryParse(address.Host, out var ip)) pool.Address = SocketAddress.Tcp(ip, address.Port);
        else
            Dns.GetHostAddressesAsync(address.Host).ContinueWith(found =>
            {
                if (found.IsCompletedSuccessfully && found.Result.Length > 0) Loop.Post(() => pool.Address = SocketAddress.Tcp(found.Result[0], address.Port));
            }, TaskScheduler.Default);
    }

    /// <summary>
    /// Waits until <paramref name="server"/> is known to cover <paramref name="needed"/> (an empty position: until a fresh sample).
    /// All waits of all sessions for one server share what the watcher does for it.
    /// </summary>
    public Signal<bool> WaitForPosition(ServerState server, in Position needed, TimeSpan limit)
    {
        var signal = new Signal<bool>().Within(Loop, limit);
        _waiting.Add((server, needed, signal));
        Volatile.Write(ref _waitingCount, _waiting.Count);
        server.Demand(needed);
        return signal;
    }

    public void StopWaitingForPosition(Signal<bool> signal)
    {
        _waiting.RemoveAll(w => w.Signal == signal);
        Volatile.Write(ref _waitingCount, _waiting.Count);
    }

    readonly List<(Position Needed, Signal<bool> Signal)> _waitingForLog = [];
    int _waitingForLogCount;

    /// <summary>Waits until the log is known up to <paramref name="needed"/>.</summary>
    public Signal<bool> WaitForLog(in Position needed, TimeSpan limit)
    {
        var signal = new Signal<bool>().Within(Loop, limit);
        _waitingForLog.Add((needed, signal));
        Volatile.Write(ref _waitingForLogCount, _waitingForLog.Count);
        // It may have come between the question and now.
        if (Server.Changes!.Extent.Position.Covers(in needed)) signal.Set(true);
        return signal;
    }

    public void StopWaitingForLog(Signal<bool> signal)
    {
        _waitingForLog.RemoveAll(w => w.Signal == signal);
        Volatile.Write(ref _waitingForLogCount, _waitingForLog.Count);
    }

    void OnLogAdvanced()
    {
        if (Volatile.Read(ref _waitingForLogCount) > 0) Loop.Post(WakeLogWaiters);
    }

    void WakeLogWaiters()
    {
        if (_waitingForLog.Count == 0) return;
        var known = Server.Changes!.Extent.Position;
        foreach (var (needed, signal) in _waitingForLog.ToArray())
            if (known.Covers(in needed)) signal.Set(true);
    }

    void OnAdvanced(ServerState server)
    {
        if (Volatile.Read(ref _waitingCount) > 0) Loop.Post(() => WakeWaiters(server));
    }

    void WakeWaiters(ServerState server)
    {
        if (_waiting.Count == 0) return;
        var applied = server.Timeline.Applied;
        foreach (var (state, needed, signal) in _waiting.ToArray())
            if (ReferenceEquals(state, server) && applied.Covers(needed)) signal.Set(true);
    }

    public void Stop()
    {
        IsStopping = true;
        foreach (var session in Sessions.ToArray()) session.Stop();
    }

    public void CloseBackends()
    {
        foreach (var pool in _byIndex)
            foreach (var backend in pool.All.ToArray())
                if (backend.IsIdle) pool.Discard(backend);
                else if (backend.LentTo is null) backend.Close();
    }

    public void TrimIdleBackends()
    {
        foreach (var pool in _byIndex) pool.Trim(EventLoop.Now - Options.BackendIdleTimeout);
    }
}
