using Headwater.Core;
using Headwater.Core.Topology;
namespace Headwater.Control;

/// <summary>All that is known of one server when the view is decided.</summary>
internal sealed record Sighting(WatchedServer Server, ServerState State)
{
    /// <summary>What it said last, however long ago.</summary>
    public ServerFacts? Facts { get; init; }

    /// <summary>Why it is taken for dead, a half sentence; null while it answers.</summary>
    public string? Failure { get; init; }
    public TimeSpan? Lag { get; init; }

    public bool Answers => Failure is null && Facts is not null;
    public bool Writable => Answers && !Facts!.ReadOnly;
}
