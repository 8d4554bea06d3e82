using Headwater.Core.Topology;

namespace Headwater.Http;

/// <summary>Whether sessions can be served, and why or why not in a sentence.</summary>
readonly record struct Readiness(bool Ready, string Sentence)
{
    public static Readiness Of(bool listening, ClusterView view)
    {
        if (!listening) return new(false, "the gateway is not listening (starting, or stopping and draining its sessions)");
        if (view.Primary is { } primary) return new(true, $"listening; the primary is {primary.Id}");
        var copies = view.Servers.Count(static server => server.Health == ServerHealth.Up && (server.Tags & (ServerTags.Backup | ServerTags.Delayed | ServerTags.Witness)) == 0);
        if (copies > 0) return new(true, $"listening; reads are served by {copies} {(copies == 1 ? "copy" : "copies")}, writes wait for a primary: {Why(view)}");
        return new(false, $"listening, but neither a primary nor a copy that may be read is known: {Why(view)}");
    }

    static string Why(ClusterView view)
    {
        var servers = string.Join("; ", view.Servers.Select(static server =>
            $"{server.Id} is {ClusterMetrics.Word(server.Health)}{(server.Reason.Length > 0 ? $" ({server.Reason})" : "")}"));
        return string.Join(": ", new[] { view.Reason, servers }.Where(static part => part.Length > 0)) is { Length: > 0 } why ? why : "no server was looked at yet";
    }
}
