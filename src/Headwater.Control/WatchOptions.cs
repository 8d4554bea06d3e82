using Headwater.Control.Failover;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.Control;

/// <summary>What to watch, as whom, and how often.</summary>
public sealed record WatchOptions
{
    public required string Cluster { get; init; }
    public required IReadOnlyList<WatchedServer> Servers { get; init; }

    /// <summary>Needs BINLOG MONITOR and REPLICA MONITOR, SELECT on mysql.* for the accounts; REPLICATION MASTER ADMIN to find replicas that register.</summary>
    public required ServerLogin Monitor { get; init; }

    /// <summary>How often a position is sampled while it moves or somebody waits.</summary>
    public TimeSpan SampleEvery { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How often it is sampled while nothing happens.</summary>
    public TimeSpan SampleIdleEvery { get; init; } = TimeSpan.FromMilliseconds(400);
    public TimeSpan ProbeEvery { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>A server that has not answered for this long is down; one that refuses connections is down at once.</summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>A replica further behind gets no new statements. Null: the level of each read alone decides.</summary>
    public TimeSpan? MaxLag { get; init; }

    /// <summary>See <see cref="DiscoveryOptions.IsRing"/>.</summary>
    public bool? IsRing { get; init; }

    /// <summary>The gateway's own zone.</summary>
    public string Zone { get; init; } = "";
    public TimeSpan AccountsEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the server is asked whether its catalogue may have changed; it is read only then, and once in a long while.</summary>
    public TimeSpan CatalogueEvery { get; init; } = TimeSpan.FromSeconds(1);
    public TimeSpan CatalogueAtLeastEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Null: nobody controls here; the primary is whoever is found to be it. Whether there is a controller does not change while running.</summary>
    public ControlOptions? Control { get; init; }

    /// <summary>Whether servers that members replicate from, or that register as replicas, are watched too.</summary>
    public bool JoinFound { get; init; } = true;
}
