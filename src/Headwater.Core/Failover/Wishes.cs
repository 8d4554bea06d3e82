using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

/// <summary>What an operator may ask of the controller besides a switchover: the state that follows, or null, and a sentence that says what or why not.</summary>
public static class Wishes
{
    /// <summary>A server in maintenance is left alone and never promoted. The primary may be put there too; then it is not replaced when it goes away.</summary>
    public static (ControlState? Next, string Sentence) Maintain(ControlState state, ClusterView view, ServerId id, bool on)
    {
        if (view.Servers.All(server => server.Id != id)) return (null, $"{id} is not known; known are {Election.Names(view.Servers.Select(static server => server.Id))}");
        var record = state.Record;
        if (record.InMaintenance.Contains(id) == on) return (state, on ? $"{id} is in maintenance already" : $"{id} is not in maintenance");
        record = record with { InMaintenance = on ? record.InMaintenance.Add(id) : record.InMaintenance.Remove(id) };
        return (state with { Record = record }, on
            ? $"{id} is in maintenance: nothing is done to it{(record.Primary == id ? ", and it is not replaced when it goes away" : ", and it is not promoted")}"
            : $"{id} is out of maintenance: it is kept in order again");
    }

    /// <summary>
    /// Lets a primary that does not answer be replaced although acknowledged writes may be lost: where whoever may hold the only copy is gone for good. It is replaced as ever,
    /// by who has received most; nothing is begun that would not have been otherwise, and what the lost ones bring back is recovered like any tail.
    /// </summary>
    public static (ControlState? Next, string Sentence) AcceptLoss(ControlState state, ClusterView view, ControlPolicy policy, Instant now)
    {
        var situation = new Situation(state, view, policy, 0, now);
        if (situation.Primary is not { } primary) return (null, "there is no appointed primary that could be replaced");
        if (Situation.Answers(primary)) return (null, $"{primary.Id} answers: nothing need be lost; headwater switchover hands over");
        if (state.Record.LossAccepted) return (state, $"it is accepted already that replacing {primary.Id} may lose acknowledged writes");
        var safe = Election.Hold(situation, primary.Id);
        if (safe.Winner is { } winner) return (null, $"nothing need be lost: {winner.Id} can take over, and does so by itself when {primary.Id} has been silent for long enough");
        var next = state with { Record = state.Record with { LossAccepted = true, Paused = false }, Failovers = [], NotBefore = Instant.Zero };
        var lossy = Election.Hold(new Situation(next, view, policy, 0, now), primary.Id);
        return lossy.Winner is { } loser ? (next, $"{loser.Id} takes over from {primary.Id}, and acknowledged writes may be lost by it: {safe.Reason}") : (null, $"it would not help: {lossy.Reason}");
    }

    /// <summary>Paused, the controller finishes what it has begun and begins nothing. To resume also forgives the failovers counted so far.</summary>
    public static (ControlState? Next, string Sentence) Pause(ControlState state, bool on)
    {
        var next = state with { Record = state.Record with { Paused = on } };
        if (!on) next = next with { Failovers = [], NotBefore = Instant.Zero };
        return (next, on ? "paused: nothing is begun until it is resumed; a primary that dies is not replaced" : "resumed: a primary that dies is replaced");
    }
}
