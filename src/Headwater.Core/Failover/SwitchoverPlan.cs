using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

/// <summary>A switchover before it is made: what would be done, and what could go wrong.</summary>
public sealed record SwitchoverPlan(ServerId? To, IReadOnlyList<string> Lines)
{
    public static readonly SwitchoverPlan Empty = new(null, []);

    public static SwitchoverPlan Of(Change? change, ClusterView view, ControlPolicy policy)
    {
        if (change?.To is not { } to) return Empty;
        var from = view.Servers.First(server => server.Id == change.From);
        var target = view.Servers.First(server => server.Id == to);
        var lines = new List<string>
        {
            $"1. new writes wait at the gateways; {from.State.OpenStatements} statements and transactions are open on {from.Id} and get {policy.HandoverDrain.TotalMilliseconds:0} ms to end",
            $"2. {from.Id} becomes read_only",
            $"3. {to} applies what it lacks (now {(target.Lag is { } lag ? $"{lag.TotalMilliseconds:0} ms" : "an unknown time")} behind), within {policy.StepDeadline.TotalSeconds:0} s or all is undone",
            $"4. {to} is appointed the primary of epoch {view.Epoch.Number + 1}, becomes writable, and the writes that waited go to it",
        };
        var others = view.Servers.Where(server => server.Id != from.Id && server.Id != to).Select(static server => server.Id.Name).ToList();
        if (policy.IsRing) lines.Add($"5. {to} takes its place in the ring again; {from.Id} stays read_only, so whoever writes there waits until SET GLOBAL read_only = OFF");
        else lines.Add($"5. {string.Join(" and ", others.Prepend(from.Id.Name))} follow{(others.Count == 0 ? "s" : "")} {to}");
        if (from.State.OpenStatements > 0) lines.Add("could go wrong: transactions that do not end in time are refused");
        if (target.Lag is null || target.Lag > policy.StepDeadline) lines.Add($"could go wrong: {to} is too far behind; then it is undone after {policy.StepDeadline.TotalSeconds:0} s of waiting writes");
        return new SwitchoverPlan(to, lines);
    }
}
