using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Auditing;

/// <summary>What a copy's answer stands for.</summary>
public static class AuditClaim
{
    /// <summary>
    /// All that the copy was known to show, and all that the read's level promised whether the copy was known to show it or not: a route that was wrong is found by nothing less.
    /// </summary>
    /// <param name="shown">What the copy showed for certain before it was asked.</param>
    /// <param name="promised">What its route says that it covers: <see cref="Routing.Route.Needed"/>.</param>
    public static Position Of(ClusterView view, in SessionPosition session, LevelKind level, in Position shown, in Position promised)
    {
        var claim = shown.Merge(in promised);
        // What was not judged in this epoch may be of a lost branch.
        return level is LevelKind.Session or LevelKind.Monotonic or LevelKind.Prefix && session.JudgedIn == view.Epoch ? claim.Merge(session.Asked(level)) : claim;
    }
}
