using Headwater.Control.Failover;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Rebuild;
using Headwater.Core.Topology;

namespace Headwater.Control.Rebuild;

/// <summary>
/// The rebuild that runs, one at most, what is proposed, and what became of the last one. Owned by the controller's loop; the job runs beside it and comes back
/// to it.
/// </summary>
sealed class RebuildDesk(TimeProvider time) : IDisposable
{
    // What is broken for a moment only, as around a change of primary, is nobody's to rebuild.
    static readonly TimeSpan BrokenFor = TimeSpan.FromSeconds(5), AgainAfter = TimeSpan.FromMinutes(5);
    readonly Dictionary<ServerId, (string Why, Instant Since)> _broken = [];
    readonly Dictionary<ServerId, (RebuildReport Report, Instant At)> _failed = [];
    readonly CancellationTokenSource _end = new();
    Situation? _situation;
    (ServerId Server, Task<RebuildReport> Report)? _running;
    volatile Underway _at = new("");
    volatile Surroundings _around = new(null, null);
    ServerId _source;

    sealed record Surroundings(ServerView? Primary, ServerView? Source);

    /// <summary>One look at the cluster.</summary>
    public void See(Situation situation)
    {
        _situation = situation;
        _around = new Surroundings(situation.Record.Change is null && situation.View.Primary is not null && situation.Primary is { } primary && Situation.Answers(primary) ? primary : null, situation.Find(_source));
        foreach (var server in situation.Others.Where(static server => !server.IsWitness))
        {
            if (!Situation.Answers(server) || Holds(server.Id) || situation.Primary is null || BrokenReplica.Why(situation, server) is not { } why)
            {
                // A glance that was not answered is no cure.
                if (Situation.Answers(server)) _broken.Remove(server.Id);
                continue;
            }
            _broken[server.Id] = _broken.TryGetValue(server.Id, out var known) ? (why, known.Since) : (why, situation.Now);
        }
        foreach (var gone in _broken.Keys.Concat(_failed.Keys).Where(id => situation.Find(id) is null).ToList())
        {
            _broken.Remove(gone);
            _failed.Remove(gone);
        }
    }

    /// <summary>While a server is rebuilt, nobody else tells it whom to follow.</summary>
    public bool Holds(ServerId server) => _running?.Server == server;

    public ServerId? Server => _running?.Server;

    /// <summary>Where a server is that is not known yet and is being made a replica.</summary>
    public ServerAddress? Adding { get; private set; }

    public IEnumerable<Finding> Told(RebuildMode mode, Func<ServerId, TailSafety> tailOf)
    {
        if (_running is { } running) yield return new Finding(RebuildReport.Progress, running.Server, $"{running.Server}: {_at.Told(time.Now())}") { Underway = _at };
        if (mode == RebuildMode.Off || _situation is not { } s) yield break;
        foreach (var (id, (why, since)) in _broken)
        {
            if (s.Now - since < BrokenFor || Holds(id)) continue;
            var (plan, sentence) = RebuildPlan.Of(s, new RebuildWish(id, null, null, DryRun: false, Overwrite: false), tailOf(id));
            var failed = _failed.TryGetValue(id, out var last) ? $" The last rebuild ended early: {last.Report.Trouble}." : "";
            // A tail that is not safe has its own finding.
            if (plan is null && Foreign(s, id)) continue;
            var what = plan is null ? $"it cannot be rebuilt now: {sentence}"
                : mode == RebuildMode.Auto ? RebuildPlan.WhyNotBySelf(s, id) is { } not ? $"it is not rebuilt by itself, as {not}; headwater rebuild {id} does it" : $"it is rebuilt by itself{(failed.Length > 0 ? " again, after a while" : "")}, from {plan.Source}"
                : $"headwater rebuild {id} makes it anew, from {plan.Source}";
            yield return new Finding("rebuild", id, $"{id} {why.TrimEnd('.')}; {what}.{failed}");
        }
    }

    static bool Foreign(Situation s, ServerId id) => s.Primary is { LastAnswer: not null } primary && s.Find(id) is { LastAnswer: { } told } server && !RebuildMark.IsOn(told.SlavePosition) && Situation.Foreign(server, primary, s.View) is not null;

    /// <summary>A replica that is to be rebuilt now without being asked for; null when there is none.</summary>
    public (RebuildWish Wish, RebuildPlan Plan, string Sentence)? Due(Func<ServerId, TailSafety> tailOf)
    {
        if (_running is not null || _situation is not { } s || s.Record.Paused) return null;
        foreach (var (id, (why, since)) in _broken.OrderBy(static pair => pair.Value.Since).ThenBy(static pair => pair.Key.Name, StringComparer.Ordinal))
        {
            if (s.Now - since < BrokenFor || RebuildPlan.WhyNotBySelf(s, id) is not null || _failed.TryGetValue(id, out var failed) && s.Now - failed.At < AgainAfter) continue;
            var wish = new RebuildWish(id, null, null, DryRun: false, Overwrite: false);
            if (RebuildPlan.Of(s, wish, tailOf(id)) is ({ } plan, _)) return (wish, plan, $"{id} {why.TrimEnd('.')}; it is rebuilt by itself (control.rebuild is auto)");
        }
        return null;
    }

    public Task<RebuildReport> Begin(RebuildPlan plan, RebuildWish wish, ControlOptions options, Action<Action> post, Action<RebuildReport> then)
    {
        _source = plan.Source;
        _at = new Underway($"{plan.Target} is being looked at");
        See(_situation!);
        var around = new RebuildSurroundings
        {
            Primary = () => _around.Primary,
            SourceLag = () => _around.Source?.Lag,
            Numbers = _situation!.View.Servers.Where(server => server.Id != plan.Target && server.Number != 0).DistinctBy(static server => server.Number).ToDictionary(static server => server.Number, static server => server.Id),
        };
        var job = new RebuildJob(plan, wish, options.Rebuild!, options.Replication, around, at => _at = at, time);
        var task = Task.Run(async () =>
        {
            try
            {
                return await job.RunAsync(_end.Token);
            }
            catch (OperationCanceledException)
            {
                return new RebuildReport { Server = plan.Target.Name, Source = plan.Source.Name, Primary = plan.Primary.Name, DryRun = wish.DryRun, Trouble = "this process ends; the server is marked, and the next rebuild begins anew" };
            }
        });
        _running = (plan.Target, task);
        Adding = wish.Address;
        _ = task.ContinueWith(done => post(() =>
        {
            _running = null;
            Adding = null;
            _broken.Remove(plan.Target);
            if (!done.IsCompletedSuccessfully) return;
            if (done.Result.Trouble is not null && !wish.DryRun) _failed[plan.Target] = (done.Result, time.Now());
            else if (!wish.DryRun) _failed.Remove(plan.Target);
            then(done.Result);
        }), TaskScheduler.Default);
        return task;
    }

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }
}
