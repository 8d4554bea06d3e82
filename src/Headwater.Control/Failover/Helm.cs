using Headwater.Control.Alerting;
using Headwater.Control.Handover;
using Headwater.Control.Lease;
using Headwater.Control.Rebuild;
using Headwater.Control.Recovery;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Rebuild;
using Headwater.Core.Recovery;
using Headwater.Core.Topology;
using Headwater.Servers;
using Microsoft.Extensions.Logging;

namespace Headwater.Control.Failover;

/// <summary>
/// Acts on what <see cref="Controller"/> decides: journals, then starts the effects, one at a time for each server. Owned by the watcher's loop,
/// which gives it every look and publishes only what it has journalled. Where a lease is shared, only its holder acts, what is journalled is what etcd has,
/// and everybody else follows that.
/// </summary>
sealed class Helm : IAsyncDisposable
{
    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50), LongestPause = TimeSpan.FromSeconds(5);
    readonly Predecessor? _predecessor;
    Journal? _journal;
    ILease? _lease;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly Action<Action> _post;
    readonly Action _decide;
    readonly Dictionary<ServerId, (Effect Effect, Instant Since)> _running = [];
    readonly Dictionary<ServerId, Instant> _endedAt = [];
    readonly Dictionary<ServerId, (string Failure, TimeSpan Pause, Instant Until)> _failing = [];
    readonly Dictionary<(string, ServerId?), (string Gist, string Sentence)> _told = [];
    readonly Alerts? _alerts;
    readonly Queue<Action> _afterWriting = [];
    readonly RecoveryDesk _recoveries;
    readonly RebuildDesk _rebuilds;
    ControlOptions _options;
    ControlState _state;
    ClusterView? _view;
    bool _complained;
    bool _writing;
    Instant _writesFrom;
    Instant? _actedAt;
    long _revision;
    long _term;
    string _leaseTold = "";

    /// <param name="alerts">Who tells people; null: nobody.</param>
    /// <param name="post">Comes back to the loop that owns this.</param>
    /// <param name="decide">In the loop: something has become known that no look at a server shows.</param>
    /// <param name="predecessor">Whose sessions follow this controller; null: it took over from nobody.</param>
    public Helm(ControlOptions options, Alerts? alerts, TimeProvider time, ILogger log, Action<Action> post, Action decide, Predecessor? predecessor)
    {
        (_options, _alerts, _time, _log, _post, _decide, _predecessor) = (options, alerts, time, log, post, decide, predecessor);
        _recoveries = new RecoveryDesk(time);
        _rebuilds = new RebuildDesk(time);
        _state = new ControlState();
        Take();
        predecessor?.Begin(() => post(decide));
    }

    void Take()
    {
        _journal = Journal.Open(_options.Directory, _time);
        _state = new ControlState { Record = _journal.Record, StepAt = _time.Now() };
        (_revision, _term) = (0, 0);
        _lease = _options.Etcd is { } etcd ? new EtcdLease(etcd, _time, _log, () => _post(Hear)) : null;
    }

    /// <summary>
    /// Gives everything to a successor that a controller acts by, at a moment when nothing is under way, and follows it from there. The task ends when the successor may act.
    /// </summary>
    /// <returns>Null, with the reason, when nothing is given now.</returns>
    public (Task? Given, string Sentence) Yield(Successor successor)
    {
        if (_journal is null) return (null, "this process controls nothing any more");
        if (_rebuilds.Server is { } rebuilt) return (null, $"{rebuilt} is being rebuilt");
        if (_recoveries.Server is { } recovered) return (null, $"the tail of {recovered} is being recovered");
        if (_state.Record.Change is { } change) return (null, $"a {change.Kind.ToString().ToLowerInvariant()} from {change.From} is under way");
        if (_writing || _running.Count > 0) return (null, "an order is under way");
        Note("operator", "upgrade", null, "another process takes over");
        var before = _lease;
        _journal.Dispose();
        _journal = null;
        (_lease, _revision, _term, _leaseTold) = (successor, 0, 0, "");
        successor.Begin(before?.Current.Leadership.IsCutOff(_time.Now()) == true, () => _post(Hear));
        _decide();
        return (LeaveAsync(before), "");
    }

    /// <summary>Takes back what was given to a successor that did not come up. Throws <see cref="IOException"/> when it has the journal all the same.</summary>
    public void Resume()
    {
        if (_journal is not null) return;
        Take();
        _lease?.Start();
        Note("operator", "upgrade", null, "the other process did not take over: this one acts again");
        _decide();
    }

    public ControlRecord Record => _state.Record;

    /// <summary>As <see cref="Decision.Unsettled"/> at the last look.</summary>
    public bool IsUnsettled { get; private set; }
    public IReadOnlyList<Finding> Findings { get; private set; } = [];

    /// <summary>Who acts, in a sentence; null where no lease is shared.</summary>
    public string? Lease => _lease is null ? null : WhoActs(_lease.Current.Leadership, _time.Now());

    public void Start() => _lease?.Start();

    bool MayAct(Instant now) => _lease is null || _lease.Current.Leadership.MayAct(now);

    /// <summary>Null until a primary has been appointed, where it is for this process to look for one.</summary>
    public Appointment? Appointed(Instant now)
    {
        var record = _state.Record;
        var closed = _lease is not null && _lease.Current.Leadership.IsCutOff(now) ? Sight.WhyNotWrite(record, _view, _options.Policy, _lease.Teller) : Controller.Closed(record);
        return record.Primary is null && MayAct(now) ? null : record.Appointment(closed);
    }

    /// <summary>What this process has done since it started.</summary>
    public ControlFigures Figures { get; private set; } = new();

    public void Apply(ControlOptions options) => _options = options with { Directory = _options.Directory, Etcd = _options.Etcd };

    /// <summary>What runs on a server at our own wish: its silence meanwhile says nothing about it.</summary>
    public bool IsBusy(ServerId server, Instant now) => _running.TryGetValue(server, out var running) && now - running.Since < _options.EffectDeadline;

    /// <summary>
    /// One look. True: the record has changed, so the view has to be decided again before it is published; the effects come with the last look,
    /// of which <paramref name="effects"/> are then those to begin.
    /// </summary>
    public bool Look(ClusterView view, Instant now, Func<ServerState, int> openWritesOf, out IReadOnlyList<Effect> effects)
    {
        _view = view;
        effects = [];
        if (_lease is not null && !_writing) Adopt(_lease.Current, now);
        if (!MayAct(now))
        {
            Follow(view, now);
            return false;
        }
        // What comes next rests on what is being written.
        if (_writing || now < _writesFrom) return false;
        if (_lease is not null && _revision == 0 && _state.Record.Primary is not null)
        {
            // etcd knows of no record: the lease was a file's until now, or etcd has begun anew.
            Keep(_state, [new Finding("record", null, "etcd has no record: it begins with the one that this process remembers")], static (_, _) => { });
            return false;
        }
        var primary = view.Servers.FirstOrDefault(server => server.Id == _state.Record.Primary);
        var openWrites = primary is null ? 0 : SumOf(openWritesOf(primary.State), OpenElsewhere());
        var decision = Controller.Decide(_state, view, _options.Policy, openWrites, now);
        effects = decision.Effects;
        _recoveries.See(view, decision.Next.Record, _options, _post, Recovered);
        _rebuilds.See(new Situation(decision.Next, view, _options.Policy, openWrites, now));
        // That it follows nobody while it is made anew is nothing to be found.
        Findings = [.. decision.Findings.Where(finding => finding.Rule is not ("follows-another" or "replica-broken" or "diverged") || finding.Server is not { } server || !_rebuilds.Holds(server)), .. _recoveries.Findings, .. _rebuilds.Told(_options.Rebuild?.Mode ?? RebuildMode.Off, TailOf)];
        IsUnsettled = decision.Unsettled;
        Tell(Findings);
        if (decision.Next.Record == _state.Record)
        {
            _state = decision.Next;
            return false;
        }
        var kept = false;
        Keep(decision.Next, decision.Findings, (done, _) => kept = done);
        if (!kept) effects = [];
        return _lease is null;
    }

    /// <summary>What a process does that may not act: it remembers, and says why it does nothing.</summary>
    void Follow(ClusterView view, Instant now)
    {
        _state = Controller.Watch(_state, view, _options.Policy, now);
        _recoveries.See(view, _state.Record, _options, _post, Recovered, mayAct: false);
        IsUnsettled = view.Primary is not { Outcome: ProbeOutcome.Answered } || _state.Record.Change is not null;
        var leadership = _lease!.Current.Leadership;
        if (!leadership.IsCutOff(now))
        {
            // Another tells of the cluster now: what this one had found is not over because it does not look for it any more.
            Findings = [];
            _told.Clear();
        }
        else if (Sight.WhyNotWrite(_state.Record, view, _options.Policy, _lease.Teller) is { } why) Findings = [new Finding("cut-off", null, $"writes wait: {why}")];
        else Findings = [new Finding("cut-off", null, $"{_lease.Teller} does not answer: writes go on, as nobody can have replaced {_state.Record.Primary} unseen; nobody replaces it either if it dies now")];
        Tell(Findings);
    }

    /// <summary>What this process has to tell the others: of a switchover, that its gateway holds writes.</summary>
    public void Report(ClusterView view, Func<ServerState, int> openWritesOf)
    {
        // Who has lost sight of whoever acts is no sign of life for those who follow it.
        if (_lease?.Current.Leadership.IsCutOff(_time.Now()) != true) _predecessor?.Tell(_state.Record);
        if (_lease is null) return;
        var open = _state.Record.Change is { Step: ChangeStep.Holding } change && view.Servers.FirstOrDefault(server => server.Id == change.From) is { } from ? SumOf(openWritesOf(from.State), OpenBefore()) : int.MaxValue;
        var sees = view.Servers.Count(Situation.Answers);
        if (open == int.MaxValue) _lease.Tell(0, 0, sees);
        else _lease.Tell(_revision, open, sees);
    }

    int OpenElsewhere() => _state.Record.Change is not { Step: ChangeStep.Holding } ? 0
        : (_lease?.Current.Others ?? []).Aggregate(OpenBefore(), (sum, peer) => SumOf(sum, peer.Holds == _revision ? peer.OpenWrites : int.MaxValue));

    int OpenBefore() => _predecessor?.OpenWrites ?? 0;

    static int SumOf(int a, int b) => (int)Math.Min(int.MaxValue, (long)a + b);

    /// <summary>Takes over what an operator wants; the sentence says what came of it.</summary>
    public void Command(Func<ControlState, (ControlState? Next, string Sentence)> wish, Action<bool, string> then)
    {
        if (_writing)
        {
            _afterWriting.Enqueue(() => Command(wish, then));
            return;
        }
        if (!MayAct(_time.Now()))
        {
            then(false, $"nothing is done here: {Lease}");
            return;
        }
        var (next, sentence) = wish(_state);
        if (next is null)
        {
            then(false, sentence);
            return;
        }
        // A wish that changes nothing, and a plan that was only looked at, is no event.
        if (next.Record != _state.Record)
        {
            Keep(next, [new Finding("operator", null, sentence)], (done, why) => then(done, done ? sentence : $"the record cannot be written: {why}"));
            return;
        }
        _state = next;
        then(true, sentence);
    }

    /// <summary>Makes <paramref name="next"/> the state once its record is written where it outlives this process: at once in a file, later in etcd.</summary>
    void Keep(ControlState next, IReadOnlyList<Finding> findings, Action<bool, string> then)
    {
        var record = next.Record;
        var why = record.Change == _state.Record.Change && record.Primary == _state.Record.Primary && !record.Acknowledgers.SequenceEqual(_state.Record.Acknowledgers)
            ? new Finding("acknowledgers", null, $"the only copy of an acknowledged write may be on {(record.Acknowledgers.IsEmpty ? "no replica" : string.Join(" or ", record.Acknowledgers.Select(static id => id.Name)))}")
            : findings.Count > 0 ? findings[^1] : new Finding("record", null, "");
        if (_lease is null)
        {
            Kept(next, then, Try(() => _journal!.Write(record, why.Rule, why.Server?.Name, why.Sentence)));
            return;
        }
        _writing = true;
        _ = _lease.WriteAsync(record, _term, _revision).ContinueWith(done => _post(() =>
        {
            _writing = false;
            var failure = done.Exception?.InnerException?.Message ?? (done.IsCanceled ? "this process ends" : null);
            if (failure is null)
            {
                _revision = done.Result;
                Try(() => _journal!.Write(record, why.Rule, why.Server?.Name, why.Sentence));
            }
            else _writesFrom = _time.Now() + FirstPause;
            Kept(next, then, failure);
            // What has become known meanwhile, or what the store has instead.
            Adopt(_lease!.Current, _time.Now());
            while (!_writing && _afterWriting.TryDequeue(out var waiting)) waiting();
            _decide();
        }), TaskScheduler.Default);
    }

    void Kept(ControlState next, Action<bool, string> then, string? failure)
    {
        if (failure is null)
        {
            if (_view is { } view) Figures = Figures.After(_state.Record, next.Record, view, _time.Now());
            _state = next;
        }
        // What is not written is not done: whoever takes over could not know of it.
        else if (!_complained) FailoverLog.JournalFailed(_log, failure);
        _complained = failure is not null;
        then(failure is null, failure ?? "");
    }

    static string? Try(Action write)
    {
        try
        {
            write();
            return null;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    /// <summary>etcd has said something, or time has passed without.</summary>
    void Hear()
    {
        var (shared, now) = (_lease!.Current, _time.Now());
        if (!_writing) Adopt(shared, now);
        var leadership = shared.Leadership;
        var told = leadership.MayAct(now) ? $"taken: {WhoActs(leadership, now)}" : $"{(leadership.IsCutOff(now) ? "silent" : "follows")}: {WhoActs(leadership, now)}";
        if (told != _leaseTold)
        {
            _leaseTold = told;
            var (rule, sentence) = (told[..told.IndexOf(':', StringComparison.Ordinal)], WhoActs(leadership, now));
            FailoverLog.Lease(_log, sentence);
            Note("lease", rule, null, sentence);
        }
        _decide();
    }

    void Adopt(Shared shared, Instant now)
    {
        if (shared.Record is { } record && shared.RecordRevision > _revision)
        {
            _state = _state with { Record = record, StepAt = now, Stuck = null, SilentSince = record.Primary == _state.Record.Primary ? _state.SilentSince : null };
            Try(() => _journal?.Write(record, "record", record.Primary?.Name, $"as {shared.Leadership.Holder?.Name ?? "another process"} wrote it", "followed"));
        }
        _revision = shared.RecordRevision;
        if (shared.Leadership.Term == _term) return;
        _term = shared.Leadership.Term;
        // A step under way begins anew, with looks of our own.
        _state = _state with { StepAt = now, Stuck = null, NotBefore = Instant.Zero };
    }

    string WhoActs(Leadership leadership, Instant now) =>
        leadership.MayAct(now) ? $"this process holds the lease (term {leadership.Term}) and acts"
        : leadership.IsCutOff(now) ? $"{_lease!.Teller} does not answer, so this process neither acts nor knows who does"
        : leadership.Term != 0 ? "this process holds the lease and has not been able to renew it in time, so it does not act"
        : _lease is Successor ? $"{_lease.Teller} has taken over and acts; this process follows"
        : leadership.Holder is { } holder ? $"{holder} holds the lease and acts; this process follows"
        : "nobody holds the lease now";

    void Tell(IReadOnlyList<Finding> findings)
    {
        foreach (var finding in findings)
        {
            // How far something has come is no event; nor is each try to bring in what lies open, whose outcome is one when it is another than before.
            if (finding.Rule == RebuildReport.Progress || finding is { Rule: RecoveryReport.Progress, Server: null }) continue;
            var key = (finding.Rule, finding.Server);
            var told = finding.Underway?.Doing ?? finding.Sentence;
            // Figures within a sentence move with each look; a person is told once.
            var gist = new string([.. told.Where(static c => !char.IsAsciiDigit(c))]);
            if (_told.TryGetValue(key, out var before) && before.Gist == gist) continue;
            _told[key] = (gist, told);
            if (finding.Rule == "appointed") FailoverLog.Appointed(_log, told);
            else FailoverLog.Found(_log, finding.Rule, told);
            Note("finding", finding.Rule, finding.Server, told);
            Alert(finding.Rule, finding.Server, told, resolved: false);
        }
        foreach (var ((rule, server), (_, sentence)) in _told.ToList())
            if (!findings.Any(finding => finding.Rule == rule && finding.Server == server))
            {
                _told.Remove((rule, server));
                Alert(rule, server, sentence, resolved: true);
            }
    }

    void Alert(string rule, ServerId? server, string sentence, bool resolved) =>
        _alerts?.Tell(new Alert(_time.GetUtcNow(), _view?.Cluster ?? "", rule, FindingRules.SeverityOf(rule), server?.Name, sentence, resolved));

    /// <summary>
    /// Begins what is due. <paramref name="ask"/> runs an errand on a server's connection.
    /// An effect is begun only where none runs, and where the server was looked at since the last one ended: what the look shows is what it did.
    /// </summary>
    public void Begin(IReadOnlyList<Effect> effects, ClusterView view, ServerLogin monitor, Func<ServerId, Func<ServerConnection, CancellationToken, Task>, TimeSpan, Task?> ask)
    {
        if (_writing || !MayAct(_time.Now())) return;
        Func<Instant>? until = _lease is null ? null : () => _lease.Current.Leadership.ActsUntil ?? Instant.Zero;
        var actuator = new Actuator(monitor, _options.Replication, _options.Policy.Promise);
        foreach (var effect in effects)
        {
            if (effect.Epoch != _state.Record.Epoch || _running.ContainsKey(effect.Server)) continue;
            if (_failing.TryGetValue(effect.Server, out var failing) && _time.Now() < failing.Until) continue;
            if ((_recoveries.Holds(effect.Server) || _rebuilds.Holds(effect.Server)) && effect.Kind != EffectKind.MakeReadOnly) continue;
            var server = view.Servers.First(server => server.Id == effect.Server);
            if (_endedAt.TryGetValue(effect.Server, out var ended) && (server.Outcome == ProbeOutcome.Full ? server.LookedAt : server.LastAnswer?.AskedAt) < ended) continue;
            var source = effect.Source is { } id ? view.Servers.FirstOrDefault(server => server.Id == id) : null;
            if (effect.Kind == EffectKind.Reconcile)
            {
                if (source is not null && _recoveries.Reconcile(server, source, _state.Record, _options, _post, Recovered) is not null) Note("effect", effect.Kind.ToString(), effect.Server, effect.Reason);
                continue;
            }
            var endedAt = Instant.Zero;
            async Task DoAsync(ServerConnection connection, CancellationToken ct)
            {
                try
                {
                    await actuator.DoAsync(effect, server, source, await Orders.OverAsync(connection, until, _time, ct), ct);
                }
                finally
                {
                    endedAt = _time.Now(); // here, so that the look that follows at once is known to be later
                }
            }
            if (ask(effect.Server, DoAsync, _options.EffectDeadline) is not { } task) continue;
            _actedAt = _time.Now();
            _running[effect.Server] = (effect, _time.Now());
            Figures = Figures with { Effects = Figures.Effects + 1 };
            if (!_failing.ContainsKey(effect.Server))
            {
                Note("effect", effect.Kind.ToString(), effect.Server, effect.Reason);
                FailoverLog.Begun(_log, effect.Kind, effect.Server.Name, effect.Reason);
            }
            _ = task.ContinueWith(done => _post(() => Ended(effect, endedAt == Instant.Zero ? _time.Now() : endedAt, done.Exception?.InnerException)), TaskScheduler.Default);
        }
        if (_options.Rebuild is { Mode: RebuildMode.Auto } && _rebuilds.Due(TailOf) is { } due && !_recoveries.Holds(due.Wish.Server)) Rebuild(due.Wish, due.Plan, due.Sentence);
    }

    TailSafety TailOf(ServerId server) => _recoveries.TailOf(_view?.Servers.FirstOrDefault(known => known.Id == server), _options);

    /// <summary>Makes a server anew, or a new one a replica. Null, with the reason, when nothing is done.</summary>
    public (Task<RebuildReport>? Report, string Sentence) Rebuild(RebuildWish wish, ClusterView view)
    {
        if (!MayAct(_time.Now())) return (null, $"nothing is done here: {Lease}");
        if (_options.Rebuild is null) return (null, "this controller has no account to rebuild servers by");
        if (_rebuilds.Server is { } busy) return (null, $"{busy} is being rebuilt; one at a time");
        if (_recoveries.Holds(wish.Server)) return (null, $"the tail of {wish.Server} is being recovered");
        var (plan, sentence) = RebuildPlan.Of(new Situation(_state, view, _options.Policy, 0, _time.Now()), wish, TailOf(wish.Server));
        return plan is null ? (null, sentence) : (Rebuild(wish, plan, $"an operator asked for {(wish.DryRun ? "a dry run: " : "it: ")}{sentence}"), sentence);
    }

    Task<RebuildReport> Rebuild(RebuildWish wish, RebuildPlan plan, string sentence)
    {
        Note("rebuild", wish.DryRun ? "dry-run" : "begun", plan.Target, sentence);
        if (!wish.DryRun) FailoverLog.Rebuilding(_log, plan.Target.Name, sentence);
        return _rebuilds.Begin(plan, wish, _options, _post, report =>
        {
            // What was seen of it while it was made says nothing of what it is.
            _endedAt[plan.Target] = _time.Now();
            Note("rebuild", report.Trouble is not null ? "failed" : report.DryRun ? "dry-run" : "done", plan.Target, report.Summary);
            if (!report.DryRun) FailoverLog.Rebuilt(_log, plan.Target.Name, report.Summary);
        });
    }

    /// <summary>A server that is becoming a replica gets its name when it is one.</summary>
    public bool IsAdding(ServerAddress address) => _rebuilds.Adding is { } adding && adding.Port == address.Port && string.Equals(adding.Host, address.Host, StringComparison.OrdinalIgnoreCase);

    /// <summary>What an operator asks for. The answer comes when it is done; the sentence says why nothing is.</summary>
    /// <returns>What runs at this wish, or what runs on that server already and is to be waited for.</returns>
    public (Task<RecoveryReport>? Report, Task? Before, string Sentence) Recover(RecoveryWish wish, ClusterView view)
    {
        if (!MayAct(_time.Now())) return (null, null, $"nothing is done here: {Lease}");
        if (_options.Recovery is null) return (null, null, "this controller has no account to recover tails by");
        var (request, sentence) = wish.On(view, _state.Record);
        if (request is null) return (null, null, sentence);
        if (_rebuilds.Holds(request.Server)) return (null, null, $"{request.Server} is being rebuilt");
        if (_recoveries.Running(request.Server) is { } running) return (null, running, sentence);
        Note("operator", "recover", request.Server, sentence);
        var server = view.Servers.FirstOrDefault(server => server.Id == request.Server);
        return (_recoveries.Begin(request, server is { LastAnswer: not null } ? RecoveryDesk.Held(server, _options) : "", _options, _post, Recovered), null, sentence);
    }

    void Recovered(RecoveryReport report)
    {
        Note("recovery", report.DryRun ? "dry-run" : "recover", new ServerId(report.Server), string.Join("; ", report.ToText().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
        // In the journal, so that a controller that starts anew does not let it follow either.
        if (report.Differs && _view is { } view) Command(state => Wishes.Maintain(state, view, new ServerId(report.Server), on: true), static (_, _) => { });
    }

    void Ended(Effect effect, Instant at, Exception? failure)
    {
        _running.Remove(effect.Server);
        _endedAt[effect.Server] = at;
        if (failure is null)
        {
            _failing.Remove(effect.Server);
            return;
        }
        Figures = Figures with { EffectsFailed = Figures.EffectsFailed + 1 };
        // What fails is tried more and more rarely, and told once for each way in which it fails: an account that lacks a right would fill the journal.
        var told = $"{effect.Kind}: {failure.Message}";
        var before = _failing.GetValueOrDefault(effect.Server);
        var pause = before.Failure == told ? before.Pause * 2 : FirstPause;
        if (pause > LongestPause) pause = LongestPause;
        _failing[effect.Server] = (told, pause, at + pause);
        if (before.Failure == told) return;
        Note("failed", effect.Kind.ToString(), effect.Server, failure.Message);
        FailoverLog.Failed(_log, effect.Kind, effect.Server.Name, failure.Message);
    }

    public void NoteOperator(string action, string sentence) => Note("operator", action, null, sentence);

    void Note(string kind, string rule, ServerId? server, string sentence)
    {
        try
        {
            _journal?.Note(kind, rule, server?.Name, sentence);
        }
        catch (IOException)
        {
            // It is in the log too; only records must not fail to be written.
        }
    }

    /// <summary>When nothing runs on any server any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _recoveries.Dispose();
        _rebuilds.Dispose();
        await LeaveAsync(_lease);
        _journal?.Dispose();
    }

    async Task LeaveAsync(ILease? lease)
    {
        if (lease is null) return;
        // An order that was sent a moment ago may still be on its way: then the lease runs out by itself.
        if (_actedAt is not { } at || _time.Now() - at > lease.Current.Leadership.Ttl) await lease.LeaveAsync();
        await lease.DisposeAsync();
    }
}

static partial class FailoverLog
{
    [LoggerMessage(2100, LogLevel.Warning, "{Rule}: {Sentence}")]
    public static partial void Found(ILogger log, string rule, string sentence);

    [LoggerMessage(2104, LogLevel.Information, "appointed: {Sentence}")]
    public static partial void Appointed(ILogger log, string sentence);

    [LoggerMessage(2101, LogLevel.Information, "{Kind} on {Server}: {Reason}")]
    public static partial void Begun(ILogger log, EffectKind kind, string server, string reason);

    [LoggerMessage(2102, LogLevel.Warning, "{Kind} on {Server} failed: {Failure}")]
    public static partial void Failed(ILogger log, EffectKind kind, string server, string failure);

    [LoggerMessage(2105, LogLevel.Warning, "lease: {Sentence}")]
    public static partial void Lease(ILogger log, string sentence);

    [LoggerMessage(2107, LogLevel.Warning, "{Server} is being rebuilt: {Reason}")]
    public static partial void Rebuilding(ILogger log, string server, string reason);

    [LoggerMessage(2108, LogLevel.Warning, "the rebuild of {Server} has ended: {Outcome}")]
    public static partial void Rebuilt(ILogger log, string server, string outcome);

    [LoggerMessage(2103, LogLevel.Error, "the controller's record cannot be written, so nothing is done: {Failure}")]
    public static partial void JournalFailed(ILogger log, string failure);
}
