using Headwater.Core.Rebuild;
using Headwater.Servers;

namespace Headwater.Control.Rebuild;

/// <summary>How replicas are rebuilt.</summary>
public sealed record RebuildOptions
{
    public RebuildMode Mode { get; init; }

    /// <summary>On both servers; needs ALL PRIVILEGES ON *.* WITH GRANT OPTION, for it makes whatever there is, accounts with their rights included.</summary>
    public required ServerLogin Login { get; init; }
}
