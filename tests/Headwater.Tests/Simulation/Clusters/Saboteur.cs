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
    RestartTakenForProof,
    AppointmentForgotten,
    MoreWasShown,
    BoundIgnored,
}

/// <summary>The product's decisions, or, with a breakage, what a controller with that mistake would have decided.</summary>
sealed class Saboteur(Breakage breakage)
{
    public Decision Decide(ControlState state, ClusterView view, ControlPolicy policy, int openWrites, Instant now)
    {
        var acknowledgers = state.Record.Acknowledgers;
        switch (breakage)
        {
            case Breakage.AcknowledgersNotWaitedFor when state.Record.Change is not null || view.Primary is null:
                state = state with { Record = state.Record with { Acknowledgers = [] } };
                break;
            case Breakage.AppointmentForgotten:
                state = state with { Record = state.Record with { AppointedAt = Position.Empty } };
                break;
            case Breakage.BoundIgnored when state.Marks is { } marks:
                state = state with { Marks = marks with { Marks = [.. marks.Marks.Select(static mark => (mark.AskedAt, Position.Empty))] } };
                break;
            case Breakage.RestartTakenForProof when state.Record.Change is not null || view.Servers.Any(server => server.Id == state.Record.Primary && server.Outcome != ProbeOutcome.Answered):
                view = Seen(view, static told => told.SemiSync is { } sync ? told with { SemiSync = sync with { Acknowledges = true } } : told);
                break;
            case Breakage.RankedByWhatIsApplied when state.Record.Change is { Kind: ChangeKind.Failover }:
                view = Seen(view, static told => told with { Links = [.. told.Links.Select(static link => link with { Received = Position.Empty })] });
                break;
            case Breakage.NotFenced when state.Record.Change is { Step: ChangeStep.Fencing }:
                view = Seen(view, static told => told with { Links = [.. told.Links.Select(static link => link with { Receiving = LinkState.Stopped })] });
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
        if (breakage == Breakage.AcknowledgersNotWaitedFor && acknowledgers.Length > 0 && after.Acknowledgers.IsEmpty && after.Primary == before.Primary) return With(decision, after with { Acknowledgers = acknowledgers });
        switch (breakage)
        {
            case Breakage.NotDrained when after.Change is { Step: ChangeStep.Draining } change:
                return With(decision, after with { Change = change with { Goal = Position.Empty } });
            case Breakage.AcknowledgersForgottenAtOnce when after.Change is null:
                return With(decision, after with { Acknowledgers = [.. after.Acknowledgers.Where(id => view.Servers.Any(server => server.Id == id && server is { Outcome: ProbeOutcome.Answered, LastAnswer.SemiSync.Acknowledging: true }))] });
            case Breakage.MoreWasShown when after.Primary != before.Primary && before.Number != 0:
                return With(decision, after with { InheritedFrom = before.Number });
            case Breakage.EpochNotRaised:
                return With(decision, after with { Epoch = new Epoch(1) }) with { Effects = [.. decision.Effects.Select(static effect => effect with { Epoch = new Epoch(1) })] };
            case Breakage.NotFenced:
                return decision with { Effects = [.. decision.Effects.Where(effect => effect.Kind != EffectKind.StopReceiving || after.Change is null)] };
            case Breakage.FormerPrimaryLeftWritable:
                return decision with { Effects = [.. decision.Effects.Where(effect => effect.Kind != EffectKind.MakeReadOnly || after.Change is not null)] };
            case Breakage.TailIgnored:
                return decision with { Effects = [.. decision.Effects.Where(static effect => effect.Kind != EffectKind.Reconcile)] };
            default:
                return decision;
        }
    }

    static ClusterView Seen(ClusterView view, Func<Observation, Observation> otherwise) =>
        view with { Servers = [.. view.Servers.Select(server => server.LastAnswer is { } told ? server with { LastAnswer = otherwise(told) } : server)] };

    static Decision With(Decision decision, ControlRecord record) => decision with { Next = decision.Next with { Record = record } };

    public bool ActsBeforeTheJournal(ControlRecord before, ControlRecord after) => LosesTheJournal(before, after);

    /// <summary>The journal is written when the promotion has ended; a controller that dies in between knows nothing of it.</summary>
    public bool LosesTheJournal(ControlRecord before, ControlRecord after) => breakage == Breakage.PromotedBeforeTheJournal && after.Change is { Step: ChangeStep.Promoting };
}
