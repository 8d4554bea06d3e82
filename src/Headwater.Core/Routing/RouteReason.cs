using System.Diagnostics;

namespace Headwater.Core.Routing;

public enum RouteReason : byte
{
    // served by a copy
    StaysOnReplica,
    LeastBusyCopy,
    OnlyCopy,
    WantedTag,
    WantedTagMissing,
    UnchangedSince,

    // served by nobody
    KeptResult,

    // served by the primary
    NeedsPrimary,
    Strong,
    NoReplica,
    CatchUpTooSlow,
    WaitedEnough,
    NoSampleInBound,
    StaysOnPrimary,
    AskedForPrimary,

    // waits
    WaitsForReplica,
    WaitsForSample,
    WaitsForPrimaryToShow,
    WaitsForHistory,
    WaitsForLog,

    // neither
    NoPrimary,
    LostBranch,
    ShownNowhere,
}

public static class RouteReasons
{
    /// <summary>The reason in one sentence, as log, EXPLAIN ROUTE and error messages show it.</summary>
    public static string Sentence(in Route route)
    {
        var server = route.Server?.Id.Name ?? "no server";
        var needed = route.Needed.IsEmpty ? "nothing in particular" : route.Needed.ToString();
        return route.Reason switch
        {
            RouteReason.StaysOnReplica => $"stays on {server}, where the session read last: it covers {needed} and is not much busier than others",
            RouteReason.LeastBusyCopy => $"{server} is the less busy of two copies that cover {needed}",
            RouteReason.OnlyCopy => $"{server} is the only copy that covers {needed}",
            RouteReason.WantedTag => $"{server} has the tag that is asked for and covers {needed}",
            RouteReason.WantedTagMissing => $"no server with the tag that is asked for can serve this; {server} covers {needed}",
            RouteReason.UnchangedSince => $"{server} stands before {needed}, and the log proves that what the statement reads has not changed in between",
            RouteReason.KeptResult => $"the log proves that a result that was kept is the one at {needed}",
            RouteReason.NeedsPrimary => $"not proven to be a plain read, so it runs on the primary, {server}",
            RouteReason.AskedForPrimary => $"a hint asks for the primary, {server}",
            RouteReason.Strong => $"level strong reads from the primary, {server}",
            RouteReason.NoReplica => $"no replica takes reads, so the primary, {server}, does",
            RouteReason.CatchUpTooSlow => $"no replica covers {needed} or is expected to within the wait that is allowed, so the primary, {server}, answers",
            RouteReason.WaitedEnough => $"no replica came to cover {needed} within the wait that is allowed, so the primary, {server}, answers",
            RouteReason.NoSampleInBound => $"no sample of the primary is recent enough to prove a copy fresh, so the primary, {server}, answers",
            RouteReason.StaysOnPrimary => $"stays on the primary, {server}, where the session read last: no sample since says what a copy would have to cover",
            RouteReason.WaitsForReplica => $"{server} is expected to cover {needed} within the wait that is allowed",
            RouteReason.WaitsForSample => $"waits for a sample of {server}, which will say what a copy has to cover after the session's last read",
            RouteReason.WaitsForPrimaryToShow => $"the session has seen {needed} on a replica and it is not yet proven visible on the primary, {server}",
            RouteReason.WaitsForHistory => $"{needed} of the session's token is not in the history that is known here; it may come from a primary that is not known here yet",
            RouteReason.WaitsForLog => $"what the statement reads has not changed since {server} stood where it stands, as far as the log is known; waits for the log to be known up to {needed}",
            RouteReason.NoPrimary => route.Needed.IsEmpty
                ? "no primary is known; waits for one"
                : $"no copy covers {needed} and no primary is known; waits for one",
            RouteReason.LostBranch => $"the session has written or seen {needed}, which is not in the history of the present primary: those transactions were lost with a former primary or belong to another cluster",
            RouteReason.ShownNowhere => $"the session has seen {needed}, and no server that can be reached shows it",
            _ => throw new UnreachableException(),
        };
    }
}
