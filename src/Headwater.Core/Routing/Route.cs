using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Routing;

public enum RouteKind : byte
{
    /// <summary>Run it on <see cref="Route.Server"/>.</summary>
    Server,

    /// <summary>Demand <see cref="Route.Needed"/> of <see cref="Route.Server"/> (empty: any fresh sample) and ask again when it advances, or at <see cref="Route.Until"/>.</summary>
    Wait,

    /// <summary>No primary: ask again when the view changes or a server advances; at <see cref="Route.Until"/> it is an error.</summary>
    Hold,

    /// <summary>Tell the client the reason's sentence as an error.</summary>
    Refuse,
}

/// <summary>Where a statement goes, and why. <see cref="RouteReasons.Sentence(in Route)"/> puts it in words.</summary>
public readonly struct Route
{
    public RouteKind Kind { get; init; }
    public RouteReason Reason { get; init; }

    /// <summary>Index into the view's servers; -1 when there is no server.</summary>
    public int ServerIndex { get; init; }
    public ServerView? Server { get; init; }

    /// <summary>What the chosen server covers (or must come to cover).</summary>
    public Position Needed { get; init; }
    public Instant Until { get; init; }
}
