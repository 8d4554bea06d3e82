using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Tests.Simulation.Clusters;

/// <summary>What is true of the world and what must be: the invariants I1 to I12, checked while it runs and when it has healed.</summary>
sealed class Truth(World world)
{
    readonly List<(WriteReply? Reply, Transaction? Transaction, Instant At)> _writes = [];
    readonly Dictionary<long, Database> _writerOf = [];
    readonly HashSet<Transaction> _setAside = new(ReferenceEqualityComparer.Instance), _lost = new(ReferenceEqualityComparer.Instance);
    LogMarks? _marks;
    readonly long[] _awaySince = Enumerable.Repeat(-1L, world.Databases.Length).ToArray();
    readonly long[] _backSince = new long[world.Databases.Length];
    readonly long[] _stillAway = new long[world.Databases.Length];
    readonly long[] _hearsSince = Enumerable.Repeat(-1L, world.Databases.Length).ToArray();

    public string? Violation { get; private set; }
    public bool ClientsRest;
    public long LastAcknowledgedAt { get; private set; }

    public void Violated(string invariant, string sentence)
    {
        if (Violation is not null) return;
        Violation = $"{invariant}: {sentence}";
        world.Story?.Add($"VIOLATED {Violation}");
    }

    // ---- writes

    public int Begin()
    {
        _writes.Add(default);
        return _writes.Count - 1;
    }

    public void Ended(int write, WriteReply reply, Transaction? transaction)
    {
        _writes[write] = (reply, transaction, world.Clock.Instant);
        if (reply == WriteReply.Committed)
        {
            world.Tally.Acknowledged++;
            LastAcknowledgedAt = world.Clock.Now;
        }
        else world.Tally.Unknown++;
    }

    /// <summary>I11: one epoch, one server.</summary>
    public void Routed(Epoch epoch, Database server)
    {
        if (!_writerOf.TryAdd(epoch.Number, server) && _writerOf[epoch.Number] != server)
            Violated("I11", $"writes of epoch {epoch} went to {_writerOf[epoch.Number].Id} and to {server.Id}");
    }

    // ---- the controller's decisions

    /// <summary>Called every few milliseconds: how long each server has really been out of the controller's reach.</summary>
    public void Look()
    {
        foreach (var server in world.Databases)
        {
            var i = server.Index;
            var away = !server.Serves || !world.Network.OpenBothWays(i, world.ControllerNode);
            if (away)
            {
                if (_awaySince[i] < 0) _awaySince[i] = world.Clock.Now;
                // Back for less than a few probes is not back: what flickers is not a glitch.
                if (_backSince[i] >= 0 && world.Clock.Now - _backSince[i] < 800 * Clockwork.Millisecond && _stillAway[i] >= 0) _awaySince[i] = Math.Min(_awaySince[i], _stillAway[i]);
                _backSince[i] = -1;
            }
            else
            {
                if (_backSince[i] < 0)
                {
                    _backSince[i] = world.Clock.Now;
                    _stillAway[i] = _awaySince[i];
                }
                _awaySince[i] = -1;
            }
            var hears = !away && server.Link is { Hears: true };
            _hearsSince[i] = !hears ? -1 : _hearsSince[i] < 0 ? world.Clock.Now : _hearsSince[i];
        }
    }

    /// <param name="marks">What the controller knew of the primary's log before it decided.</param>
    public void Decided(ControlRecord before, LogMarks? marks, ControlRecord after, Decision decision)
    {
        foreach (var effect in decision.Effects)
            if (effect.Reason.Length == 0) Violated("I9", $"{effect.Kind} on {effect.Server} has no reason");
        if (after.Change is { } change && before.Change?.Step != change.Step && change.Proof.Any(static sentence => sentence.Length == 0) || after.Change is { Proof.Length: 0 })
            Violated("I9", $"{after.Change.Step} of the {after.Change.Kind} from {after.Change.From} has no proof");
        if (before.Change is null && after.Change is { Kind: ChangeKind.Failover } begun && world.Find(begun.From) is { } lost)
        {
            Look();
            var since = _awaySince[lost.Index] >= 0 ? _awaySince[lost.Index] : -1;
            if (since < 0 && _backSince[lost.Index] > world.Clock.Now - 800 * Clockwork.Millisecond) since = _stillAway[lost.Index];
            foreach (var server in world.Databases)
                if (server.Link?.Source == lost && _hearsSince[server.Index] >= 0 && world.Clock.Now - _hearsSince[server.Index] > 2 * Clockwork.Second)
                    Violated("I8", $"{lost.Id} is being replaced, and {server.Id}, in reach, has heard it all the time");
            if (since < 0) Violated("I8", $"{lost.Id} is being replaced and was never away");
            // a look is late by up to 20 ms, an answer by its way
            else if (world.Clock.Now - since < Clockwork.Second - 50 * Clockwork.Millisecond) Violated("I8", $"{lost.Id} is being replaced after {(world.Clock.Now - since) / 1000} ms");
        }
        // One controller may elect and die, and another, which was not there, carry on with whom the first has chosen.
        if (marks?.Epoch == before.Epoch) _marks = marks;
        if (after.Primary == before.Primary || before.Primary is null) return;
        if (world.Policy.Promise == LossPromise.Bounded && after.Change is { Kind: ChangeKind.Failover }) LosesNoMoreThanAllowed(before, world.Find(after.Primary!.Value)!, _marks!);
        Appointed(before, after);
    }

    /// <summary>
    /// I1 where a bound is promised: what the appointed one lacks was acknowledged within it, or later. What a primary of before had acknowledged when it was replaced already, out of
    /// our sight, its successor never had: that is not lost by this appointment, but was by that one, later than it.
    /// </summary>
    void LosesNoMoreThanAllowed(ControlRecord before, Database appointed, LogMarks marks)
    {
        var replaced = world.Find(before.Primary!.Value)!;
        foreach (var (reply, transaction, at) in _writes)
            if (reply == WriteReply.Committed && transaction is not null && !appointed.Shows(transaction) && (transaction.RoutedIn == before.Epoch || replaced.Shows(transaction))
                && _lost.Add(transaction) && marks.AnsweredUntil - at > world.Policy.LossBound)
                Violated("I1", $"{transaction.Gtid} was acknowledged {(marks.AnsweredUntil - at).TotalMilliseconds:0} ms before the primary last answered, and {appointed.Id}, which lacks it, is appointed");
    }

    /// <summary>I3: nobody in reach has received what the appointed one has not.</summary>
    void Appointed(ControlRecord before, ControlRecord after)
    {
        if (world.Find(after.Primary) is not { } chosen) return;
        if (after.Epoch.Number <= before.Epoch.Number) Violated("I2", $"{after.Primary} was appointed in epoch {after.Epoch}, after epoch {before.Epoch}");
        Look();
        foreach (var server in world.Databases)
        {
            if (server == chosen || server.Id == before.Primary || !server.Serves) continue;
            if (_awaySince[server.Index] >= 0 || world.Clock.Now - _backSince[server.Index] < 3 * Clockwork.Second) continue;
            // The tail of an earlier epoch is no more, it is something else.
            var held = server.Link?.Held ?? server[server.Written - 1];
            if (held.RoutedIn == before.Epoch && !chosen.Has(held)) Violated("I3", $"{chosen.Id} was appointed at {chosen.Last} while {server.Id}, in reach, holds {held.Gtid}");
        }
    }

    // ---- after the heal

    /// <summary>What is not yet as it should be; null when all is.</summary>
    public string? Unhealed(ControlRecord record)
    {
        if (record.Change is { } change) return $"a {change.Kind} is still at {change.Step}";
        if (world.Find(record.Primary) is not { } primary) return "nobody is the primary";
        if (primary.ReadOnly) return $"I7 {primary.Id}, the primary, is read_only";
        if (primary.Link is not null) return $"{primary.Id}, the primary, is a replica";
        if (world.SemiSync && !primary.Waits) return $"{primary.Id}, the primary, does not wait for acknowledgements";
        foreach (var server in world.Databases)
        {
            if (server == primary) continue;
            if (!server.ReadOnly) return $"I7 {server.Id} can be written to, and {primary.Id} is the primary";
            if (server.CommonWith(primary) < server.Written) return $"I4 {server.Id} has {server[server.CommonWith(primary)].Gtid}, which {primary.Id} has not";
            if (server.Link is not { } link) return $"{server.Id} follows nobody";
            if (link.Receiving != LinkState.Running || !link.Applying) return $"{server.Id} does not replicate: {link.Receiving}, {(link.Applying ? "applying" : "not applying")} {link.Error}";
            if (!LeadsTo(server, primary)) return $"{server.Id} follows {link.Source.Id}";
            if (world.SemiSync && (server.Waits || !server.Acknowledges)) return $"{server.Id} is a replica and {(server.Waits ? "waits for" : "gives no")} acknowledgements";
        }
        return null;
    }

    bool LeadsTo(Database server, Database primary)
    {
        for (var hops = 0; hops < world.Databases.Length && server.Link is { } link; hops++)
        {
            if (link.Source == primary) return true;
            server = link.Source;
        }
        return false;
    }

    public void SetAside(Database server, List<Transaction> tail)
    {
        world.Tally.Reconciled++;
        world.Tally.Rewound += tail.Count;
        foreach (var transaction in tail) _setAside.Add(transaction);
    }

    /// <summary>All is healed and at rest: no acknowledged write is absent, and the history is one of epochs that followed each other.</summary>
    public void AtTheEnd(Database primary)
    {
        foreach (var (reply, transaction, _) in _writes)
        {
            if (reply != WriteReply.Committed || transaction is null || primary.Shows(transaction)) continue;
            if (world.Policy.Promise == LossPromise.BestEffort) world.Tally.LostByPromise++;
            else if (world.Policy.Promise == LossPromise.Bounded) world.Tally.LostWithinBound++;
            else Violated("I1", $"{transaction.Gtid} (write {transaction.Write}, epoch {transaction.RoutedIn}) was acknowledged and is not on {primary.Id}, which stands at {primary.Last}{(_setAside.Contains(transaction) ? "; it was set aside" : "")}");
        }
        var seen = new HashSet<int>();
        var epoch = 0L;
        for (var i = 0; i < primary.Written; i++)
        {
            var transaction = primary[i];
            if (transaction.Write < 0) continue;
            if (!seen.Add(transaction.Write)) Violated("I2", $"write {transaction.Write} is there twice");
            if (transaction.RoutedIn.Number < epoch) Violated("I2", $"{transaction.Gtid}, of epoch {transaction.RoutedIn}, stands behind writes of epoch {epoch}");
            epoch = transaction.RoutedIn.Number;
            if (_setAside.Contains(transaction)) Violated("I5", $"{transaction.Gtid} was set aside and is there");
        }
        foreach (var server in world.Databases)
            if (server != primary && (server.Written != primary.Written || server.CommonWith(primary) != primary.Written))
                Violated("I4", $"{server.Id} stands at {server.Last} and {primary.Id} at {primary.Last}");
    }
}
