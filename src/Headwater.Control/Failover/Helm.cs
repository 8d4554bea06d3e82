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
/// which gives it every look and publishes only what it has journalled.
/// </summary>
sealed class Helm : IDisposable
{
    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50), LongestPause = TimeSpan.FromSeconds(5);
    readonly Journal _journal;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly Dictionary<ServerId, (Effect Effect, Instant Since)> _running = [];
    readonly Dictionary<ServerId, Instant> _endedAt = [];
    readonly Dictionary<ServerId, (string Failure, TimeSpan Pause, Instant Until)> _failing = [];
    readonly Dictionary<(string, ServerId?), string> _told = [];
    readonly RecoveryDesk _recoveries;
    readonly RebuildDesk _rebuilds;
    ControlOptions _options;
    ControlState _state;
    ClusterView? _view;
    bool _complained;

    public Helm(ControlOptions options, TimeProvider time, ILogger log)
    {
        (_options, _time, _log) = (options, time, log);
        _journal = Journal.Open(options.Directory, time);
        _recoveries = new RecoveryDesk(time);
        _rebuilds = new RebuildDesk(time);
        _state = new ControlState { Record = _journal.Record, StepAt = time.Now() };
    }

    public ControlRecord Record => _state.Record;

    /// <summary>As <see cref="Decision.Unsettled"/> at the last look.</summary>
    public bool IsUnsettled { get; private set; }
    public IReadOnlyList<Finding> Findings { get; private set; } = [];

    /// <summary>Null until a primary has been appointed.</summary>
    public Appointment? Appointed => _state.Record.Primary is { } primary ? new Appointment(primary, _state.Record.Epoch, Controller.Closed(_state.Record)) : null;

    public void Apply(ControlOptions options) => _options = options with { Directory = _options.Directory };

    /// <summary>What runs on a server at our own wish: its silence meanwhile says nothing about it.</summary>
    public bool IsBusy(ServerId server, Instant now) => _running.TryGetValue(server, out var running) && now - running.Since < _options.EffectDeadline;

    /// <summary>
    /// One look. True: the record has changed, so the view has to be decided again before it is published; the effects come with the last look,
    /// of which <paramref name="effects"/> are then those to begin.
    /// </summary>
    public bool Look(ClusterView view, Instant now, Func<ServerState, int> openWritesOf, out IReadOnlyList<Effect> effects)
    {
        var openWrites = view.Servers.FirstOrDefault(server => server.Id == _state.Record.Primary) is { } primary ? openWritesOf(primary.State) : 0;
        var decision = Controller.Decide(_state, view, _options.Policy, openWrites, now);
        effects = decision.Effects;
        _view = view;
        _recoveries.See(view, decision.Next.Record);
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
        if (Keep(decision.Next.Record, decision.Findings)) _state = decision.Next;
        else effects = [];
        return true;
    }

    /// <summary>Takes over what an operator wants; the sentence says what came of it.</summary>
    public (bool Done, string Sentence) Command(Func<ControlState, (ControlState? Next, string Sentence)> wish)
    {
        var (next, sentence) = wish(_state);
        if (next is null) return (false, sentence);
        // A wish that changes nothing, and a plan that was only looked at, is no event.
        if (next.Record != _state.Record && !Keep(next.Record, [new Finding("operator", null, sentence)])) return (false, "the journal cannot be written");
        _state = next;
        return (true, sentence);
    }

    bool Keep(ControlRecord record, IReadOnlyList<Finding> findings)
    {
        var why = record.Change == _state.Record.Change && record.Primary == _state.Record.Primary && !record.Acknowledgers.SequenceEqual(_state.Record.Acknowledgers)
            ? new Finding("acknowledgers", null, $"the only copy of an acknowledged write may be on {(record.Acknowledgers.IsEmpty ? "no replica" : string.Join(" or ", record.Acknowledgers.Select(static id => id.Name)))}")
            : findings.Count > 0 ? findings[^1] : new Finding("record", null, "");
        try
        {
            _journal.Write(record, why.Rule, why.Server?.Name, why.Sentence);
            _complained = false;
            return true;
        }
        catch (IOException e)
        {
            // What is not written is not done: whoever takes over could not know of it.
            if (!_complained) FailoverLog.JournalFailed(_log, e.Message);
            _complained = true;
            return false;
        }
    }

    void Tell(IReadOnlyList<Finding> findings)
    {
        foreach (var finding in findings)
        {
            if (finding.Rule == RebuildReport.Progress) continue; // how far something has come is no event
            var key = (finding.Rule, finding.Server);
            // Figures within a sentence move with each look; a person is told once.
            var gist = new string([.. finding.Sentence.Where(static c => !char.IsAsciiDigit(c))]);
            if (_told.TryGetValue(key, out var before) && before == gist) continue;
            _told[key] = gist;
            if (finding.Rule == "appointed") FailoverLog.Appointed(_log, finding.Sentence);
            else FailoverLog.Found(_log, finding.Rule, finding.Sentence);
            Note("finding", finding.Rule, finding.Server, finding.Sentence);
        }
        foreach (var key in _told.Keys.ToList())
            if (!findings.Any(finding => (finding.Rule, finding.Server) == key)) _told.Remove(key);
    }

    /// <summary>
    /// Begins what is due. <paramref name="ask"/> runs an errand on a server's connection; <paramref name="post"/> comes back to the loop.
    /// An effect is begun only where none runs, and where the server was looked at since the last one ended: what the look shows is what it did.
    /// </summary>
    public void Begin(IReadOnlyList<Effect> effects, ClusterView view, ServerLogin monitor, Func<ServerId, Func<ServerConnection, CancellationToken, Task>, TimeSpan, Task?> ask, Action<Action> post)
    {
        var actuator = new Actuator(monitor, _options.Replication, _options.Policy.Promise);
        foreach (var effect in effects)
        {
            if (effect.Epoch != _state.Record.Epoch || _running.ContainsKey(effect.Server)) continue;
            if (_failing.TryGetValue(effect.Server, out var failing) && _time.Now() < failing.Until) continue;
            if ((_recoveries.Holds(effect.Server) || _rebuilds.Holds(effect.Server)) && effect.Kind != EffectKind.MakeReadOnly) continue;
            var server = view.Servers.First(server => server.Id == effect.Server);
            if (_endedAt.TryGetValue(effect.Server, out var ended) && server.LastAnswer is { } told && told.AskedAt < ended) continue;
            var source = effect.Source is { } id ? view.Servers.FirstOrDefault(server => server.Id == id) : null;
            if (effect.Kind == EffectKind.Reconcile)
            {
                if (source is not null && _recoveries.Reconcile(server, source, _state.Record, _options, post, Recovered) is not null) Note("effect", effect.Kind.ToString(), effect.Server, effect.Reason);
                continue;
            }
            var endedAt = Instant.Zero;
            async Task DoAsync(ServerConnection connection, CancellationToken ct)
            {
                try
                {
                    await actuator.DoAsync(effect, server, source, connection, ct);
                }
                finally
                {
                    endedAt = _time.Now(); // here, so that the look that follows at once is known to be later
                }
            }
            if (ask(effect.Server, DoAsync, _options.EffectDeadline) is not { } task) continue;
            _running[effect.Server] = (effect, _time.Now());
            if (!_failing.ContainsKey(effect.Server))
            {
                Note("effect", effect.Kind.ToString(), effect.Server, effect.Reason);
                FailoverLog.Begun(_log, effect.Kind, effect.Server.Name, effect.Reason);
            }
            _ = task.ContinueWith(done => post(() => Ended(effect, endedAt == Instant.Zero ? _time.Now() : endedAt, done.Exception?.InnerException)), TaskScheduler.Default);
        }
        if (_options.Rebuild is { Mode: RebuildMode.Auto } && _rebuilds.Due(TailOf) is { } due && !_recoveries.Holds(due.Wish.Server)) Rebuild(due.Wish, due.Plan, due.Sentence, post);
    }

    TailSafety TailOf(ServerId server) => _recoveries.TailOf(_view?.Servers.FirstOrDefault(known => known.Id == server), _options);

    /// <summary>Makes a server anew, or a new one a replica. Null, with the reason, when nothing is done.</summary>
    public (Task<RebuildReport>? Report, string Sentence) Rebuild(RebuildWish wish, ClusterView view, Action<Action> post)
    {
        if (_options.Rebuild is null) return (null, "this controller has no account to rebuild servers by");
        if (_rebuilds.Server is { } busy) return (null, $"{busy} is being rebuilt; one at a time");
        if (_recoveries.Holds(wish.Server)) return (null, $"the tail of {wish.Server} is being recovered");
        var (plan, sentence) = RebuildPlan.Of(new Situation(_state, view, _options.Policy, 0, _time.Now()), wish, TailOf(wish.Server));
        return plan is null ? (null, sentence) : (Rebuild(wish, plan, $"an operator asked for {(wish.DryRun ? "a dry run: " : "it: ")}{sentence}", post), sentence);
    }

    Task<RebuildReport> Rebuild(RebuildWish wish, RebuildPlan plan, string sentence, Action<Action> post)
    {
        Note("rebuild", wish.DryRun ? "dry-run" : "begun", plan.Target, sentence);
        if (!wish.DryRun) FailoverLog.Rebuilding(_log, plan.Target.Name, sentence);
        return _rebuilds.Begin(plan, wish, _options, post, report =>
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
    public (Task<RecoveryReport>? Report, Task? Before, string Sentence) Recover(RecoveryWish wish, ClusterView view, Action<Action> post)
    {
        if (_options.Recovery is null) return (null, null, "this controller has no account to recover tails by");
        var (request, sentence) = wish.On(view, _state.Record);
        if (request is null) return (null, null, sentence);
        if (_rebuilds.Holds(request.Server)) return (null, null, $"{request.Server} is being rebuilt");
        if (_recoveries.Running(request.Server) is { } running) return (null, running, sentence);
        Note("operator", "recover", request.Server, sentence);
        var server = view.Servers.FirstOrDefault(server => server.Id == request.Server);
        return (_recoveries.Begin(request, server is { LastAnswer: not null } ? RecoveryDesk.Held(server, _options) : "", _options, post, Recovered), null, sentence);
    }

    void Recovered(RecoveryReport report)
    {
        Note("recovery", report.DryRun ? "dry-run" : "recover", new ServerId(report.Server), string.Join("; ", report.ToText().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
        // In the journal, so that a controller that starts anew does not let it follow either.
        if (report.Differs && _view is { } view) Command(state => Wishes.Maintain(state, view, new ServerId(report.Server), on: true));
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

    void Note(string kind, string rule, ServerId? server, string sentence)
    {
        try
        {
            _journal.Note(kind, rule, server?.Name, sentence);
        }
        catch (IOException)
        {
            // It is in the log too; only records must not fail to be written.
        }
    }

    public void Dispose()
    {
        _recoveries.Dispose();
        _rebuilds.Dispose();
        _journal.Dispose();
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

    [LoggerMessage(2105, LogLevel.Warning, "{Server} is being rebuilt: {Reason}")]
    public static partial void Rebuilding(ILogger log, string server, string reason);

    [LoggerMessage(2106, LogLevel.Warning, "the rebuild of {Server} has ended: {Outcome}")]
    public static partial void Rebuilt(ILogger log, string server, string outcome);

    [LoggerMessage(2103, LogLevel.Error, "the controller's journal cannot be written, so nothing is done: {Failure}")]
    public static partial void JournalFailed(ILogger log, string failure);
}
