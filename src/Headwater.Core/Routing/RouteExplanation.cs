using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Routing;

/// <summary>One server in an explanation: where it stands and whether it could have answered.</summary>
public sealed record ServerExplanation(ServerId Server, ServerRole Role, Position Position, bool Covers, string Reason);

/// <summary>What <c>EXPLAIN ROUTE</c> shows: the same decision, with what it was made from.</summary>
public sealed record RouteExplanation(Level Level, Position Floor, Route Route, string Sentence, ImmutableArray<ServerExplanation> Servers)
{
    /// <summary>Decides as <see cref="Router.ForRead"/> does, on a copy of the session: nothing is changed by asking.</summary>
    public static RouteExplanation Of(
        ClusterView view, SessionPosition session, in Level level, RoutingPolicy policy,
        ReadOnlySpan<ServerLoad> load, ulong chance, Instant now, in ReadScope scope)
    {
        var route = Router.ForRead(view, ref session, in level, policy, load, chance, now, now, in scope);
        var unchanged = scope.IsNone ? default : scope.Take(view);
        session.TryToken(view, out var floor);
        var needed = level.Kind switch
        {
            LevelKind.Eventual => Position.Empty,
            LevelKind.Bounded => view.Primary?.State.Timeline.FirstAskedSince(now - level.Bound)?.Logged ?? Position.Empty,
            LevelKind.Strong => view.Primary?.State.Timeline.Latest?.Logged ?? Position.Empty,
            _ => floor,
        };
        var rows = ImmutableArray.CreateBuilder<ServerExplanation>(view.Servers.Length);
        foreach (var server in view.Servers) rows.Add(Row(server, session, level.Kind, policy, needed, view, now, unchanged));
        return new RouteExplanation(level, needed, route, RouteReasons.Sentence(in route), rows.MoveToImmutable());
    }

    static ServerExplanation Row(ServerView server, SessionPosition session, LevelKind kind, RoutingPolicy policy, Position needed, ClusterView view, Instant now, Unchanged unchanged)
    {
        var state = server.State;
        var covers = state.Shows(in needed);
        return new ServerExplanation(server.Id, server.Role, state.Timeline.Applied, covers, Why());

        string Why()
        {
            if (server.Health != ServerHealth.Up) return $"takes no new statements: {server.Reason}";
            if (server.Role == ServerRole.Primary) return "primary: answers when no copy may";
            if (server.Role != ServerRole.Replica) return $"role unknown: {server.Reason}";
            if (!(server.Weight > 0)) return "weight 0: takes no reads";
            if (server.IsWitness) return "witness: has the log and no data";
            if ((server.Tags & ServerTags.Backup) != 0) return "tagged backup: never serves";
            if ((server.Tags & ServerTags.Delayed) != 0 && kind != LevelKind.Eventual) return "tagged delayed: serves only level eventual, when asked for";
            if (server.Tags != ServerTags.None && (server.Tags & policy.Wanted) == 0) return "tagged: serves only when asked for";
            if (policy.MaxLag is { } most && !(server.Lag <= most)) return $"further behind than {most.TotalMilliseconds:0} ms";
            if (covers) return "covers the floor";
            if (ReferenceEquals(state, session.Last) && state.Shows(session.Asked(kind))) return "the session read here last: staying never goes back";
            if (unchanged.IsKnown && unchanged.On(state))
                return unchanged.Reaches(in needed)
                    ? $"{Short(state.Timeline.Applied.Behind(in needed))}, and the log up to {unchanged.Extent} proves that none of them changed what the statement reads ({unchanged.Reads})"
                    : $"nothing that the statement reads ({unchanged.Reads}) has changed since, but the log is known up to {unchanged.Extent} only";
            var behind = state.Timeline.Applied.Behind(in needed);
            return CatchUp.Predict(state.Timeline, view.Primary?.State.Timeline, in needed, now) is { } predicted
                ? $"{Short(behind)}, expected in {predicted.TotalMilliseconds:0.#} ms"
                : $"{Short(behind)}, and it is not moving";
        }

        static string Short(ulong transactions) => transactions == 1 ? "1 transaction short" : $"{transactions} transactions short";
    }
}
