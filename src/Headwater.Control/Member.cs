using System.Collections.Immutable;
using Headwater.Core;
using Headwater.Core.Topology;

namespace Headwater.Control;

/// <summary>One watched server as the deciding loop keeps it. One owner.</summary>
sealed class Member(WatchedServer server, ServerState state, ServerWatch watch, bool found)
{
    public WatchedServer Server { get; } = server;
    public ServerWatch Watch { get; } = watch;

    /// <summary>Found through another server, not written in the configuration.</summary>
    public bool Found { get; } = found;
    public ServerState State { get; private set; } = state;
    public ServerFacts? Facts { get; private set; }
    public string? Failure { get; private set; }
    public Instant ConfirmedAt { get; private set; }

    /// <summary>Takes in what a look said. Returns why a new incarnation has begun, or null.</summary>
    public string? Take(Observation observation)
    {
        if (observation.Facts is not { } facts)
        {
            Failure = observation.Failure;
            return null;
        }
        var why = Facts is null ? null : Incarnations.WhyNew(Facts, observation);
        if (why is not null) State = new ServerState(Server.Id, State.Incarnation + 1);
        Facts = facts;
        Failure = null;
        ConfirmedAt = observation.AskedAt;
        return why;
    }

    public Sighting Sighting(TimeSpan? lag) => new(Server, State) { Facts = Facts, Failure = Failure, Lag = lag };
}
