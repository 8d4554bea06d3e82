using Headwater.Control.Lease;
using Headwater.Control.Rebuild;
using Headwater.Control.Recovery;
using Headwater.Core.Failover;
using Headwater.Servers;

namespace Headwater.Control.Failover;

/// <summary>How a controller works, beside what it decides by.</summary>
public sealed record ControlOptions
{
    public required ControlPolicy Policy { get; init; }

    /// <summary>The folder of the journal, and of the lock by which one process at a time uses it.</summary>
    public required string Directory { get; init; }

    /// <summary>Null: the journal is the right to act. Else any number of processes share a lease, each with a journal of its own, and only the holder acts.</summary>
    public EtcdOptions? Etcd { get; init; }

    /// <summary>The account by which a server follows another. Null: a replica keeps the one it has, and a former primary cannot be made to follow.</summary>
    public ServerLogin? Replication { get; init; }

    /// <summary>Null: what a former primary has beyond its successor is told of and left where it is.</summary>
    public RecoveryOptions? Recovery { get; init; }

    /// <summary>Null: nobody is rebuilt.</summary>
    public RebuildOptions? Rebuild { get; init; }

    /// <summary>How long one effect may take before its server is looked at again and the effect is asked for anew.</summary>
    public TimeSpan EffectDeadline { get; init; } = TimeSpan.FromSeconds(2);
}
