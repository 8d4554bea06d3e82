using System.Threading.Channels;
using Headwater.Control.Alerting;
using Headwater.Control.Failover;
using Headwater.Control.Handover;
using Headwater.Control.Recovery;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Positions;
using Headwater.Core.Rebuild;
using Headwater.Core.Recovery;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Microsoft.Extensions.Logging;

namespace Headwater.Control;

/// <summary>
/// Keeps the view of a cluster: watches each server, decides what they are together, publishes. One loop owns everything here; the watches
/// and callers post to it.
/// </summary>
public sealed class ClusterWatcher : IAsyncDisposable
{
    static readonly TimeSpan FollowersEvery = TimeSpan.FromSeconds(2);
    const int MostRounds = 4;
    static readonly TimeSpan AuditPatience = TimeSpan.FromSeconds(2);
    static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(4);
    static readonly TimeSpan RefreshAtMostEvery = TimeSpan.FromMilliseconds(100);
    readonly Channel<Action> _posted = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    readonly Published<ClusterView> _view;
    readonly Published<Accounts> _accounts;
    readonly Published<Catalogue> _catalogue;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly LagMeter _lags = new();
    readonly List<Member> _members = [];
    readonly CancellationTokenSource _end = new();
    readonly Helm? _helm;
    Told? _control;
    WatchOptions _options;
    Instant _publishedAt;
    long _heldSince = long.MaxValue;
    bool _looksAgain;
    Instant _excusedAt;
    Instant _followersAt;
    Instant _accountsAt;
    ClusterView _decided;
    ServerState? _lastPrimary;
    string _catalogueChanges = "";
    Instant _catalogueAt;
    Instant _catalogueReadAt;
    bool _catalogueAsked;
    bool _catalogueWanted, _catalogueMustBeRead;
    bool _accountsWanted;
    bool _catalogueComplained;
    bool _accountsAsked;
    bool _accountsComplained;
    Task _running = Task.CompletedTask;

    /// <summary>With <see cref="WatchOptions.Control"/>, throws <see cref="IOException"/> where another process holds the journal.</summary>
    public ClusterWatcher(WatchOptions options, Published<ClusterView> view, Published<Accounts> accounts, Published<Catalogue> catalogue, TimeProvider time, ILoggerFactory log, Alerts? alerts = null, Predecessor? predecessor = null)
    {
        (_options, _view, _accounts, _catalogue, _time) = (options, view, accounts, catalogue, time);
        _decided = view.Current;
        _log = log.CreateLogger("Headwater.Control");
        if (options.Control is { } control) _helm = new Helm(control, alerts, time, log.CreateLogger("Headwater.Failover"), Post, Decide, predecessor);
    }

    /// <summary>What the controller remembers, and what it found at its last look; empty where there is none. From any thread.</summary>
    public (ControlRecord Record, IReadOnlyList<Finding> Findings) Control => Volatile.Read(ref _control) is { } told ? (told.Record, told.Findings) : (new ControlRecord(), []);

    /// <summary>What the controller of this process has done since it started; null where there is none. From any thread.</summary>
    public ControlFigures? Figures => Volatile.Read(ref _control)?.Figures;

    /// <summary>Who acts, in a sentence; null where no lease is shared. From any thread.</summary>
    public string? Lease => _helm?.Lease;

    /// <summary>How far the gateways of this process have followed the views that were published (<see cref="ClusterView.Version"/>); null where there are none.</summary>
    public Func<long>? FollowedVersion { get; set; }

    /// <summary>Hands an operator's wish to the controller; the sentence says what came of it.</summary>
    public Task<(bool Done, string Sentence)> CommandAsync(Func<ControlState, ClusterView, Instant, (ControlState? Next, string Sentence)> wish)
    {
        var answer = new TaskCompletionSource<(bool, string)>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            if (_helm is null) answer.SetResult((false, "nobody controls here: control.mode is off"));
            else
                _helm.Command(state => wish(state, _decided, _time.Now()), (done, sentence) =>
                {
                    Decide();
                    answer.SetResult((done, sentence));
                });
        });
        return answer.Task;
    }

    /// <summary>Recovers a tail at an operator's wish; null, with the reason, when nothing is done.</summary>
    public async Task<(RecoveryReport? Report, string Sentence)> RecoverAsync(RecoveryWish wish)
    {
        while (true)
        {
            var answer = new TaskCompletionSource<(Task<RecoveryReport>?, Task?, string)>(TaskCreationOptions.RunContinuationsAsynchronously);
            Post(() => answer.SetResult(_helm is null ? (null, null, "nobody controls here: control.mode is off") : _helm.Recover(wish, _decided)));
            var (report, before, sentence) = await answer.Task;
            if (before is null) return (report is null ? null : await report, sentence);
            await before;
            await Task.Delay(RefreshAtMostEvery, _time); // until the loop knows that it has ended
        }
    }

    /// <summary>
    /// Gives control to a successor, once nothing is under way, and follows it from there: <see cref="Helm.Yield"/>. Where nobody controls there is nothing to give.
    /// </summary>
    /// <returns>Null when it was given; else why not.</returns>
    public async Task<string?> YieldAsync(Successor successor)
    {
        var answer = new TaskCompletionSource<(Task?, string)>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => answer.SetResult(_helm is null ? (Task.CompletedTask, "") : _helm.Yield(successor)));
        var (given, sentence) = await answer.Task;
        if (given is null) return sentence;
        await given;
        return null;
    }

    /// <summary>Takes control back from a successor that did not come up. Throws <see cref="IOException"/> when it has the journal all the same.</summary>
    public Task ResumeAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                _helm?.Resume();
                done.SetResult();
            }
            catch (Exception trouble)
            {
                done.SetException(trouble);
            }
        });
        return done.Task;
    }

    /// <summary>Who asked for something, in the journal beside what came of it.</summary>
    public void NoteOperator(string action, string sentence) => Post(() => _helm?.NoteOperator(action, sentence));

    /// <summary>Makes a server anew at an operator's wish, or a new one a replica, which is then watched too; null, with the reason, when nothing is done.</summary>
    public async Task<(RebuildReport? Report, string Sentence)> RebuildAsync(RebuildWish wish)
    {
        var answer = new TaskCompletionSource<(Task<RebuildReport>?, string)>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => answer.SetResult(_helm is null ? (null, "nobody controls here: control.mode is off") : _helm.Rebuild(wish, _decided)));
        var (running, sentence) = await answer.Task;
        if (running is null) return (null, sentence);
        var report = await running;
        if (report.Follows && wish.Address is { } address)
            Post(() =>
            {
                if (!_members.Exists(member => member.Server.Id == wish.Server || Same(member.Server.Address, address))) Join(new WatchedServer(wish.Server, address), found: true, "it was made a replica");
            });
        return (report, sentence);
    }

    /// <summary>Watches until <paramref name="ct"/> or the end of this object. The first view with facts is published as soon as servers answer.</summary>
    public Task RunAsync(CancellationToken ct)
    {
        _running = LoopAsync(ct);
        return _running;
    }

    /// <summary>Takes other options over while running: servers that stay keep their state and their connections.</summary>
    public void Apply(WatchOptions options) => Post(() =>
    {
        _options = options;
        if (options.Control is { } control) _helm?.Apply(control);
        Reconcile();
        Decide();
    });

    /// <summary>Reads the accounts anew, soon: for when a login fails whose account may be newer than what was read last.</summary>
    public void RefreshAccounts() => Post(() => _accountsWanted = true);

    /// <summary>Reads the catalogue anew, whether it seems to have changed or not, and tells of it: <see cref="CatalogueRead"/>.</summary>
    public void RereadCatalogue() => Post(() => _catalogueWanted = _catalogueMustBeRead = true);

    /// <summary>Raised after each look at the primary's catalogue, changed or not. Handlers must not block.</summary>
    public event Action<CatalogueReading>? CatalogueRead;

    /// <summary>Looks for a changed catalogue now: for when a definition has just passed by.</summary>
    public void RefreshCatalogue() => Post(() => _catalogueWanted = true);

    /// <summary>What stands against the promise to lose nothing, and whom it could not be asked; with <paramref name="apply"/>, what can be mended while running is mended first.</summary>
    public async Task<(IReadOnlyList<AuditFinding> Findings, IReadOnlyList<string> Troubles)> AuditAsync(bool apply, LossPromise promise, CancellationToken ct)
    {
        var members = new TaskCompletionSource<List<(ServerId Id, ServerRole Role, ServerWatch Watch)>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => members.SetResult([.. _members.Where(static member => member.View?.IsWitness != true).Select(member => (member.Server.Id, _decided.Primary?.Id == member.Server.Id ? ServerRole.Primary : ServerRole.Replica, member.Watch))]));
        var watched = await members.Task.WaitAsync(ct);
        var troubles = new List<string>();
        var findings = await LookAsync();
        if (!apply) return (findings, troubles);
        foreach (var finding in findings.Where(static finding => finding.Mend.Length > 0))
            if (PromiseAudit.WhyNotToMend(finding, promise, _options.IsRing == true) is { } not) troubles.Add(not);
            else await AskAsync(watched.First(server => server.Id == finding.Server), (connection, stop) => connection.QueryAsync(finding.Mend, stop));
        return (await LookAsync(), troubles);

        async Task<IReadOnlyList<AuditFinding>> LookAsync()
        {
            var settings = new List<ServerSettings>();
            foreach (var server in watched)
                await AskAsync(server, async (connection, stop) => settings.Add(await SettingsReader.ReadAsync(connection, server.Id, server.Role, stop)));
            return _options.IsRing == true ? RingAudit.Audit(settings) : PromiseAudit.Audit(settings);
        }

        async Task AskAsync((ServerId Id, ServerRole Role, ServerWatch Watch) server, Func<Servers.ServerConnection, CancellationToken, Task> errand)
        {
            try
            {
                await server.Watch.AskAsync(errand, AuditPatience).WaitAsync(ct);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                troubles.Add($"{server.Id}: {e.Message}");
            }
        }
    }

    sealed record Told(ControlRecord Record, IReadOnlyList<Finding> Findings, ControlFigures Figures);

    /// <summary>Looks at a server now: for when it did not serve somebody as it should have.</summary>
    public void Suspect(ServerId server) => Post(() => _members.Find(member => member.Server.Id == server)?.Watch.LookNow());

    void Post(Action action) => _posted.Writer.TryWrite(action);

    async Task LoopAsync(CancellationToken ct)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(ct, _end.Token);
        Reconcile();
        Decide();
        _helm?.Start();
        try
        {
            while (await _posted.Reader.WaitToReadAsync(ends.Token))
            {
                while (_posted.Reader.TryRead(out var action)) action();
                DoWhatIsDue();
            }
        }
        catch (OperationCanceledException)
        {
            // It ends.
        }
        await Task.WhenAll(_members.Select(static member => member.Watch.StopAsync()));
        _members.Clear();
    }

    // The members are the configured servers, in their order, and then the found ones; a server that stays keeps its place among them.
    void Reconcile()
    {
        var wanted = _options.Servers.ToDictionary(static server => server.Id);
        foreach (var member in _members.ToList())
        {
            if (wanted.TryGetValue(member.Server.Id, out var server) && server == member.Server || member.Found && _options.JoinFound && !wanted.ContainsKey(member.Server.Id))
            {
                member.Watch.Apply(_options);
                continue;
            }
            _members.Remove(member);
            _ = member.Watch.StopAsync();
            if (!wanted.ContainsKey(member.Server.Id)) Log.Left(_log, member.Server.Id.Name);
        }
        foreach (var server in _options.Servers)
            if (_members.All(member => member.Server.Id != server.Id)) Join(server, found: false, "it is configured");
        var order = _options.Servers.Select(static (server, index) => (server.Id, index)).ToDictionary();
        _members.Sort((a, b) => order.GetValueOrDefault(a.Server.Id, int.MaxValue).CompareTo(order.GetValueOrDefault(b.Server.Id, int.MaxValue)));
    }

    void Join(WatchedServer server, bool found, string reason)
    {
        var watch = new ServerWatch(server, _options, _time, Observed, _log);
        _members.Add(new Member(server, watch, found));
        Log.Joined(_log, server.Id.Name, reason);
        watch.Start();
    }

    void Observed(ServerWatch watch, Observation observation) => Post(() =>
    {
        if (_members.Find(member => ReferenceEquals(member.Watch, watch)) is not { } member) return;
        member.Latest = observation;
        Decide();
    });

    void Decide()
    {
        // The first picture is a whole one: of a part of the servers, the wrong one could be taken for the primary. Each look has a deadline.
        if (_decided.Servers.IsEmpty && _members.Exists(static member => member.Latest is null)) return;
        var now = _time.Now();
        Excuse(now);
        var before = _decided;
        _decided = Discovered(before, now);
        // What is published is what the journal says: a look that changed the record is judged again.
        IReadOnlyList<Effect> effects = [];
        for (var rounds = 0; _helm is not null && _helm.Look(_decided, now, OpenWrites, out effects) && rounds < MostRounds; rounds++) _decided = Discovered(before, now);
        var news = !Discovery.SaysTheSame(before, _decided);
        if (news) Tell(before, _decided);
        if (news || now - _publishedAt >= _options.ProbeEvery)
        {
            _publishedAt = now;
            if (_decided.Primary is not null) _heldSince = long.MaxValue;
            else if (_heldSince == long.MaxValue) _heldSince = _decided.Version;
            _view.Publish(_decided);
        }
        foreach (var member in _members)
        {
            member.View = _decided.Servers.FirstOrDefault(server => server.Id == member.Server.Id);
            if (member.View is { LastAnswer: { } told }) member.View.State.Threads.Confirm(told.AskedAt, told.ThreadId);
            if (member.View is { } view)
                member.Watch.Assign(new Assignment(
                    view.State, ReferenceEquals(view.State, _decided.Primary?.State) ? ServerRole.Primary : ServerRole.Replica, view.LastAnswer,
                    view.LastAnswer?.AskedAt ?? default, member.Answers,
                    Hurry: _helm?.IsUnsettled == true));
        }
        if (_options.JoinFound && _decided.Primary is null) JoinSources();
        if (_helm is not null)
        {
            Volatile.Write(ref _control, new Told(_helm.Record, _helm.Findings, _helm.Figures));
            _helm.Report(_decided, OpenWrites);
            // Open transactions end between two looks.
            if (_helm.Record.Change is { Step: ChangeStep.Holding } && !_looksAgain)
            {
                _looksAgain = true;
                _ = Task.Delay(LookAgainAfter, _time, _end.Token).ContinueWith(_ => Post(() => { _looksAgain = false; Decide(); }), TaskScheduler.Default);
            }
        }
        _helm?.Begin(effects, _decided, _options.Monitor, (server, errand, patience) => _members.Find(member => member.Server.Id == server)?.Watch.AskAsync(errand, patience));
    }

    /// <summary>
    /// What the gateways have open on the primary and may still write. Until they all go by a view that holds writes, anything may be on its way to it;
    /// once they do, what they have taken a backend for is all there is.
    /// </summary>
    int OpenWrites(ServerState primary)
    {
        if (_view.Current.Primary is not null || FollowedVersion is { } followed && followed() < _heldSince) return int.MaxValue;
        return primary.OpenStatements;
    }

    ClusterView Discovered(ClusterView before, Instant now) => Measured(Discovery.Decide(
        [.. _members.Where(static member => member.Latest is not null).Select(static member => member.WithWhatWasHeard())], before,
        new DiscoveryOptions { Cluster = _options.Cluster, DeadAfter = _options.DeadAfter, MaxLag = _options.MaxLag, Zone = _options.Zone, IsRing = _options.IsRing, Appointed = _helm?.Appointed(now) }, now), now);

    // Looks end several times a second whatever the servers do. When none did for long, it was this process that stood still, and
    // the silence of that time says nothing about any server.
    void Excuse(Instant now)
    {
        // One that does what we have asked it to do cannot be looked at meanwhile.
        foreach (var member in _members)
            if (_helm?.IsBusy(member.Server.Id, now) == true && member.Latest is { Outcome: ProbeOutcome.Answered } busy)
                member.Latest = busy with { AnsweredAt = now, NewConnection = false };
        var pause = now - _excusedAt;
        _excusedAt = now;
        if (pause < _options.ProbeEvery + _options.DeadAfter / 2) return;
        foreach (var member in _members)
            if (member.Latest is { Outcome: ProbeOutcome.Answered } latest && latest.AnsweredAt < now)
                member.Latest = latest with { AnsweredAt = latest.AnsweredAt + (pause - _options.ProbeEvery) is var excused && excused > now ? now : excused };
    }

    // What the samples do not reach any more is known more coarsely for longer: a replica that is minutes behind says so.
    ClusterView Measured(ClusterView view, Instant now)
    {
        if (view.Primary is { } primary)
        {
            _lastPrimary = primary.State;
            if (primary.State.Timeline.Latest is { } head) _lags.Record(head);
        }
        if (_lastPrimary is not { } last) return view;
        var changed = view.Servers;
        for (var i = 0; i < changed.Length; i++)
            if (changed[i] is { Role: ServerRole.Replica, Lag: null, Health: ServerHealth.Up or ServerHealth.Draining } server
                && _lags.Lag(server.State.Timeline, last.Timeline, now) is { Ticks: > 0 } lag)
                changed = changed.SetItem(i, server with { Lag = lag });
        return changed == view.Servers ? view : view with { Servers = changed };
    }

    void Tell(ClusterView before, ClusterView view)
    {
        foreach (var server in view.Servers)
        {
            var known = before.Servers.FirstOrDefault(other => other.Id == server.Id);
            if (known is not null && known.State != server.State) Log.NewIncarnation(_log, server.Id.Name, server.State.Incarnation, server.Reason);
            if (known is not null && known.Role == server.Role && known.Health == server.Health && known.Replicating == server.Replicating) continue;
            if (server.Health == ServerHealth.Up) Log.ServerIs(_log, server.Id.Name, server.Role.ToString(), server.Health.ToString(), server.Reason);
            else Log.ServerIsOut(_log, server.Id.Name, server.Health.ToString(), (known?.Health ?? ServerHealth.Unknown).ToString(), server.Reason);
        }
        if (view.Primary is null)
        {
            if (before.Primary is not null || before.Servers.IsEmpty) Log.NoPrimary(_log, view.Cluster, view.Reason);
        }
        else if (!ReferenceEquals(view.Primary.State, before.Primary?.State))
        {
            Log.PrimaryIs(_log, view.Cluster, view.Epoch.Number, view.Primary.Id.Name, view.Reason);
        }
    }

    void DoWhatIsDue()
    {
        var now = _time.Now();
        if (IsDue(_accountsAt, _accounts.Current.All.IsEmpty ? _options.ProbeEvery : _options.AccountsEvery, _accountsWanted)) ReadAccounts();
        if (IsDue(_catalogueAt, _options.CatalogueEvery, _catalogueWanted)) LookAtCatalogue();
        if (_options.JoinFound && now - _followersAt >= FollowersEvery) LookForFollowers(now);
    }

    // What is wanted sooner is asked soon, and not once for each who wants it.
    bool IsDue(Instant last, TimeSpan every, bool wanted) => _time.Now() - last >= (wanted ? RefreshAtMostEvery : every);

    void ReadAccounts()
    {
        if (_accountsAsked || Answering() is not { } member) return;
        _accountsAsked = true;
        _accountsWanted = false;
        _accountsAt = _time.Now();
        Accounts? read = null;
        Ask(member, async (connection, ct) => read = await AccountsReader.ReadAsync(connection, ct), failure =>
        {
            _accountsAsked = false;
            if (failure is not null)
            {
                if (!_accountsComplained) Log.AccountsNotLearnt(_log, member.Server.Id.Name, failure.Message);
                _accountsComplained = true;
            }
            else if (!AccountsReader.Same(_accounts.Current, read!))
            {
                _accountsComplained = false;
                _accounts.Publish(read!);
                Log.AccountsLearnt(_log, read!.All.Length, member.Server.Id.Name);
            }
        });
    }

    void LookAtCatalogue()
    {
        if (_catalogueAsked || Answering() is not { } member) return;
        _catalogueAsked = true;
        _catalogueWanted = false;
        _catalogueAt = _time.Now();
        var mustRead = _catalogueMustBeRead;
        _catalogueMustBeRead = false;
        var knownChanges = mustRead ? "" : _catalogueAt - _catalogueReadAt < _options.CatalogueAtLeastEvery ? _catalogueChanges : "";
        var changes = "";
        CatalogueReading? read = null;
        Ask(member, async (connection, ct) =>
        {
            // Asked before reading: a change in between is seen as one again next time. Counters of different servers are never compared.
            changes = $"{member.Server.Id}/{member.View?.State.Incarnation}:{await CatalogueReader.ChangesAsync(connection, ct)}";
            if (changes != knownChanges) read = await CatalogueReader.ReadAsync(connection, ct);
        }, failure =>
        {
            _catalogueAsked = false;
            if (failure is not null)
            {
                if (!_catalogueComplained) Log.CatalogueNotLearnt(_log, member.Server.Id.Name, failure.Message);
                _catalogueComplained = true;
                return;
            }
            _catalogueComplained = false;
            if (read is null) return;
            (_catalogueChanges, _catalogueReadAt) = (changes, _time.Now());
            if (!read.Catalogue.SaysTheSameAs(_catalogue.Current))
            {
                _catalogue.Publish(read.Catalogue);
                Log.CatalogueLearnt(_log, member.Server.Id.Name, read.Catalogue.Routines.Count, read.Catalogue.ImpureViews.Count);
            }
            // The one that statements are understood by, which is true of this look too. A former primary's word on the log is none.
            if (ReferenceEquals(PrimaryMember(), member)) CatalogueRead?.Invoke(read with { Catalogue = _catalogue.Current });
        });
    }

    void LookForFollowers(Instant now)
    {
        _followersAt = now;
        if (PrimaryMember() is not { } member) return;
        var followers = System.Collections.Immutable.ImmutableArray<Follower>.Empty;
        Ask(member, async (connection, ct) => followers = await Probe.FollowersAsync(connection, ct), _ =>
        {
            foreach (var follower in followers)
                JoinIfNew(follower.Address, follower.Number, $"it has registered with {member.Server.Id} as a replica");
        });
    }

    // Only while there is no primary, and only from servers that are read-only: a primary may well follow another cluster.
    void JoinSources()
    {
        foreach (var member in _members.ToList())
            if (member is { Answers: true, View.LastAnswer: { ReadOnly: true } told })
                foreach (var link in told.Links)
                    JoinIfNew(new ServerAddress(link.SourceHost, link.SourcePort), link.SourceNumber, $"{member.Server.Id} replicates from it");
    }

    void JoinIfNew(ServerAddress address, uint number, string reason)
    {
        if (address.Host.Length == 0 || _helm?.IsAdding(address) == true || _members.Any(m => m.View?.LastAnswer is not { } told || number != 0 && told.Number == number || Same(m.Server.Address, address))) return;
        Join(new WatchedServer(new ServerId(address.ToString()), address), found: true, reason);
    }

    static bool Same(ServerAddress a, ServerAddress b) => a.Port == b.Port && string.Equals(a.Host, b.Host, StringComparison.OrdinalIgnoreCase);

    Member? PrimaryMember() => _decided.Primary is { } primary ? _members.Find(member => member.Server.Id == primary.Id) : null;

    Member? Answering() => PrimaryMember() ?? _members.Find(static member => member is { Answers: true, View.IsWitness: not true });

    void Ask(Member member, Func<Servers.ServerConnection, CancellationToken, Task> errand, Action<Exception?> then) =>
        _ = member.Watch.AskAsync(errand).ContinueWith(done => Post(() => then(done.Exception?.InnerException)), TaskScheduler.Default);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        if (_helm is not null) await _helm.DisposeAsync();
        _end.Dispose();
    }
}
