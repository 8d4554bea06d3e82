using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Core.Rebuild;
using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

/// <summary>Who becomes the primary. Pure, and by what servers have received, never by what they happen to have applied so far.</summary>
static class Election
{
    /// <param name="Winner">Null: nobody can be, and <paramref name="Reason"/> says why.</param>
    /// <param name="Goal">All that any server in the race holds; the winner must apply it before it is promoted.</param>
    public sealed record Result(ServerView? Winner, Position Goal, string Reason);

    /// <param name="planned">The primary answers and hands over: what it has is waited for, so nothing acknowledged can be on others alone.</param>
    public static Result Hold(Situation s, ServerId from, bool planned = false)
    {
        var others = Comparable(s, from).ToList();
        var race = others.Where(server => (server.LastAnswer!.ReadOnly || s.Policy.IsRing) && !s.IsInMaintenance(server.Id)).ToList();
        if (race.Count == 0) return new Result(null, Position.Empty, "no other server answers that could take over");
        if (s.Promise == LossPromise.Zero && !planned)
        {
            var missing = s.Record.Acknowledgers.Where(id => id != from && s.Answering.All(server => server.Id != id)).ToList();
            if (missing.Count > 0)
                return new Result(null, Position.Empty,
                    $"{Names(missing)} may hold a write that was acknowledged and that no other server has, and {(missing.Count == 1 ? "does" : "do")} not answer; promoting anybody else now could lose it (rpo: zero)");
            // A server starts without acknowledging, and is told to when it has caught up: so one that may have acknowledged and does not say so has
            // started since, without the relay log that it had. A witness has no relay log to lose.
            var restarted = s.Record.Acknowledgers.Where(id => id != from && s.Find(id) is { IsWitness: false, LastAnswer.SemiSync.Acknowledges: false }).ToList();
            if (restarted.Count > 0)
                return new Result(null, Position.Empty,
                    $"{Names(restarted)} may have held a write that was acknowledged and that no other server has, and started anew, which throws away what is not applied; promoting anybody now could lose it (rpo: zero)");
        }
        var goal = others.Aggregate(Position.Empty, static (all, server) => all.Merge(Situation.HeldBy(server)));
        goal = s.Contested(goal);
        if (s.Promise == LossPromise.Zero && !planned && !goal.Covers(s.Record.AppointedAt))
            return new Result(null, goal, $"no server that answers has all that {from} had when it was appointed ({s.Record.AppointedAt}); promoting anybody now would lose it (rpo: zero)");
        if (s.Promise == LossPromise.Bounded && !planned)
        {
            if (s.State.Marks is not { } marks || marks.Epoch != s.Record.Epoch)
                return new Result(null, goal, $"this controller was not there when {from} last answered, and so cannot tell who has what; promoting anybody now could lose more than allowed (rpo: {s.Policy.Rpo})");
            var (askedAt, owed) = marks.Owed(s.Policy.LossBound);
            if (!goal.Covers(in owed))
                return new Result(null, goal, $"no server that answers has {owed}, which {from} had logged {(marks.AnsweredUntil - askedAt).TotalSeconds:0.#} s before it last answered; promoting anybody now could lose more than allowed (rpo: {s.Policy.Rpo})");
        }
        var able = race.Where(server => Unfit(s, server) is null).ToList();
        if (able.Count == 0)
            return new Result(null, goal, "no server may be promoted: " + string.Join("; ", race.Select(server => $"{server.Id} {Unfit(s, server)}")));

        // Received position first: who has most needs least, and what nobody else has is on it.
        var best = able
            .OrderBy(server => Situation.HeldBy(server).Behind(in goal))
            .ThenBy(server => s.Policy.RuleOf(server.Id) == PromotionRule.Prefer ? 0 : 1)
            .ThenBy(server => server.Zone == s.Policy.Zone ? 0 : 1)
            .ThenBy(server => Situation.AppliedBy(server).Behind(in goal))
            .ThenBy(server => server.Id.Name, StringComparer.Ordinal)
            .First();
        var behind = Situation.HeldBy(best).Behind(in goal);
        var rest = able.Count == 1 ? "it is the only one that may be promoted" : $"of {able.Count} that may be promoted none has received more";
        return new Result(best, goal, behind == 0
            ? $"{best.Id} has received everything that any server has ({Or(goal)}); {rest}"
            : $"{best.Id} is promoted after it has received {behind} more transactions from the others, up to {goal}; {rest}");
    }

    /// <summary>Whoever answers and holds nothing but this epoch's history: what any of them has received, the winner must have.</summary>
    public static IEnumerable<ServerView> Comparable(Situation s, ServerId from) => s.Answering.Where(server => server.Id != from && s.Astray(server) is null);

    /// <summary>Why it can never be the primary, whatever it has; null when it can.</summary>
    public static string? Unfit(Situation s, ServerView server)
    {
        if (s.Policy.RuleOf(server.Id) == PromotionRule.Never) return "is never to be promoted";
        if (server.IsWitness) return "is a witness: it has the log and no data";
        if ((server.Tags & ServerTags.Backup) != 0) return "is a backup server";
        if ((server.Tags & ServerTags.Delayed) != 0) return "is behind on purpose";
        if (s.IsInMaintenance(server.Id)) return "is in maintenance";
        if (server.LastAnswer is { } marked && RebuildMark.IsOn(marked.SlavePosition)) return "holds a part of a copy only";
        if (server.LastAnswer is not { LogsReplicated: true }) return "does not log what it replicates (log_slave_updates is off)";
        var broken = server.LastAnswer!.Links.FirstOrDefault(static link => !link.Applying && link.Broken.Length > 0);
        return broken is null ? null : $"cannot apply what it has received: {broken.Broken}";
    }

    public static string Names(IEnumerable<ServerId> ids) => string.Join(" and ", ids.Select(static id => id.Name));

    static string Or(Position position) => position.IsEmpty ? "nothing" : position.ToString();
}
