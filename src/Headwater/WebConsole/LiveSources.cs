using Headwater.Control.Failover;
using Headwater.Core.Alerting;
using Headwater.Core.Failover;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Http;

namespace Headwater.WebConsole;

/// <summary>What the live picture is made of; functions, so that a test or a measurement can stand in for a cluster.</summary>
sealed record LiveSources
{
    public required Func<ClusterView> View { get; init; }
    public required Func<Readiness> Readiness { get; init; }
    public required GatewayStatistics Statistics { get; init; }

    /// <summary>What the controller remembers and finds; null where there is none.</summary>
    public Func<(ControlRecord Record, IReadOnlyList<Finding> Findings, string? Lease)>? Control { get; init; }
    public Func<ControlPolicy>? Policy { get; init; }

    /// <summary>The settings audit, which asks every server; nothing is changed by it.</summary>
    public Func<CancellationToken, Task<AuditJson>>? Audit { get; init; }
    public Func<FeedJson>? Feed { get; init; }
    public Func<VerifyState?> Verify { get; init; } = static () => null;

    /// <summary>Null where the lab is off.</summary>
    public Func<LabState?> Lab { get; init; } = static () => null;

    /// <summary>What is amiss by the rules of alerts.</summary>
    public Func<IReadOnlyList<FiringAlert>> Alerts { get; init; } = static () => [];

    /// <summary>The process from which this one took over, as long as it has sessions.</summary>
    public Func<PredecessorJson?> Predecessor { get; init; } = static () => null;

    /// <summary>Grows with the controller's journal, and with what was amiss.</summary>
    public Func<long> Journal { get; init; } = static () => 0;

    /// <summary>How long ago a server was heard, by this process's clock.</summary>
    public required Func<ServerView, TimeSpan?> SilentFor { get; init; }
}
