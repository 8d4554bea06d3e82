using System.Collections.Immutable;
using System.Numerics;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Routing;

/// <summary>
/// Where a statement goes. Pure: the same view, session, load, chance and instant give the same route.
/// The rules and their proofs: docs/decisions/0001-what-a-read-may-see.md. ForRead runs for every read: it allocates nothing
/// in a cluster with one domain, and looks at samples only when the session cannot stay where it is.
/// </summary>
public static class Router
{
    /// <summary>Servers beyond this many get no reads: candidates are kept in the bits of one word.</summary>
    public const int MaxServers = 64;

    public static Route ForWrite(ClusterView view) => ForWrite(view, RoutingPolicy.Default, Instant.Zero);

    /// <param name="arrivedAt">When the statement came: deadlines count from there.</param>
    public static Route ForWrite(ClusterView view, RoutingPolicy policy, Instant arrivedAt) => view.Primary is { } primary
        ? new Route { Kind = RouteKind.Server, Reason = RouteReason.NeedsPrimary, Server = primary, ServerIndex = IndexOf(view, primary.State) }
        : Hold(Position.Empty, policy, arrivedAt);

    /// <summary>
    /// For what must run on the primary and also reads: it may have to wait until the primary is proven to show what the session saw on a replica.
    /// </summary>
    public static Route ForPrimary(ClusterView view, ref SessionPosition session, in Level level, RoutingPolicy policy, Instant now, Instant arrivedAt = default)
    {
        if (arrivedAt == Instant.Zero) arrivedAt = now;
        if (session.JudgedIn != view.Epoch && Unsettled(view, ref session, level.Kind, policy, now, arrivedAt, out var unsettled)) return unsettled;
        return OnPrimary(view, ref session, level.Kind, RouteReason.NeedsPrimary, Position.Empty, policy, now, arrivedAt);
    }

    /// <param name="arrivedAt">When the read came, for asking again after a Wait or Hold: deadlines count from there. Zero: now.</param>
    public static Route ForRead(
        ClusterView view, ref SessionPosition session, in Level level, RoutingPolicy policy,
        ReadOnlySpan<ServerLoad> load, ulong chance, Instant now, Instant arrivedAt = default) =>
        ForRead(view, ref session, in level, policy, load, chance, now, arrivedAt, ReadScope.None);

    /// <param name="scope">What the read touches: a copy below the floor may answer where the log proves that nothing of it has changed in between.</param>
    public static Route ForRead(
        ClusterView view, ref SessionPosition session, in Level level, RoutingPolicy policy,
        ReadOnlySpan<ServerLoad> load, ulong chance, Instant now, Instant arrivedAt, in ReadScope scope)
    {
        if (arrivedAt == Instant.Zero) arrivedAt = now;
        var kind = level.Kind;
        if (session.JudgedIn != view.Epoch && Unsettled(view, ref session, kind, policy, now, arrivedAt, out var unsettled)) return unsettled;
        if (kind == LevelKind.Strong) return OnPrimary(view, ref session, kind, RouteReason.Strong, Position.Empty, policy, now, arrivedAt);

        Candidates(view.Servers, policy, kind, out var wanted, out var ordinary);
        if ((wanted | ordinary) == 0) return OnPrimary(view, ref session, kind, RouteReason.NoReplica, Position.Empty, policy, now, arrivedAt);

        var asksSession = kind is LevelKind.Session or LevelKind.Monotonic or LevelKind.Prefix;
        Position needed;
        if (asksSession)
        {
            needed = session.Asked(kind);
            if (TryStay(view, ref session, in needed, wanted != 0 ? wanted : ordinary, policy, load, chance, in scope, out var stay)) return stay;
            if (session.Last is not null)
            {
                if (!session.TryBound(view)) return Unbounded(view, ref session, kind, in needed, policy, now, arrivedAt);
                // TryBound may have raised what the session has seen, not only bounded its last read.
                needed = session.Asked(kind).Merge(session.LastBound);
            }
        }
        else if (kind == LevelKind.Bounded)
        {
            if (view.BoundOf(now - level.Bound) is not { } sample)
                return OnPrimary(view, ref session, kind, RouteReason.NoSampleInBound, Position.Empty, policy, now, arrivedAt);
            needed = sample.Logged;
        }
        else needed = Position.Empty;

        if (wanted != 0 && TryCopy(view, in needed, wanted, RouteReason.WantedTag, policy, load, chance, now, arrivedAt, in scope, out var route)) return route;
        if (ordinary != 0 && TryCopy(view, in needed, ordinary, policy.Wanted == ServerTags.None ? RouteReason.LeastBusyCopy : RouteReason.WantedTagMissing, policy, load, chance, now, arrivedAt, in scope, out route)) return route;
        if (asksSession) session.OnPrimarySince = now;
        return OnPrimary(view, ref session, kind, now == arrivedAt ? RouteReason.CatchUpTooSlow : RouteReason.WaitedEnough, in needed, policy, now, arrivedAt);
    }

    /// <summary>The same decision with what it was made from, for <c>EXPLAIN ROUTE</c>; the session is not changed.</summary>
    public static RouteExplanation Explain(
        ClusterView view, in SessionPosition session, in Level level, RoutingPolicy policy,
        ReadOnlySpan<ServerLoad> load, ulong chance, Instant now, in ReadScope scope = default) =>
        RouteExplanation.Of(view, session, in level, policy, load, chance, now, in scope);

    static void Candidates(ImmutableArray<ServerView> servers, RoutingPolicy policy, LevelKind kind, out ulong wanted, out ulong ordinary)
    {
        wanted = 0;
        ordinary = 0;
        var count = Math.Min(servers.Length, MaxServers);
        for (var i = 0; i < count; i++)
        {
            var server = servers[i];
            if (server.Role != ServerRole.Replica || server.Health != ServerHealth.Up || !(server.Weight > 0)) continue;
            if (policy.MaxLag is { } most && !(server.Lag <= most)) continue;
            var tags = server.Tags;
            if (tags == ServerTags.None) ordinary |= 1UL << i;
            else if ((tags & ServerTags.Backup) == 0
                && (tags & policy.Wanted) != 0
                && ((tags & ServerTags.Delayed) == 0 || ((policy.Wanted & ServerTags.Delayed) != 0 && kind == LevelKind.Eventual)))
                wanted |= 1UL << i;
        }
    }

    /// <summary>Staying where the last read ran is monotonic whatever that server has shown since, so only what is known besides must be covered.</summary>
    static bool TryStay(
        ClusterView view, ref SessionPosition session, in Position needed, ulong candidates,
        RoutingPolicy policy, ReadOnlySpan<ServerLoad> load, ulong chance, in ReadScope scope, out Route route)
    {
        route = default;
        var last = session.Last;
        if (last is null) return false;
        var servers = view.Servers;
        var index = -1;
        for (var left = candidates; left != 0; left &= left - 1)
        {
            var i = BitOperations.TrailingZeroCount(left);
            if (!ReferenceEquals(servers[i].State, last)) continue;
            index = i;
            break;
        }
        if (index < 0 || session.HasLeftUnbounded) return false;
        if (!last.Shows(in needed))
        {
            if (scope.IsNone || scope.Take(view) is not { IsKnown: true } unchanged || !unchanged.Reaches(in needed) || !unchanged.On(last)) return false;
            route = new Route { Kind = RouteKind.Server, Reason = RouteReason.UnchangedSince, Server = servers[index], ServerIndex = index, Needed = needed };
            return true;
        }
        var others = candidates & ~(1UL << index);
        if (others != 0)
        {
            var other = Choice.Weighted(servers, others, chance);
            // Moving for load's sake must be possible at once; nobody waits for it.
            if (Choice.WorthMoving(servers, load, index, other, policy.Zone) && session.TryBound(view)
                && servers[other].State.Shows(in needed) && servers[other].State.Shows(session.LastBound))
            {
                route = new Route { Kind = RouteKind.Server, Reason = RouteReason.LeastBusyCopy, Server = servers[other], ServerIndex = other, Needed = needed };
                return true;
            }
        }
        route = new Route { Kind = RouteKind.Server, Reason = RouteReason.StaysOnReplica, Server = servers[index], ServerIndex = index, Needed = needed };
        return true;
    }

    static bool TryCopy(
        ClusterView view, in Position needed, ulong candidates, RouteReason reason, RoutingPolicy policy,
        ReadOnlySpan<ServerLoad> load, ulong chance, Instant now, Instant arrivedAt, in ReadScope scope, out Route route)
    {
        var servers = view.Servers;
        ulong covering = 0;
        for (var left = candidates; left != 0; left &= left - 1)
        {
            var i = BitOperations.TrailingZeroCount(left);
            if (servers[i].State.Shows(in needed)) covering |= 1UL << i;
        }
        if (covering != 0)
        {
            var chosen = Choice.OfTwo(servers, load, covering, policy.Zone, chance);
            if (reason == RouteReason.LeastBusyCopy && BitOperations.PopCount(covering) == 1 && BitOperations.PopCount(candidates) > 1) reason = RouteReason.OnlyCopy;
            route = new Route { Kind = RouteKind.Server, Reason = reason, Server = servers[chosen], ServerIndex = chosen, Needed = needed };
            return true;
        }
        if (!scope.IsNone && TryUnchanged(view, in needed, candidates, policy, load, chance, now, arrivedAt, scope.Take(view), out route)) return true;
        route = default;
        if (now > arrivedAt && now - arrivedAt >= policy.ReadWait) return false;
        var best = -1;
        var soonest = policy.ReadWait;
        for (var left = candidates; left != 0; left &= left - 1)
        {
            var i = BitOperations.TrailingZeroCount(left);
            if (CatchUp.Predict(servers[i].State.Timeline, view.Reigning?.State.Timeline, in needed, now) is not { } predicted || predicted > soonest) continue;
            best = i;
            soonest = predicted;
        }
        if (best < 0) return false;
        route = new Route
        {
            Kind = RouteKind.Wait,
            Reason = RouteReason.WaitsForReplica,
            Server = servers[best],
            ServerIndex = best,
            Needed = needed,
            Until = arrivedAt + policy.ReadWait,
        };
        return true;
    }

    /// <summary>
    /// No copy covers what is needed, and one that the log proves to answer as if it did is as good. When the log is not known so far yet, it will be in moments:
    /// this process follows it as replicas do, and need not apply it.
    /// </summary>
    static bool TryUnchanged(
        ClusterView view, in Position needed, ulong candidates, RoutingPolicy policy, ReadOnlySpan<ServerLoad> load, ulong chance,
        Instant now, Instant arrivedAt, in Unchanged unchanged, out Route route)
    {
        route = default;
        if (!unchanged.IsKnown) return false;
        var servers = view.Servers;
        ulong fresh = 0;
        for (var left = candidates; left != 0; left &= left - 1)
        {
            var i = BitOperations.TrailingZeroCount(left);
            if (unchanged.On(servers[i].State)) fresh |= 1UL << i;
        }
        if (fresh == 0) return false;
        var chosen = Choice.OfTwo(servers, load, fresh, policy.Zone, chance);
        if (unchanged.Reaches(in needed))
        {
            route = new Route { Kind = RouteKind.Server, Reason = RouteReason.UnchangedSince, Server = servers[chosen], ServerIndex = chosen, Needed = needed };
            return true;
        }
        var until = arrivedAt + (policy.ReadWait < policy.LogWait ? policy.ReadWait : policy.LogWait);
        if (now >= until) return false;
        route = new Route { Kind = RouteKind.Wait, Reason = RouteReason.WaitsForLog, Server = servers[chosen], ServerIndex = chosen, Needed = needed, Until = until };
        return true;
    }

    /// <summary>The session must leave the server it read from last (or may), and no sample since says what a copy would have to cover.</summary>
    static Route Unbounded(ClusterView view, ref SessionPosition session, LevelKind kind, in Position needed, RoutingPolicy policy, Instant now, Instant arrivedAt)
    {
        var primary = view.Primary;
        var waited = now - arrivedAt >= policy.ReadWait;
        if (primary is not null && ReferenceEquals(session.Proven, primary.State))
        {
            // A session that reads without pause would never find a sample since: now and then it asks for one.
            var stays = ReferenceEquals(session.Last, primary.State);
            if (waited || !stays || now - session.OnPrimarySince < policy.PrimaryStay)
            {
                if (waited) session.OnPrimarySince = now;
                return OnPrimary(view, ref session, kind, stays ? RouteReason.StaysOnPrimary : RouteReason.CatchUpTooSlow, in needed, policy, now, arrivedAt);
            }
        }
        else if (primary is null) return Hold(in needed, policy, arrivedAt);
        return waited
            ? OnPrimary(view, ref session, kind, RouteReason.WaitedEnough, in needed, policy, now, arrivedAt)
            : Wait(view, primary.State, RouteReason.WaitsForSample, Position.Empty, arrivedAt + policy.ReadWait);
    }

    /// <summary>
    /// The primary has logged all there is, but may show less than a replica: a replica can apply a transaction before the primary's engine
    /// has committed it (AFTER_SYNC waits in between). So the primary too must be proven to show what the session has seen elsewhere.
    /// </summary>
    static Route OnPrimary(
        ClusterView view, ref SessionPosition session, LevelKind kind, RouteReason reason, in Position needed,
        RoutingPolicy policy, Instant now, Instant arrivedAt)
    {
        if (view.Primary is not { } primary) return Hold(in needed, policy, arrivedAt);
        var state = primary.State;
        if (kind is LevelKind.Eventual or LevelKind.Bounded || ReferenceEquals(session.Proven, state) || Proves(view, ref session, state, out var missing))
            return new Route { Kind = RouteKind.Server, Reason = reason, Server = primary, ServerIndex = IndexOf(view, state), Needed = needed };
        // This wait is for safety, so the read's budget does not end it; the usual case is over with the next sample.
        var until = arrivedAt + policy.WriteHold;
        if (now >= until) return new Route { Kind = RouteKind.Refuse, Reason = RouteReason.ShownNowhere, Server = primary, ServerIndex = IndexOf(view, state), Needed = missing };
        return Wait(view, state, missing.IsEmpty ? RouteReason.WaitsForSample : RouteReason.WaitsForPrimaryToShow, in missing, until);
    }

    static bool Proves(ClusterView view, ref SessionPosition session, ServerState primary, out Position missing)
    {
        missing = Position.Empty;
        var stays = ReferenceEquals(session.Last, primary) && !session.HasLeftUnbounded;
        if (!stays && !session.TryBound(view)) return false;
        var needed = stays || session.Last is null ? session.Floor : session.Floor.Merge(session.LastBound);
        if (!primary.Shows(in needed))
        {
            missing = needed;
            return false;
        }
        session.ProvenOn(primary);
        return true;
    }

    /// <summary>
    /// After a change of primary, and after a token: does what the session knows stand in the present history? Positions are compared by
    /// number, and numbers of a lost branch are used again, so nothing is served (and no token given) before this is settled.
    /// </summary>
    public static bool Unsettled(ClusterView view, ref SessionPosition session, LevelKind kind, RoutingPolicy policy, Instant now, Instant arrivedAt, out Route route)
    {
        route = default;
        if (kind is LevelKind.Eventual or LevelKind.Bounded || Judge(view, ref session, out var foreign)) return false;
        // A token may come from a gateway that has seen a newer primary before this one has; what the session knows by itself may not.
        var lost = session.Lost is not null || now - arrivedAt >= policy.WriteHold;
        route = lost
            ? new Route { Kind = RouteKind.Refuse, Reason = RouteReason.LostBranch, ServerIndex = -1, Needed = new Position(foreign) }
            : view.Primary is { } primary ? Wait(view, primary.State, RouteReason.WaitsForHistory, new Position(foreign), arrivedAt + policy.WriteHold)
            : Hold(new Position(foreign), policy, arrivedAt);
        return true;
    }

    /// <summary>
    /// To be called for each session when the view's epoch has changed, so that none is judged by a later epoch only: a primary that lost
    /// transactions and reigns again may give their very numbers to others. True when all that the session knows stands in the history.
    /// </summary>
    public static bool Judge(ClusterView view, ref SessionPosition session, out Gtid foreign)
    {
        foreign = session.Lost ?? default;
        if (session.Lost is not null) return false;
        if (session.JudgedIn == view.Epoch) return true;
        if (view.Inherited is { } inherited) session.Narrow(inherited, view.Epoch);
        var floor = session.Floor;
        var isForeign = Lineage.IsForeign(view, in floor, out foreign);
        foreach (var hidden in session.Hidden)
            isForeign = isForeign || Lineage.IsForeign(view, new Position(hidden), out foreign);
        // A domain that the history does not name yet stays to be judged, as all of them do while no history is known.
        if (!isForeign && Lineage.KnowsDomains(view, in floor)) session.Judged(view.Epoch);
        else if (!isForeign) return true;
        else if (!session.HasRaised || Lineage.IsForeign(view, session.Written, out _) || Lineage.Judge(view, new Position(foreign), out _) == LineageVerdict.Lost) session.MarkLost(in foreign);
        return !isForeign;
    }

    static Route Hold(in Position needed, RoutingPolicy policy, Instant arrivedAt) =>
        new() { Kind = RouteKind.Hold, Reason = RouteReason.NoPrimary, ServerIndex = -1, Needed = needed, Until = arrivedAt + policy.WriteHold };

    static Route Wait(ClusterView view, ServerState state, RouteReason reason, in Position needed, Instant until)
    {
        var index = IndexOf(view, state);
        return new Route { Kind = RouteKind.Wait, Reason = reason, Server = index < 0 ? view.Primary : view.Servers[index], ServerIndex = index, Needed = needed, Until = until };
    }

    static int IndexOf(ClusterView view, ServerState state)
    {
        var servers = view.Servers;
        for (var i = 0; i < servers.Length; i++)
            if (ReferenceEquals(servers[i].State, state)) return i;
        return -1;
    }
}
