using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Headwater.Core;
using Headwater.Core.Auditing;
using Headwater.Core.Consumers;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Gateway.Auditing;
using Headwater.Gateway.Caching;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Sessions;
using Headwater.Gateway.Transport;
using Microsoft.Extensions.Logging;

namespace Headwater.Gateway;

/// <summary>
/// The gateway: listeners, reactor threads, and what is asked of all of them together. Reads the published view, accounts and catalogue;
/// who publishes them is not its business.
/// </summary>
public sealed class GatewayServer : IAsyncDisposable
{
    readonly ILogger _log;
    readonly Published<ClusterView> _view;
    readonly Published<Accounts> _accounts;
    readonly GatewayThread[] _threads;
    readonly List<Listener> _listeners = [];
    readonly ConcurrentDictionary<uint, ClientSession> _sessions = new();
    readonly long _startedAt = Stopwatch.GetTimestamp();
    uint _lastSessionId;
    TakenOver _takenOver = TakenOver.None;
    int _nextThread;
    Timer? _upkeep;

    internal Published<Catalogue> Catalogue { get; }

    /// <summary>What the log says has changed; null where the log is not followed.</summary>
    internal LastChanges? Changes { get; }

    /// <summary>Kept results; null when none are kept.</summary>
    internal ResultCache? Cache { get; }

    /// <summary>Whether the log has a change of what was read, between what was claimed and what the primary can have shown; null where the log is not kept here.</summary>
    internal Func<AuditedRead, Position, CancellationToken, Task<AuditJudgement>>? History { get; }
    internal AuditLog Audit { get; }
    internal int ThreadCount => _threads.Length;
    internal int SessionCount => _sessions.Count;

    public GatewayOptions Options { get; private set; }
    public GatewayStatistics Statistics { get; }

    /// <summary>A user was not found: whoever learns accounts should look again soon. Called on a reactor thread.</summary>
    public event Action<string>? AccountUnknown;

    /// <summary>A statement defined something (CREATE, ALTER, DROP, …): whoever reads the catalogue should look again. Called on a reactor thread.</summary>
    public event Action? Defined;

    /// <summary>A backend was lost or could not be had: whoever probes should look now. Called on a reactor thread.</summary>
    public event Action<ServerId>? Suspected;

    public GatewayServer(GatewayOptions options, Published<ClusterView> view, Published<Accounts> accounts, Published<Catalogue> catalogue, ILoggerFactory log, LastChanges? changes = null,
        Func<AuditedRead, Position, CancellationToken, Task<AuditJudgement>>? history = null)
    {
        Options = options;
        Changes = changes;
        History = history;
        Cache = options.Cache is { } cache && changes is not null ? new ResultCache(cache) : null;
        _view = view;
        _accounts = accounts;
        Catalogue = catalogue;
        _log = log.CreateLogger("Headwater.Gateway");
        Audit = new AuditLog(_log, TimeProvider.System);
        var count = options.Threads > 0 ? options.Threads : Math.Max(1, Environment.ProcessorCount / 2);
        _threads = new GatewayThread[count];
        for (var i = 0; i < count; i++) _threads[i] = new GatewayThread(this, i, options, view.Current, fault => Log.ReactorFault(_log, fault));
        Statistics = new GatewayStatistics(this, _threads);
    }

    public void Start() => Start(TakenOver.None);

    /// <summary>Serves, on the sockets that a predecessor has given away as far as they are those of the configuration.</summary>
    public void Start(TakenOver takenOver)
    {
        foreach (var thread in _threads) thread.Loop.Start();
        _view.Changed += OnViewChanged;
        OnViewChanged(_view.Current);
        (_lastSessionId, _takenOver) = (takenOver.LastSession, takenOver);
        int? InheritedBy(ListenerOptions listener) => takenOver.Listeners.TryGetValue(Listener.NameOf(listener), out var descriptor) ? descriptor : null;
        // First those that may not be had: what is inherited accepts at once, and nobody is to be accepted by a process that then does not come up.
        foreach (var listener in Options.Listeners.OrderBy(listener => InheritedBy(listener) is not null)) Listen(listener, InheritedBy(listener));
        _upkeep = new Timer(_ => EachThread(t => t.TrimIdleBackends()), null, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));
    }

    /// <summary>What a successor is given; it stays open here too until <see cref="GiveAway"/>.</summary>
    public TakenOver Given => new(_listeners.ToDictionary(static listener => listener.Name, static listener => listener.Descriptor), Volatile.Read(ref _lastSessionId), null);

    /// <summary>Nobody is accepted any more, or again. Whoever comes meanwhile waits in the kernel.</summary>
    public void PauseAccepting(bool paused)
    {
        foreach (var listener in _listeners) listener.Pause(paused);
    }

    /// <summary>The predecessor has let go of what it gave: it is all this one's, and what the configuration does not name any more is nobody's.</summary>
    public void Settle()
    {
        foreach (var listener in _listeners) listener.OwnsFile = true;
        foreach (var (name, descriptor) in _takenOver.Listeners)
            if (Options.Listeners.All(listener => Listener.NameOf(listener) != name))
            {
                _ = Native.close(descriptor);
                if (Path.IsPathRooted(name)) File.Delete(name);
            }
        _takenOver = _takenOver with { Listeners = TakenOver.None.Listeners };
    }

    /// <summary>The successor accepts who comes. The sessions that are here go on.</summary>
    public void GiveAway()
    {
        foreach (var listener in _listeners)
        {
            listener.OwnsFile = false;
            listener.Close();
        }
        _listeners.Clear();
        Options = Options with { AuditedReadsPerSecond = 0 };
        EachThread(t => t.Apply(Options));
    }

    /// <summary>What <see cref="KillAsync"/> answers where there is none of that number.</summary>
    public const ushort NoSuchSession = ServerErrors.NoSuchThread;

    /// <summary>Ends what a session runs, or the session; of this process, or of its predecessor. From any thread.</summary>
    /// <param name="may">Whether they may end others' sessions.</param>
    /// <returns>As a client is told: 0, or an error's number.</returns>
    public async Task<ushort> KillAsync(uint id, bool connection, string user, bool may)
    {
        if (FindSession(id) is not { } victim) return id <= _takenOver.LastSession && _takenOver.Kill is { } before ? await before(id, connection, user, may) : ServerErrors.NoSuchThread;
        if (victim.Identity.User != user && !may) return ServerErrors.NotItsOwner;
        victim.On.Loop.Post(() =>
        {
            if (victim.Running is { } running) victim.Commands.KillQueryOn(running);
            if (connection) victim.Kill();
        });
        return 0;
    }

    void Listen(ListenerOptions options, int? inherited = null)
    {
        var listener = Listener.Open(_threads[0].Loop, options, inherited, (fd, host) => Accept(options, fd, host));
        _listeners.Add(listener);
        Log.Listening(_log, listener.Describe());
    }

    /// <summary>The TCP port that was bound first; for when the system chose it.</summary>
    public int Port => _listeners.FirstOrDefault(l => l.Port > 0)?.Port ?? 0;

    void Accept(ListenerOptions options, int fd, string host)
    {
        var thread = _threads[_nextThread++ % _threads.Length];
        // Here, so that the last number is known as soon as nobody is accepted any more.
        var id = Interlocked.Increment(ref _lastSessionId);
        if (thread.Loop.IsCurrent) Begin(thread, options, fd, host, id);
        else thread.Loop.Post(() => Begin(thread, options, fd, host, id));
    }

    void Begin(GatewayThread thread, ListenerOptions options, int fd, string host, uint id)
    {
        if (host != "unix") Native.SetOption(fd, Native.IpProtoTcp, Native.TcpNoDelay, 1);
        Native.SetOption(fd, Native.SolSocket, Native.SoKeepAlive, 1); // a client that has vanished must not keep its transaction for ever
        var session = new ClientSession(thread, options, new PlainEndpoint(thread.Loop, fd), host, id);
        _sessions[id] = session;
        _ = session.RunAsync();
    }

    void OnViewChanged(ClusterView view) => EachThread(t => t.Follow(view));

    void EachThread(Action<GatewayThread> action)
    {
        foreach (var thread in _threads) thread.Loop.Post(() => action(thread));
    }

    /// <summary>Takes over changed options; sessions live on. Listeners that are no longer named close, new ones open.</summary>
    public void Apply(GatewayOptions options)
    {
        Options = options;
        EachThread(t => t.Apply(options));
        foreach (var gone in _listeners.Where(l => !options.Listeners.Any(o => l.IsFor(o))).ToArray())
        {
            gone.Close();
            _listeners.Remove(gone);
        }
        foreach (var added in options.Listeners.Where(o => !_listeners.Any(l => l.IsFor(o)))) Listen(added);
    }

    /// <summary>Stops listening, lets transactions end within <paramref name="drain"/>, then closes what is left.</summary>
    public async Task StopAsync(TimeSpan drain)
    {
        foreach (var listener in _listeners) listener.Close();
        _listeners.Clear();
        EachThread(t => t.Stop());
        var until = Stopwatch.GetTimestamp() + (long)(drain.TotalSeconds * Stopwatch.Frequency);
        while (!_sessions.IsEmpty && Stopwatch.GetTimestamp() < until) await Task.Delay(10);
        foreach (var session in _sessions.Values) session.On.Loop.Post(session.Kill);
        for (var i = 0; i < 100 && !_sessions.IsEmpty; i++) await Task.Delay(10);
        EachThread(t => t.CloseBackends());
    }

    /// <summary>Whether every thread that moves bytes takes something in hand within the limit.</summary>
    public async Task<bool> RespondsAsync(TimeSpan limit)
    {
        var answers = _threads.Select(static thread =>
        {
            var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            thread.Loop.Post(answer.SetResult);
            return answer.Task;
        }).ToList();
        var all = Task.WhenAll(answers);
        return await Task.WhenAny(all, Task.Delay(limit)) == all;
    }

    public async ValueTask DisposeAsync()
    {
        _view.Changed -= OnViewChanged;
        if (_upkeep is not null) await _upkeep.DisposeAsync();
        await StopAsync(TimeSpan.Zero);
        foreach (var thread in _threads)
        {
            thread.Loop.Stop();
            thread.Loop.Dispose();
        }
    }

    // ---- asked by sessions and threads

    internal string VersionShown { get; private set; } = "10.11.0-MariaDB-headwater";

    /// <summary>The version of the view that all threads go by at least. From any thread.</summary>
    public long FollowedVersion => _threads.Min(static thread => thread.FollowedVersion);

    internal void ViewFollowed(GatewayThread thread)
    {
        if (thread.View.Primary?.Capabilities is { Version: { Length: > 0 } version }) VersionShown = version;
    }

    /// <summary>False only until they have been learnt for the first time.</summary>
    internal bool AccountsAreKnown => !_accounts.Current.All.IsEmpty;

    internal Account? FindAccount(string user, string host) => AccountMatch.Find(_accounts.Current, user, host);

    internal void AccountMissing(string user) => AccountUnknown?.Invoke(user);

    internal void SomethingDefined() => Defined?.Invoke();

    internal void TlsFailed(string host, string fault) => Log.TlsFailed(_log, host, fault.Length == 0 ? "the client gave up or took too long" : fault);

    internal void ServerSuspected(ServerId server) => Suspected?.Invoke(server);

    internal ClientSession? FindSession(uint id) => _sessions.GetValueOrDefault(id);

    internal int SessionsOf(string user) => _sessions.Values.Count(s => s.Identity.User == user);

    /// <summary>What the servers let this session's account do, as last learnt; nothing when the account is not known.</summary>
    internal bool May(ClientSession session, AccountRights right) => (FindAccount(session.Identity.User, session.ClientHost)?.Rights & right) == right;

    internal void SessionEnded(ClientSession session) => _sessions.TryRemove(session.Id, out _);

    internal void Fault(ClientSession session, Exception fault) => Log.SessionFault(_log, session.Id, fault);

    internal void Fault(Exception fault) => Log.ReactorFault(_log, fault);

    internal SlowStatements Slowest { get; } = new();

    internal void Slow(ClientSession session, Backends.Backend backend, long ticks)
    {
        Slowest.Add(new SlowStatement(DateTimeOffset.UtcNow, session.Id, session.Identity.User, backend.Server.Id.Name, ticks * 1000 / Stopwatch.Frequency, session.Facts.Digest, session.ReasonOf(backend).ToString()));
        Log.SlowStatement(_log, session.Id, session.Identity.User, backend.Server.Id.Name, ticks * 1000 / Stopwatch.Frequency, session.Facts.Digest, session.TraceOf(session.Request.Payload).TraceId.ToHexString());
    }

    /// <summary>Where a statement of a new session would go now, and why; it is not run. From any thread.</summary>
    public StatementRoute Explain(RouteQuestion question)
    {
        // The reactors' loads are theirs; a figure may be one statement old.
        var view = View;
        var loads = new ServerLoad[view.Servers.Length];
        foreach (var thread in _threads)
            if (thread.Loads is var own && own.Length == loads.Length)
                for (var i = 0; i < loads.Length; i++) loads[i].Busy += own[i].Busy;
        return StatementRoute.Of(question, view, Catalogue.Current, Changes, Options.Routing, Options.TrustHints, loads, (ulong)Stopwatch.GetTimestamp(), EventLoop.Now);
    }

    /// <summary>Whether a kept result may answer it, in a sentence; null where none are kept. From any thread.</summary>
    public string? ExplainKept(StatementRoute route, string schema) => Cache is not { } cache ? null
        : KeptSentence.Of(route.Facts, schema, Changes!.Extent.Dictionary, cache.Options, cache.Of(route.Facts.Digest), route.Level.Kind == LevelKind.Strong || route.Route.Reason == RouteReason.AskedForPrimary);

    internal string StatisticsLine()
    {
        var uptime = Stopwatch.GetElapsedTime(_startedAt);
        var statements = _threads.Sum(t => t.Statistics.Statements);
        return string.Create(CultureInfo.InvariantCulture,
            $"Uptime: {(long)uptime.TotalSeconds}  Threads: {_sessions.Count}  Questions: {statements}  Slow queries: 0  Opens: 0  Open tables: 0  Queries per second avg: {statements / Math.Max(1, uptime.TotalSeconds):0.000}");
    }

    internal IEnumerable<string?[]> ServerRows() => Statistics.Servers().Select(s => new string?[]
    {
        s.Server, s.Address, s.Role, s.Health, s.Tags, _view.Current.Epoch.ToString(), s.Position,
        s.LagMilliseconds?.ToString("0.#", CultureInfo.InvariantCulture), s.Behind?.ToString(CultureInfo.InvariantCulture),
        s.Busy.ToString(CultureInfo.InvariantCulture), s.Backends.ToString(CultureInfo.InvariantCulture), s.Reason,
    });

    /// <summary>All sessions, or one user's.</summary>
    internal IEnumerable<string?[]> SessionRows(string? user) => Statistics.Sessions().Where(s => user is null || s.User == user).Select(s => new string?[]
    {
        s.Id.ToString(CultureInfo.InvariantCulture), s.User, s.Host, s.Schema, s.Level, s.HeldOn,
        s.HeldForMilliseconds?.ToString(CultureInfo.InvariantCulture), s.HeldBecause, s.RunningForMilliseconds?.ToString(CultureInfo.InvariantCulture), s.Statement,
    });

    internal IEnumerable<string?[]> DigestRows() => Statistics.Digests(200).Select(d => new string?[]
    {
        d.Digest, Number(d.Count), Number(d.Errors), Number(d.OnReplicas), d.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture),
        d.MeanMicroseconds.ToString("0.#", CultureInfo.InvariantCulture), d.MaxMicroseconds.ToString("0.#", CultureInfo.InvariantCulture), Number(d.Rows), d.Reason,
    });

    /// <summary>The kept results that were served most.</summary>
    internal IEnumerable<string?[]> CacheRows() => (Cache?.Hottest(200) ?? []).Select(result => new string?[]
    {
        result.Digest, Number(result.Hits), Number(result.Rows), Number(result.Bytes), result.Moment.Server.Id.Name, result.Moment.From.ToString(),
        result.Cost.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture),
    });

    /// <summary>What came of the reads that were looked at again.</summary>
    internal IEnumerable<string?[]> AuditRows() => Audit.Rows();

    /// <summary>How many results are kept, in how many bytes, and how many have had to leave; null where none are kept.</summary>
    public (int Results, long Bytes, long Evicted)? Kept => Cache is { } cache ? (cache.Count, cache.Bytes, cache.Evicted) : null;

    static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    internal IReadOnlyCollection<ClientSession> AllSessions => (IReadOnlyCollection<ClientSession>)_sessions.Values;
    internal ClusterView View => _view.Current;
}
