using System.Net;
using Headwater.Alerting;
using Headwater.Configuration;
using Headwater.Control;
using Headwater.Control.Alerting;
using Headwater.Control.Handover;
using Headwater.Core;
using Headwater.Core.Consumers;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Http;
using Headwater.Logging;
using Headwater.Streams;
using Headwater.Streams.Auditing;
using Headwater.Tls;
using Headwater.WebConsole;

namespace Headwater;

/// <summary>The object graph, built by hand: who knows whom is this page.</summary>
sealed class Composition : IAsyncDisposable
{
    readonly HeadwaterLog _log;
    readonly DateTimeOffset _started;
    readonly TimeProvider _time;
    readonly Published<Accounts> _accounts = new(Accounts.None);
    readonly Published<Catalogue> _catalogue = new(Catalogue.Unknown);
    readonly ClusterWatcher _watcher;
    readonly Alerts _told;
    readonly HttpEndpoint? _http;
    readonly Tracing? _tracing;
    readonly Live? _live;
    readonly ConsoleAnswers? _console;
    readonly LoginDesk? _logins;
    readonly LabDesk? _lab;
    readonly CancellationTokenSource _end = new();
    HeadwaterConfig _config;
    Feed? _feed;
    FeedAnswers? _feedAnswers;
    AlertRun _alerts;
    Task _watching = Task.CompletedTask;
    bool _listening, _gaveAway;

    /// <param name="reload">What POST /api/reload does.</param>
    /// <param name="file">The configuration's file, for people; null when there is none.</param>
    /// <param name="predecessor">The process that this one takes over from; null: none.</param>
    public Composition(HeadwaterConfig config, HeadwaterLog log, TimeProvider time, Func<OutcomeJson> reload, string? file, Predecessor? predecessor = null)
    {
        (_log, _time, _started, File) = (log, time, time.GetUtcNow(), file);
        _config = Complete(config, null);
        View = new Published<ClusterView>(new ClusterView { Cluster = _config.Watch.Cluster });
        _tracing = _config.Tracing is { } tracing ? new Tracing(tracing) : null;
        _told = new Alerts(time, log.Factory.CreateLogger("Headwater.Alerting"));
        _watcher = new ClusterWatcher(_config.Watch, View, _accounts, _catalogue, time, log.Factory, _told, predecessor);
        _feed = OpenFeed();
        Gateway = new GatewayServer(_config.Gateway, View, _accounts, _catalogue, log.Factory, _feed?.Changes, _feed is null ? null : (read, until, ct) => new ReadHistory(_feed.Store, time).JudgeAsync(read, until, ct));
        _alerts = NewAlerts();
        _watcher.FollowedVersion = () => Gateway.FollowedVersion;
        Gateway.Suspected += _watcher.Suspect;
        Gateway.Defined += _watcher.RefreshCatalogue;
        Gateway.AccountUnknown += _ => _watcher.RefreshAccounts();
        if (_feed is not null) _watcher.CatalogueRead += reading => _feed.Offer(reading.Catalogue.Dictionary, reading.From, reading.To);
        if (_config.Http is not { } address) return;
        var control = _config.Watch.Control is null ? null : new ControlAnswers(_watcher, () => _config.Watch.Control!.Policy, time, file);
        var views = new ViewHistory(time);
        VerifyDesk verify = new(() => View.Current, () => _config.Watch.Monitor, time, () => _live?.Acted());
        _lab = new LabDesk(() => _config.Lab, Path.Combine(_config.StateDirectory, "lab"), OwnProgram.Words, time, () => _live?.Nudge());
        _live = new Live(LiveSourcesOf(control, verify, _lab), views, time, log.Factory.CreateLogger<Live>());
        View.Changed += _live.Follow;
        _logins = new LoginDesk(() => _config.ConsoleUsers, time);
        _console = new ConsoleAnswers(new ConsoleSources
        {
            Live = _live,
            Logins = _logins,
            Events = () => EventsReader.Read(_config.Watch.Control?.Directory, views, AlertEpisodeJson.All(_alerts)),
            Explain = argument => ExplainJson.Of(argument, View.Current, Gateway.Explain, Gateway.ExplainKept),
            Quarantine = ct => QuarantineReader.ReadAsync(View.Current.Primary, _config.Watch.Control?.Recovery?.Login, ct),
            Verify = verify,
            Lab = _lab,
            Note = _watcher.NoteOperator,
        }, log.Factory.CreateLogger<ConsoleAnswers>());
        var sources = new HttpSources
        {
            Readiness = () => Readiness,
            Status = Status,
            Metrics = Metrics,
            Sessions = Gateway.Statistics.Sessions,
            Stats = () => StatsJson.Of(Gateway.Statistics),
            Alerts = () => AlertsJson.Of(_alerts, time),
            ReadAudit = () => ReadAuditJson.Of(Gateway.Statistics),
            Digests = () => Gateway.Statistics.Digests(200),
            Reload = reload,
            Feed = () => _feedAnswers,
            Control = control,
            Console = _console,
        };
        var answers = new HttpAnswers(sources, IPAddress.IsLoopback(IPAddress.Parse(address.Host)), log.Factory.CreateLogger<HttpAnswers>());
        _http = new HttpEndpoint(address, answers.AnswerAsync, log.Factory);
    }

    public Published<ClusterView> View { get; }
    public GatewayServer Gateway { get; }
    public string? File { get; }
    public Readiness Readiness => Readiness.Of(_listening, View.Current);

    /// <summary>Who may hold a write that was acknowledged and that no other server has, as the controller remembers it.</summary>
    internal IEnumerable<string> Acknowledgers => _watcher.Control.Record.Acknowledgers.Select(static id => id.Name);

    /// <summary>What the log says has changed, for tests that have it forget.</summary>
    internal LastChanges? Changes => _feed?.Changes;

    /// <summary>What the controller finds, for tests and people.</summary>
    internal string Findings => string.Join("; ", _watcher.Control.Findings.Select(static finding => finding.Sentence));

    /// <summary>The process from which this one took over, as long as it has sessions.</summary>
    public Func<PredecessorJson?> Predecessor { get; set; } = static () => null;

    /// <summary>Where HTTP answers, once started; null when it is off.</summary>
    public ListenAddress? Http => _http is null ? null : _config.Http! with { Port = _http.Port };

    /// <summary>HTTP first, so that a probe can see why the rest is not ready; then who looks at the servers; then who needs what is seen.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        if (_http is not null) await _http.StartAsync(ct);
        Watch();
        Serve(TakenOver.None);
    }

    /// <summary>Looks at the servers and follows the log, and serves nobody yet.</summary>
    public void Watch()
    {
        _live?.Start();
        _watching = _watcher.RunAsync(_end.Token);
        _feed?.Start();
        _alerts.Start();
    }

    /// <summary>Whether all is known that sessions are served by.</summary>
    public bool KnowsTheCluster => View.Current.Primary is not null && !_accounts.Current.All.IsEmpty && !ReferenceEquals(_catalogue.Current, Catalogue.Unknown);

    /// <summary>Serves, after <see cref="Watch"/>, where the predecessor has served.</summary>
    public async Task ServeAsync(TakenOver takenOver, int? http, CancellationToken ct)
    {
        if (_http is not null) await _http.StartAsync(ct, http);
        Serve(takenOver);
    }

    void Serve(TakenOver takenOver)
    {
        Gateway.Start(takenOver);
        _listening = true;
    }

    /// <summary>The descriptor by which HTTP listens, for a successor; null when it is off.</summary>
    public int? HttpDescriptor => _http?.Descriptor;

    /// <summary>Gives a successor what only one process may have: control, the log's store, the alerts. Sessions are served on, by what the successor decides.</summary>
    /// <returns>Null when it was given; else why not now.</returns>
    public async Task<string?> YieldAsync(Successor successor)
    {
        if (await _watcher.YieldAsync(successor) is { } not) return not;
        HasYielded = true;
        await _alerts.DisposeAsync();
        if (_feed is not null)
        {
            await _feed.DisposeAsync();
            // What it knew grows old, and the log may be cut back meanwhile: nothing is proven by it any more.
            _feed.Changes.Begin(Headwater.Core.Positions.Position.Empty);
        }
        return null;
    }

    /// <summary>Whether a successor has, or may have, what <see cref="YieldAsync"/> gives.</summary>
    public bool HasYielded { get; private set; }

    /// <summary>Takes back what <see cref="YieldAsync"/> gave. Throws <see cref="IOException"/> or <see cref="Headwater.Streams.Store.StoreException"/> while the other still has it.</summary>
    public async Task ResumeAsync()
    {
        await _watcher.ResumeAsync();
        _feed = OpenFeed();
        _feed?.Start();
        _alerts = NewAlerts();
        _alerts.Start();
        HasYielded = false;
    }

    /// <summary>The other process that had the sockets has let go of them.</summary>
    public void Settle()
    {
        Gateway.Settle();
        _http?.Settle();
    }

    /// <summary>The successor serves whoever comes: only the sessions that are here are left, until <see cref="StopAsync"/>.</summary>
    public async Task GiveAwayAsync()
    {
        (_listening, _gaveAway) = (false, true);
        Gateway.GiveAway();
        _console?.Stop();
        _lab?.End();
        if (_http is not null) await _http.DisposeAsync();
    }

    Feed? OpenFeed()
    {
        if (_config.Feed is not { } options) return null;
        var feed = new Feed(options, View, _time, _log.Factory, _feed?.Changes);
        feed.DictionaryWanted += _watcher.RereadCatalogue;
        _feedAnswers = new FeedAnswers(feed.Source, _time);
        return feed;
    }

    AlertRun NewAlerts() => new(_config.Alerts, _told, View, Gateway.Statistics, Directories(_config), _time, _log.Factory.CreateLogger("Headwater.Alerting"));

    /// <summary>Takes a checked configuration over; sessions live on. Throws, with the old one in force, when its own certificate cannot be had.</summary>
    public void Apply(HeadwaterConfig next)
    {
        next = Complete(next, _config);
        _config = next;
        _log.Apply(next.Log);
        _watcher.Apply(next.Watch);
        _alerts.Apply(next.Alerts);
        Gateway.Apply(next.Gateway);
    }

    /// <summary>No new sessions; transactions may end within the configured drain; then everything ends.</summary>
    public async Task StopAsync()
    {
        _listening = false;
        _lab?.End();
        await Gateway.StopAsync(_config.Drain);
    }

    public async ValueTask DisposeAsync()
    {
        _console?.Stop();
        if (_lab is not null) await _lab.DisposeAsync();
        if (_live is not null)
        {
            View.Changed -= _live.Follow;
            await _live.DisposeAsync();
        }
        await Gateway.DisposeAsync();
        await _end.CancelAsync();
        await _watching;
        if (!HasYielded) await _alerts.DisposeAsync();
        await _watcher.DisposeAsync();
        await _told.DisposeAsync();
        if (!HasYielded && _feed is not null) await _feed.DisposeAsync();
        if (!_gaveAway && _http is not null) await _http.DisposeAsync();
        _logins?.Dispose();
        _tracing?.Dispose();
        _end.Dispose();
    }

    HeadwaterConfig Complete(HeadwaterConfig config, HeadwaterConfig? before) => config with
    {
        Gateway = config.Gateway with
        {
            Certificate = config.Gateway.Certificate ?? Certificates.Own(config.StateDirectory, _time),
            Listeners = before is null ? config.Gateway.Listeners : [.. config.Gateway.Listeners.Select(listener => Same(listener, before.Gateway))],
        },
    };

    /// <summary>Those whose disks must not fill.</summary>
    static IReadOnlyList<string> Directories(HeadwaterConfig config) => config.Feed?.Store.Directory is { } store && !Path.GetFullPath(store).StartsWith(Path.GetFullPath(config.StateDirectory), StringComparison.Ordinal)
        ? [config.StateDirectory, store] : [config.StateDirectory];

    // The gateway opens a listener anew when its options are not equal to the old ones, and lists compare by identity: an unchanged
    // listener has to stay the same object.
    static ListenerOptions Same(ListenerOptions listener, GatewayOptions before) => before.Listeners.FirstOrDefault(old =>
        old == listener with { ProxyProtocolFrom = old.ProxyProtocolFrom } && old.ProxyProtocolFrom.SequenceEqual(listener.ProxyProtocolFrom)) ?? listener;

    void Metrics(PrometheusText text)
    {
        ClusterMetrics.Write(text, View.Current);
        if (_watcher.Figures is { } figures) ControlMetrics.Write(text, _watcher.Control.Record, _watcher.Control.Findings, figures);
        GatewayMetrics.Write(text, Gateway.Statistics);
        if (_feed is not null) FeedMetrics.Write(text, _feed);
        AlertMetrics.Write(text, _alerts);
        ProcessMetrics.Write(text, Predecessor()?.Sessions ?? 0);
    }

    LiveSources LiveSourcesOf(ControlAnswers? control, VerifyDesk verify, LabDesk lab) => new()
    {
        View = () => View.Current,
        Readiness = () => Readiness,
        Statistics = Gateway.Statistics,
        Control = control is null ? null : () => (_watcher.Control.Record, _watcher.Control.Findings, _watcher.Lease),
        Policy = control is null ? null : () => _config.Watch.Control!.Policy,
        Audit = control is null ? null : ct => control.AuditAsync(apply: false, ct),
        Feed = _feed is null ? null : () => FeedJson.Of(_feed),
        Verify = () => verify.State,
        Lab = () => lab.State,
        Alerts = () => _alerts.Firing,
        Predecessor = () => Predecessor(),
        Journal = () => EventsReader.LengthOf(_config.Watch.Control?.Directory) + _alerts.Changes,
        SilentFor = server => server.LastAnswer is { } answer ? _time.Now() - (server.State.HeardAt > answer.AnsweredAt ? server.State.HeardAt : answer.AnsweredAt) : null,
    };

    StatusJson Status()
    {
        var (view, readiness) = (View.Current, Readiness);
        return new StatusJson(BuildVersion.Text, Environment.ProcessId, MachineId.Read(), _started, File, readiness.Ready, readiness.Sentence,
            view.Cluster, view.Epoch.Number, view.Version, view.Primary?.Id.Name, view.Reason, ServerJson.All(view),
            [.. _config.Gateway.Listeners.Select(static listener => listener.Socket ?? new ListenAddress(listener.Address.ToString(), listener.Port).ToString())],
            _config.Watch.Control is { } control ? ControlAnswers.About(control.Policy, _watcher, _time) : null,
            view.Ring.IsEmpty ? null : [.. view.Ring.Select(static id => id.Name)], _feed is null ? null : FeedJson.Of(_feed),
            ReadAuditJson.Violations(Gateway.Statistics), FiringJson.All(_alerts, _time) is { Count: > 0 } firing ? firing : null, Predecessor());
    }
}
