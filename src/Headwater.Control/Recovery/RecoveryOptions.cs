using Headwater.Core.Recovery;
using Headwater.Servers;

namespace Headwater.Control.Recovery;

/// <summary>How tails are dealt with.</summary>
public sealed record RecoveryOptions
{
    public RecoverMode Mode { get; init; }

    /// <summary>
    /// Needs, beside what the controller needs: on the primary SELECT, INSERT, UPDATE, DELETE, CREATE; on the server that has the tail the same, DROP,
    /// REPLICATION SLAVE, REPLICATION SLAVE ADMIN, BINLOG ADMIN, RELOAD and READ_ONLY ADMIN.
    /// </summary>
    public required ServerLogin Login { get; init; }

    /// <summary>Where tails are saved.</summary>
    public required string Directory { get; init; }
}
