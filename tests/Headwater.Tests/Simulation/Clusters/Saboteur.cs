using System.Collections.Immutable;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Tests.Simulation.Clusters;

/// <summary>Rules broken on purpose, to see that the simulation would find it.</summary>
public enum Breakage : byte
{
    None,
    RankedByWhatIsApplied,
    AcknowledgersNotWaitedFor,
    AcknowledgersForgottenAtOnce,
    PromotedBeforeTheJournal,
    NotFenced,
    OwnSilenceTakenForDeath,
    EpochNotRaised,
    NotDrained,
    GlitchTakenForDeath,
    FormerPrimaryLeftWritable,
    TailIgnored,
}

/// <summary>The product's decisions, or, with a breakage, what a controller with that mistake would have decided.</summary>
sealed class Saboteur(Breakage breakage)
{
    public Decision Decide(ControlState state, ClusterView view, ControlPolicy policy, int openWrites, Instant now)
    {
        switch (breakage)
        {
            case Breakage.AcknowledgersNotWaitedFor:
                policy = policy with { Promise = LossPromise.BestEffort };
                break;
            case Breakage.NotFenced when state.Record.Change is { Step: ChangeStep.Fencing }:
                view = view with { Servers = [.. view.Servers.Select(static server => server.LastAnswer is { Links.Length: > 0 } answer ? server with { LastAnswer = answer with { Links = [.. answer.Links.Select(static link => link with { Receiving = LinkState.Stopped })] } } : server)] };
                break;
            case Breakage.OwnSilenceTakenForDeath:
                view = view with { Servers = [.. view.Servers.Select(static server => server with { SourceHeardAt = null })] };
                break;
            case Breakage.GlitchTakenForDeath:
                policy = policy with { ReplaceAfter = TimeSpan.FromMilliseconds(300), ReplaceSilentAfter = TimeSpan.FromMilliseconds(300), HeardWithin = TimeSpan.FromMilliseconds(300) };
                break;
        }
        var decision = Controller.Decide(state, view, policy, openWrites, now);
        var (before, after) = (state.Record, decision.Next.Record);
        switch (breakage)
        {
            case Breakage.RankedByWhatIsApplied when before.Change is { Step: ChangeStep.Fencing } && after.Change is { Step: ChangeStep.Draining } change:
                var best = view.Servers.Where(server => server.Id != change.From && server.LastAnswer is { ReadOnly: true } && server.Health != ServerHealth.Down).MaxBy(server => server.LastAnswer!.BinlogPosition.SequenceOf(0))!;
                return With(decision, after with { Change = change with { To = best.Id, Goal = best.LastAnswer!.BinlogPosition } });
            case Breakage.NotDrained when after.Change is { Step: ChangeStep.Draining } change:
                return With(decision, after with { Change = change with { Goal = Position.Empty } });
            case Breakage.AcknowledgersForgottenAtOnce when after.Change is null:
                return With(decision, after with { Acknowledgers = [.. after.Acknowledgers.Where(id => view.Servers.Any(server => server.Id == id && server is { Outcome: ProbeOutcome.Answered, LastAnswer.SemiSync.Acknowledging: true }))] });
            case Breakage.EpochNotRaised:
                return With(decision, after with { Epoch = new Epoch(1) }) with { Effects = [.. decision.Effects.Select(static effect => effect with { Epoch = new Epoch(1) })] };
            case Breakage.FormerPrimaryLeftWritable:
                return decision with { Effects = [.. decision.Effects.Where(effect => effect.Kind != EffectKind.MakeReadOnly || after.Change is not null)] };
            case Breakage.TailIgnored:
                return decision with { Effects = [.. decision.Effects.Where(static effect => effect.Kind != EffectKind.Reconcile)] };
            default:
                return decision;
        }
    }

    static Decision With(Decision decision, ControlRecord record) => decision with { Next = decision.Next with { Record = record } };

    public bool ActsBeforeTheJournal(ControlRecord before, ControlRecord after) => LosesTheJournal(before, after);

    /// <summary>The journal is written when the promotion has ended; a controller that dies in between knows nothing of it.</summary>
    public bool LosesTheJournal(ControlRecord before, ControlRecord after) => breakage == Breakage.PromotedBeforeTheJournal && after.Change is { Step: ChangeStep.Promoting };
}
