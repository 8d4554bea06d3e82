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

    /// <summary>Paused, the controller finishes what it has begun and begins nothing. To resume also forgives the failovers counted so far.</summary>
    public static (ControlState? Next, string Sentence) Pause(ControlState state, bool on)
    {
        var next = state with { Record = state.Record with { Paused = on } };
        if (!on) next = next with { Failovers = [], NotBefore = Instant.Zero };
        return (next, on ? "paused: nothing is begun until it is resumed; a primary that dies is not replaced" : "resumed: a primary that dies is replaced");
    }
}
