using Headwater.Core.Caching;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Routing;

public enum CachedRouteKind : byte
{
    /// <summary>A result that is valid at the extent may be served.</summary>
    Serve,

    /// <summary>It may once the log is known up to <see cref="CachedRoute.Needed"/>.</summary>
    WaitForLog,

    /// <summary>What would have to be covered is not known until a server is looked at again.</summary>
    WaitForSample,

    /// <summary>No result that was kept may answer.</summary>
    No,
}

/// <summary>
/// Whether a kept result may answer a session's read: the levels ask of it what they ask of any copy (docs/decisions/0001), and its position is how far the
/// log is known.
/// </summary>
public readonly record struct CachedRoute(CachedRouteKind Kind, Position Needed)
{
    public static CachedRoute Of(ClusterView view, ref SessionPosition session, in Level level, in Position extent, Instant now)
    {
        var kind = level.Kind;
        Position needed;
        switch (kind)
        {
            // Only the primary knows what it shows now.
            case LevelKind.Strong: return new(CachedRouteKind.No, Position.Empty);
            case LevelKind.Eventual: return new(CachedRouteKind.Serve, Position.Empty);
            case LevelKind.Bounded:
                if (view.BoundOf(now - level.Bound) is not { } sample) return new(CachedRouteKind.No, Position.Empty);
                needed = sample.Logged;
                break;
            default:
                if (session.JudgedIn != view.Epoch && !Router.Judge(view, ref session, out _)) return new(CachedRouteKind.No, Position.Empty);
                if (session.Last is not null && !session.TryBound(view)) return new(CachedRouteKind.WaitForSample, Position.Empty);
                needed = session.Asked(kind);
                if (session.Last is not null) needed = needed.Merge(session.LastBound);
                break;
        }
        return new(extent.Covers(in needed) ? CachedRouteKind.Serve : CachedRouteKind.WaitForLog, needed);
    }

    /// <summary>Whether what another session has just read, at no position that is known, will do for this one: where the server was known before to show all that this one needs.</summary>
    public static bool MayTakeOver(ClusterView view, ref SessionPosition session, in Level level, ReadMoment landed, Instant now) =>
        landed.Epoch == view.Epoch && Of(view, ref session, in level, landed.From, now).Kind == CachedRouteKind.Serve;
}
