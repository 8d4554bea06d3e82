using System.Collections.Concurrent;
using Headwater.Control.Failover;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Rebuild;
using Headwater.Core.Recovery;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.Control.Recovery;

/// <summary>
/// The recoveries that run, at most one a server, and what became of the last ones. Owned by the controller's loop; the jobs run beside it and come
/// back to it.
/// </summary>
sealed class RecoveryDesk(TimeProvider time) : IDisposable
{
    static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(15);
    readonly ConcurrentDictionary<ServerId, Underway> _at = new();
    readonly ConcurrentDictionary<string, Underway> _bringsIn = new();
    readonly Dictionary<ServerId, Task<RecoveryReport>> _running = [];
    readonly Dictionary<ServerId, (string Held, RecoveryReport Report, Instant At)> _ended = [];
    readonly Dictionary<string, (bool Runs, string? Trouble, Instant At)> _open = [];
    readonly CancellationTokenSource _end = new();
    CancellationTokenSource? _ofEpoch;
    Epoch _epoch;
    bool _hasLooked;
    CommitWitness _witness = new();

    /// <summary>One look at the cluster. A change of primary ends what was brought to the former one; it begins anew to the next. So does the loss of the lease.</summary>
    public void See(ClusterView view, ControlRecord record, ControlOptions options, Action<Action> post, Action<RecoveryReport> then, bool mayAct = true)
    {
        _witness = _witness.After(view, record);
        Forget(view, record.Primary);
        // Whoever is about to become read_only shall get nothing more: this account may write all the same.
        if (record.Change is not null || _epoch != record.Epoch || !mayAct) _ofEpoch?.Cancel();
        _epoch = record.Epoch;
        if (record.Change is null && mayAct && _ofEpoch is not { IsCancellationRequested: false }) _ofEpoch = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        BringIn(view.Primary, options, post, then);
    }

    // What was told of a tail is over when its server has none any more, whoever saw to that.
    void Forget(ClusterView view, ServerId? primary)
    {
        if (_ended.Count == 0 || view.Servers.FirstOrDefault(server => server.Id == primary) is not { } heir || !Situation.Answers(heir)) return;
        foreach (var server in view.Servers)
            if (_ended.ContainsKey(server.Id) && Situation.Answers(server) && Situation.Foreign(server, heir, view) is null) _ended.Remove(server.Id);
    }

    /// <summary>While a server is recovered, nobody else tells it whom to follow.</summary>
    public bool Holds(ServerId server) => _running.ContainsKey(server);

    /// <summary>One whose tail is being recovered; null: none.</summary>
    public ServerId? Server => _running.Count > 0 ? _running.Keys.First() : null;

    /// <summary>Whether all that the server has and the primary has not was brought to its end: then the server itself is needed for it no more.</summary>
    public TailSafety TailOf(ServerView? server, ControlOptions options) =>
        server is { LastAnswer: not null } && _ended.TryGetValue(server.Id, out var ended) && ended.Held == Held(server, options) && ended.Report.Complete ? TailSafety.Safe : TailSafety.Unknown;

    public Task? Running(ServerId server) => _running.GetValueOrDefault(server);

    /// <summary>While this stays the same, what became of a tail stays the same.</summary>
    public static string Held(ServerView server, ControlOptions options) => $"{Situation.AppliedBy(server)} {options.Recovery?.Mode}";

    public IEnumerable<Finding> Findings
    {
        get
        {
            foreach (var (server, at) in _at) yield return new Finding(RecoveryReport.Progress, server, at.Told(time.Now())) { Underway = at };
            foreach (var (_, at) in _bringsIn) yield return new Finding(RecoveryReport.Progress, null, at.Told(time.Now())) { Underway = at };
            foreach (var (server, (_, report, _)) in _ended)
                if (!_running.ContainsKey(server) && Told(report) is { } told) yield return new Finding("tail", server, told);
            // One, however many: what is found of nobody in particular is told when its sentence changes.
            var waiting = _open.Where(static open => open.Value.Trouble is not null).Select(static open => $"{OpenTail.CopyOf(open.Key)} is not brought back yet: {open.Value.Trouble}").ToList();
            if (waiting.Count > 0) yield return new Finding("tail", null, $"of tails whose servers follow again, {string.Join("; ", waiting)}");
        }
    }

    /// <summary>
    /// Brings to the primary what was taken back before. That gives orders to nobody and is written as a client writes, so it needs no lease: only this process
    /// has the file, which goes when the ledger has all of it and that primary is still the primary.
    /// </summary>
    void BringIn(ServerView? primary, ControlOptions options, Action<Action> post, Action<RecoveryReport> then)
    {
        if (options.Recovery is not { } recovery) return;
        if (!_hasLooked)
            foreach (var name in OpenTail.NamesIn(recovery.Directory)) _open.TryAdd(name, default);
        _hasLooked = true;
        if (_open.Count == 0 || primary is null || !Situation.Answers(primary) || primary.LastAnswer!.ReadOnly) return;
        foreach (var (name, known) in _open.ToList())
        {
            if (known.Runs || known.Trouble is not null && time.Now() - known.At < AgainAfter) continue;
            _open[name] = (true, known.Trouble, time.Now());
            var (epoch, job) = (_epoch, new OpenTailJob(name, primary.Id, primary.Address, recovery, at => _bringsIn[name] = at, time));
            _ = Task.Run(() => job.RunAsync(_end.Token)).ContinueWith(done => post(() =>
            {
                _bringsIn.TryRemove(name, out _);
                var report = done.IsCompletedSuccessfully ? done.Result : new RecoveryReport { Server = Path.GetFileName(name), Primary = primary.Id.Name, DryRun = false, Trouble = done.Exception?.GetBaseException().Message ?? "it was ended" };
                if (report.Trouble is null && epoch != _epoch) report = report with { Trouble = $"{primary.Id} was replaced meanwhile" };
                if (report.Trouble is null)
                {
                    OpenTail.Close(name);
                    _open.Remove(name);
                }
                else _open[name] = (false, report.Trouble, time.Now());
                if (report.Trouble is null || report.Trouble != known.Trouble) then(report);
            }), TaskScheduler.Default);
        }
    }

    static string? Told(RecoveryReport report) => report.Trouble is { } trouble ? $"the tail of {report.Server} is not recovered yet: {trouble}"
        : !report.Went && report.Transactions > 0 ? $"{report.Server} has {report.Transactions} transactions that {report.Primary} has not ({new TailCounts(report.Acknowledged, report.Unknown, report.NeverAcknowledged)}), saved in {report.Files[0]}; it stays aside: {report.Choice}"
        : report is { Went: true, Rejoined: false } ? report.Return : null;

    /// <summary>What the controller's <see cref="EffectKind.Reconcile"/> leads to. Null: it runs already, or nothing has changed since it ended.</summary>
    public Task<RecoveryReport>? Reconcile(ServerView server, ServerView primary, ControlRecord record, ControlOptions options, Action<Action> post, Action<RecoveryReport> then)
    {
        if (options.Recovery is null || _running.ContainsKey(server.Id)) return null;
        var held = Held(server, options);
        if (_ended.TryGetValue(server.Id, out var ended) && ended.Held == held && (ended.Report.Trouble is null || time.Now() - ended.At < AgainAfter)) return null;
        return Begin(new RecoveryRequest
        {
            Server = server.Id,
            Address = server.Address,
            Primary = primary.Id,
            PrimaryAddress = primary.Address,
            AppointedAt = record.AppointedAt,
        }, held, options, post, then);
    }

    public Task<RecoveryReport> Begin(RecoveryRequest request, string held, ControlOptions options, Action<Action> post, Action<RecoveryReport> then)
    {
        var (witness, promise) = (_witness, options.Policy.Promise);
        (TailLabel, string) Label(in Core.Positions.Gtid gtid) => witness.Label(request.Server, gtid, promise);
        var job = new RecoveryJob(request, options.Recovery!, options.Replication, Label, at => _at[request.Server] = at, time);
        _at[request.Server] = new Underway($"the tail of {request.Server} is being read");
        var ct = (_ofEpoch ?? _end).Token;
        var task = Task.Run(() => job.RunAsync(ct));
        _running[request.Server] = task;
        _ = task.ContinueWith(done => post(() =>
        {
            _running.Remove(request.Server);
            _at.TryRemove(request.Server, out _);
            if (!done.IsCompletedSuccessfully) return;
            if (done.Result.Rewound) _witness = _witness.Without(request.Server);
            if (!request.DryRun) _ended[request.Server] = (held, done.Result, time.Now());
            if (done.Result.OpenTail is { } open) _open[open] = default;
            then(done.Result);
        }), TaskScheduler.Default);
        return task;
    }

    public void Dispose()
    {
        _end.Cancel();
        _ofEpoch?.Dispose();
        _end.Dispose();
    }
}
