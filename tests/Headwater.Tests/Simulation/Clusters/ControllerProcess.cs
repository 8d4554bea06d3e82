using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Topology;

namespace Headwater.Tests.Simulation.Clusters;

/// <summary>Where a controller can be lost: at any moment, or around the moments that matter.</summary>
enum LossOfController : byte
{
    Now,
    BeforeTheJournal,
    BeforeTheEffects,
    AfterTheEffects,
}

/// <summary>
/// The shell as the product has it: one loop from probe to view to decision; the record is on disk before an effect begins or a gateway hears of it; one
/// effect at a time on a server, and a fresh look before the next. All but the journal is lost with the process.
/// </summary>
sealed class ControllerProcess(World world, Breakage breakage)
{
    static readonly long ProbeEvery = 250 * Clockwork.Millisecond;
    static readonly long ProbePatience = 460 * Clockwork.Millisecond;
    static readonly long EffectPatience = 3 * Clockwork.Second;

    sealed class Watch
    {
        public Observation? Latest;
        public bool Busy;
        public bool Reconnects = true;

        /// <summary>What was asked before this moment does not show what the last effect did.</summary>
        public Instant FreshFrom;
    }

    readonly Watch[] _watches = [.. world.Databases.Select(static _ => new Watch())];
    readonly Saboteur _saboteur = new(breakage);
    ControlState _state = new();
    ClusterView _view = new() { Cluster = "shop" };
    int _life;
    bool _up;
    LossOfController? _loss;

    /// <summary>What is on disk.</summary>
    public ControlRecord Journal { get; private set; } = new();
    public bool Up => _up;

    /// <summary>Told of each step of a change, when it is on disk.</summary>
    public event Action<Change?>? Stepped;

    int Node => world.ControllerNode;

    public void Start()
    {
        if (_up) return;
        (_up, _loss) = (true, null);
        _life++;
        _state = new ControlState { Record = Journal };
        _view = new ClusterView { Cluster = "shop" };
        for (var i = 0; i < _watches.Length; i++)
        {
            (_watches[i].Latest, _watches[i].Busy, _watches[i].Reconnects, _watches[i].FreshFrom) = (null, false, true, default);
            var (life, server) = (_life, world.Databases[i]);
            world.Clock.In(1 + world.Chance.Below(100_000), () => Probe(life, server));
        }
    }

    public void Lose(LossOfController how)
    {
        if (!_up) return;
        if (how != LossOfController.Now) { _loss = how; return; }
        Die();
    }

    void Die()
    {
        _up = false;
        _life++;
        world.Tally.LostControllers++;
        world.Story?.Add("the controller dies");
        world.Clock.In(200_000 + world.Chance.Below(2_000_000), Start);
    }

    // ---- observing

    void Probe(int life, Database server)
    {
        if (life != _life) return;
        var (asked, answered) = (world.Clock.Instant, false);
        var watch = _watches[server.Index];
        void End(Observation observation)
        {
            if (life != _life || answered) return;
            answered = true;
            watch.Latest = observation;
            watch.Reconnects = observation.Outcome != ProbeOutcome.Answered;
            world.Clock.In(watch.Busy || observation.AskedAt < watch.FreshFrom ? 20 * Clockwork.Millisecond : ProbeEvery - 20_000 + world.Chance.Below(40_000), () => Probe(life, server));
            Round();
        }
        Observation Failed(ProbeOutcome outcome, string failure) => new() { Server = server.Watched, AskedAt = asked, AnsweredAt = world.Clock.Instant, Outcome = outcome, Failure = failure };

        var reconnects = watch.Reconnects;
        world.Network.Send(Node, server.Index, () => server.Receive(() =>
        {
            // A look is some statements long: what it says was true in between.
            var answer = server.Answer(asked, asked, reconnects);
            world.Network.Send(server.Index, Node, () => End(answer with { AnsweredAt = world.Clock.Instant }));
        }, () => world.Network.Send(server.Index, Node, () => End(Failed(ProbeOutcome.Closed, "connection refused")))));
        world.Clock.In(ProbePatience, () => End(server.HostUp && world.Network.OpenBothWays(Node, server.Index)
            ? Failed(ProbeOutcome.Silent, "no answer in time") : Failed(ProbeOutcome.Unreachable, "no route to host")));
    }

    void Round()
    {
        var now = world.Clock.Instant;
        var observations = new List<Observation>(_watches.Length);
        foreach (var watch in _watches)
            if (watch.Latest is { } latest) observations.Add(latest);
        var openWrites = world.Gateways.Sum(static gateway => gateway.OpenWrites);
        _view = Discovery.Decide(observations, _view, Options(), now);
        var (before, marks) = (_state.Record, _state.Marks);
        var decision = _saboteur.Decide(_state, _view, world.Policy, openWrites, now);
        _state = decision.Next;
        if (_state.Record != before)
        {
            if (_loss == LossOfController.BeforeTheJournal) { Die(); return; }
            if (_saboteur.ActsBeforeTheJournal(before, _state.Record)) Act(decision);
            if (!_saboteur.LosesTheJournal(before, _state.Record)) Journal = _state.Record;
            world.Truth.Decided(before, marks, Journal, decision);
            Tell(before, decision);
            if (before.Change?.Step != Journal.Change?.Step) Stepped?.Invoke(Journal.Change);
            if (!_up) return;
            if (_loss == LossOfController.BeforeTheEffects) { Die(); return; }
            _view = Discovery.Decide(observations, _view, Options(), now);
        }
        if (decision.Findings.Any(static finding => finding.Rule == "cannot-decide")) world.Tally.CannotDecide++;
        Publish();
        Act(decision);
        if (_loss == LossOfController.AfterTheEffects && decision.Effects.Count > 0) Die();
    }

    DiscoveryOptions Options() => new()
    {
        Cluster = "shop",
        Appointed = _state.Record.Primary is null ? null : _state.Record.Appointment(Controller.Closed(_state.Record)),
    };

    void Publish()
    {
        var view = _view;
        world.Gateways[0].Follow(view);
        world.Network.Send(Node, world.Gateways[1].Node, () => world.Gateways[1].Follow(view));
    }

    void Tell(ControlRecord before, Decision decision)
    {
        var after = decision.Next.Record;
        if (after.Primary != before.Primary && before.Primary is not null)
            _ = after.Change?.Kind == ChangeKind.Switchover ? world.Tally.Switchovers++ : world.Tally.Failovers++;
        foreach (var finding in decision.Findings)
            if (finding.Rule == "undone") world.Tally.Undone++;
            else if (finding.Rule == "promotion-cut") world.Tally.CutPromotions++;
        if (world.Story is not { } story) return;
        if (before.Change?.Step != after.Change?.Step || before.Primary != after.Primary) story.Add($"CONTROLLER epoch {after.Epoch} primary {after.Primary}, {(after.Change is { } change ? $"{change.Kind} {change.From} -> {change.To} {change.Step} goal {change.Goal}: {change.Proof[^1]}" : "no change under way")}");
        if (!before.Acknowledgers.SequenceEqual(after.Acknowledgers)) story.Add($"CONTROLLER acknowledgers: {string.Join(' ', after.Acknowledgers)}");
        foreach (var finding in decision.Findings)
            if (finding.Rule is "undone" or "promotion-cut" or "promoted") story.Add($"   {finding.Rule}: {finding.Sentence}");
    }

    readonly Dictionary<string, string> _told = [];

    // ---- acting

    void Act(Decision decision)
    {
        if (world.Story is { } story)
            foreach (var finding in decision.Findings)
            {
                var key = finding.Rule + finding.Server;
                var sentence = System.Text.RegularExpressions.Regex.Replace(finding.Sentence, "[0-9]+ ms", "… ms");
                if (_told.TryGetValue(key, out var last) && last == sentence) continue;
                _told[key] = sentence;
                story.Add($"   found {finding.Rule}: {finding.Sentence}");
            }
        foreach (var effect in decision.Effects)
        {
            if (world.Find(effect.Server) is not { } server) continue;
            var watch = _watches[server.Index];
            if (watch.Busy || watch.Latest is not { Outcome: ProbeOutcome.Answered } latest || latest.AskedAt < watch.FreshFrom) continue;
            watch.Busy = true;
            world.Story?.Add($"   effect {effect.Kind}{(effect.Source is { } source ? $" {source}" : "")}{(effect.Role != ServerRole.Unknown ? $" {effect.Role}" : "")} on {effect.Server}: {effect.Reason}");
            var (life, over) = (_life, false);
            void End()
            {
                if (life != _life || over) return;
                over = true;
                watch.Busy = false;
                watch.FreshFrom = world.Clock.Instant;
            }
            var steps = new Queue<Action<Action>>(Statements.Of(effect, world, server, latest));
            world.Clock.In(EffectPatience + (effect.Kind == EffectKind.Reconcile ? 5 * Clockwork.Second : 0), End);
            Next();
            void Next()
            {
                if (life != _life || over || effect.Epoch.Number < _state.Record.Epoch.Number) { End(); return; }
                if (!steps.TryDequeue(out var step)) { End(); return; }
                // Sent at once: from here on the server may do it, whatever becomes of us.
                world.Network.Send(Node, server.Index, () => server.Receive(
                    () => server.Later(1_000 + world.Chance.Below(10_000), () => step(() => world.Network.Send(server.Index, Node, Next))),
                    () => world.Network.Send(server.Index, Node, End)));
            }
        }
    }

    // ---- the operator

    public void Switchover(ServerId? to)
    {
        if (!_up || _state.Record.Primary is null) return;
        var (next, sentence) = Controller.Switchover(_state, _view, world.Policy, to, world.Clock.Instant);
        world.Story?.Add($"OPERATOR switchover to {to?.Name ?? "the best"}: {sentence}");
        if (next is null) return;
        Change(next);
        Stepped?.Invoke(Journal.Change);
    }

    public void Maintenance(ServerId id, bool on)
    {
        if (!_up) return;
        world.Story?.Add($"OPERATOR maintenance of {id} {(on ? "on" : "off")}");
        var kept = _state.Record.InMaintenance.Remove(id);
        Change(_state with { Record = _state.Record with { InMaintenance = on ? kept.Add(id) : kept } });
    }

    public void Pause(bool on)
    {
        if (!_up) return;
        world.Story?.Add($"OPERATOR {(on ? "pause" : "resume")}");
        Change(_state with { Record = _state.Record with { Paused = on } });
    }

    void Change(ControlState next)
    {
        _state = next;
        Journal = next.Record;
    }
}
