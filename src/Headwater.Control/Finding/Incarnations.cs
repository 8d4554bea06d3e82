using Headwater.Core;
using Headwater.Core.Topology;
namespace Headwater.Control;

/// <summary>Whether a server that answers is the one that answered before, with everything it had then.</summary>
internal static class Incarnations
{
    // Uptime is told in whole seconds, and asking takes time.
    static readonly TimeSpan UptimeTolerance = TimeSpan.FromSeconds(1.5);

    /// <summary>Why <paramref name="now"/> is a new incarnation, or null when it is the same.</summary>
    public static string? WhyNew(ServerFacts before, Observation now)
    {
        var facts = now.Facts!;
        if (facts.Number != before.Number) return $"another server answers there (server_id {facts.Number}, was {before.Number})";
        if (facts.ConnectionId < before.ConnectionId || facts.StartedAt > before.StartedAt + UptimeTolerance) return "it was restarted";
        if (now.Rewound || !facts.Logged.Covers(before.Logged) || !facts.Applied.Covers(before.Applied)) return "its position went backwards";
        return null;
    }
}
