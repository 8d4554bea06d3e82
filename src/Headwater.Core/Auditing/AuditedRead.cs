using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Core.Topology;

namespace Headwater.Core.Auditing;

/// <summary>A read that a copy has answered, and the position that its answer stood for.</summary>
public sealed record AuditedRead
{
    /// <summary>Lower case, literals as <c>?</c>: what people are shown of it.</summary>
    public required string Digest { get; init; }

    /// <summary>Who gave the answer.</summary>
    public required string Server { get; init; }

    /// <summary>Why that one was asked.</summary>
    public required RouteReason Reason { get; init; }
    public required Level Level { get; init; }

    /// <summary>In which it was routed.</summary>
    public required Epoch Epoch { get; init; }

    /// <summary>The answer was said to be that of a copy which covers this.</summary>
    public required Position Claim { get; init; }

    /// <summary>32 hexadecimal digits.</summary>
    public required string TraceId { get; init; }

    /// <summary>What the answer depends on; never everything.</summary>
    public required Footprint Reads { get; init; }

    /// <summary>The value of <see cref="Footprint.Key"/>, where it has one and the statement names it.</summary>
    public long? Key { get; init; }

    /// <summary>What the tables were when <see cref="Reads"/> was worked out.</summary>
    public required DataDictionary Dictionary { get; init; }
}
