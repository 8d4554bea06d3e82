using System.Collections.Immutable;
using Headwater.Core.Failover;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Recovery;

/// <summary>
/// What is remembered of servers while they are primaries, so that their tails can be labelled later: which commits clients were told of, and since
/// when commits have waited for a replica without a break. In memory only: of what was before this process, a tail is labelled unknown.
/// </summary>
public sealed record CommitWitness
{
    const int MostIncarnations = 4;

    sealed record Testimony(ImmutableList<ServerState> States, Position? WaitsSince);

    ImmutableDictionary<ServerId, Testimony> Servers { get; init; } = ImmutableDictionary<ServerId, Testimony>.Empty;

    /// <summary>One look at the cluster. Where a loss is accepted, a replica that nobody asks any more may have acknowledged what its primary waited for.</summary>
    public CommitWitness After(ClusterView view, ControlRecord record)
    {
        foreach (var server in view.Servers)
        {
            if (server.Id != record.Primary) continue;
            var known = Servers.GetValueOrDefault(server.Id) ?? new Testimony([], null);
            var isKnown = known.States.Contains(server.State);
            var states = isKnown ? known.States : known.States.Add(server.State);
            if (states.Count > MostIncarnations) states = states.RemoveAt(0);
            // A server that starts again starts with the settings of its file.
            var since = isKnown && !record.LossAccepted ? known.WaitsSince : null;
            if (Situation.Answers(server) && server.LastAnswer is { } told && !told.ReadOnly)
                since = told.SemiSync is { Waits: true, Waiting: true } ? since ?? Situation.AppliedBy(server) : null;
            var next = new Testimony(states, since);
            return next == known ? this : this with { Servers = Servers.SetItem(server.Id, next) };
        }
        return this;
    }

    /// <summary>The server's tail is undone: its numbers may come again and mean something else.</summary>
    public CommitWitness Without(ServerId server) => this with { Servers = Servers.Remove(server) };

    /// <param name="promise">At <see cref="LossPromise.Zero"/> nobody was promoted but with all that any replica had acknowledged; so what the promoted one lacks, none had.</param>
    public (TailLabel Label, string Reason) Label(ServerId server, in Gtid gtid, LossPromise promise)
    {
        if (Servers.GetValueOrDefault(server) is not { } known) return (TailLabel.Unknown, $"{server} was not seen as a primary by this process");
        var forgotten = false;
        foreach (var state in known.States)
        {
            var told = state.Told.Of(gtid);
            if (told == Told.Yes) return (TailLabel.Acknowledged, "a client was told that it is committed");
            forgotten |= told == Told.Forgotten;
        }
        if (promise == LossPromise.Zero && known.WaitsSince is { } since && since.SequenceOf(gtid.Domain) < gtid.Sequence)
            return (TailLabel.NeverAcknowledged, $"{server} waited for a replica's acknowledgement of each commit behind {since}, and no replica has it");
        return (TailLabel.Unknown, forgotten ? "it is older than what is remembered of commits" : "no client of this gateway was told of it: it was in flight, or came another way");
    }
}
