using Headwater.Configuration;
using Headwater.Control;
using Headwater.Control.Failover;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Topology;

namespace Headwater.Http;

/// <summary>/api/control: what the controller remembers and finds now.</summary>
sealed record ControlJson(RecordLine Record, IReadOnlyList<FindingJson> Findings, string? Lease);

/// <summary>/api/control/audit: what promise the settings can keep. Kept: nothing that was acknowledged is lost when any one server is; of a ring, that its members can be written to side by side.</summary>
sealed record AuditJson(string Rpo, bool Kept, IReadOnlyList<AuditFindingJson> Findings, IReadOnlyList<string> Troubles, double? RpoBoundSeconds = null, bool IsRing = false);

sealed record AuditFindingJson(string Weight, string Server, string Setting, string Sentence, string Mend);

/// <summary>What was found. Of long work: what is done, and how far it has come, which the sentence says too.</summary>
sealed record FindingJson(string Rule, string? Server, string Sentence, string? Doing = null, Progress? Progress = null)
{
    public static FindingJson Of(Finding finding, Instant now) => new(finding.Rule, finding.Server?.Name, finding.Sentence, finding.Underway?.Doing, finding.Underway?.Pace?.Seen(now));
}

/// <summary>What POST /api/control/… does: hands a wish to the controller, and waits for what comes of it.</summary>
/// <param name="file">The configuration file; null where there is none.</param>
sealed class ControlAnswers(ClusterWatcher watcher, Func<ControlPolicy> policy, TimeProvider time, string? file = null)
{
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    public static ControllerJson About(ControlPolicy policy, ClusterWatcher watcher, TimeProvider time)
    {
        var (record, findings) = watcher.Control;
        return new ControllerJson(Notations.NameOf(policy.Promise), record.Paused, [.. record.InMaintenance.Select(static id => id.Name)],
            Controller.Closed(record), [.. findings.Select(finding => FindingJson.Of(finding, time.Now()))], watcher.Lease, BoundOf(policy));
    }

    static double? BoundOf(ControlPolicy policy) => policy.Promise == LossPromise.Bounded ? policy.LossBound.TotalSeconds : null;

    public ControlJson Now()
    {
        var (record, findings) = watcher.Control;
        return new ControlJson(RecordLine.Of(record), [.. findings.Select(finding => FindingJson.Of(finding, time.Now()))], watcher.Lease);
    }

    public async Task<AuditJson> AuditAsync(bool apply, CancellationToken ct)
    {
        var now = policy();
        var (findings, troubles) = await watcher.AuditAsync(apply, now.Promise, ct);
        var kept = (now.Promise == LossPromise.Zero || now.IsRing) && troubles.Count == 0 && findings.All(static finding => finding.Weight != AuditWeight.Breaks);
        return new AuditJson(Notations.NameOf(now.Promise), kept,
            [.. findings.Select(static finding => new AuditFindingJson(finding.Weight == AuditWeight.Breaks ? "breaks" : "weakens", finding.Server.Name, finding.Setting, finding.Sentence, finding.Mend))], troubles, BoundOf(now), now.IsRing);
    }

    public Task<RecoverJson> RecoverAsync(Func<string, string?> argument) => RecoveryAnswers.RecoverAsync(watcher, argument);

    public Task<RebuildJson> RebuildAsync(string action, Func<string, string?> argument) => RebuildAnswers.RebuildAsync(watcher, action, argument, file);

    /// <summary>Null for a path that is none of ours.</summary>
    public async Task<OutcomeJson?> DoAsync(string action, Func<string, string?> argument, CancellationToken ct)
    {
        var dryRun = argument("dry_run") == "true";
        switch (action)
        {
            case "pause": return await AskAsync(static (state, _, _) => Wishes.Pause(state, on: true), dryRun);
            case "resume": return await AskAsync(static (state, _, _) => Wishes.Pause(state, on: false), dryRun);
            case "maintenance":
                if (argument("server") is not { } name || argument("on") is not ("true" or "false")) return new OutcomeJson(false, ["server=NAME and on=true or on=false are needed"]);
                return await AskAsync((state, view, _) => Wishes.Maintain(state, view, new ServerId(name), argument("on") == "true"), dryRun);
            case "failover":
                if (argument("accept_loss") != "true") return new OutcomeJson(false, ["A primary that is lost is replaced by itself, as soon as nothing can be lost by it. accept_loss=true replaces it also when acknowledged writes may be lost."]);
                return await AskAsync((state, view, now) => Wishes.AcceptLoss(state, view, policy(), now), dryRun);
            case "switchover": return await SwitchoverAsync(argument("to"), dryRun, ct);
            default: return null;
        }
    }

    async Task<OutcomeJson> SwitchoverAsync(string? to, bool dryRun, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        ServerId? target = to is { Length: > 0 } ? new ServerId(to) : null;
        var plan = SwitchoverPlan.Empty;
        var (done, sentence) = await watcher.CommandAsync((state, view, now) =>
        {
            var (next, why) = Controller.Switchover(state, view, policy(), target, now);
            plan = SwitchoverPlan.Of(next?.Record.Change, view, policy());
            return dryRun ? (next is null ? null : state, why) : (next, why);
        });
        if (!done || dryRun) return new OutcomeJson(done, [sentence, .. done ? plan.Lines : []]);
        while (time.GetElapsedTime(began) < Longest && !ct.IsCancellationRequested)
        {
            var (record, _) = watcher.Control;
            if (record.Change is null)
                return record.Primary == plan.To
                    ? new OutcomeJson(true, [$"{plan.To} is the primary of epoch {record.Epoch}, after {time.GetElapsedTime(began).TotalMilliseconds:0} ms"])
                    : new OutcomeJson(false, [$"undone, {record.Primary} is still the primary: headwater history says why"]);
            await Task.Delay(5, ct);
        }
        return new OutcomeJson(false, [$"not finished within {Longest.TotalSeconds:0} s; it is carried on or undone by itself: see headwater status"]);
    }

    async Task<OutcomeJson> AskAsync(Func<ControlState, ClusterView, Instant, (ControlState?, string)> wish, bool dryRun)
    {
        var (done, sentence) = await watcher.CommandAsync((state, view, now) =>
        {
            var (next, why) = wish(state, view, now);
            return dryRun && next is not null ? (state, why) : (next, why);
        });
        return new OutcomeJson(done, [sentence]);
    }
}
