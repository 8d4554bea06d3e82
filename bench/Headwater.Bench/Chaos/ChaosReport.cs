using Headwater.Bench.Report;

namespace Headwater.Bench.Chaos;

/// <summary>What was measured against what is promised.</summary>
static class ChaosReport
{
    public static (int Violations, bool AllReached) Print(TextWriter to, ChaosLoad load, List<ChaosRound> rounds, List<string> troubles)
    {
        troubles.AddRange(load.Sessions.SelectMany(static session => session.Violations));
        troubles.AddRange(load.Wanderers.SelectMany(static session => session.Violations));
        var table = new TextTable("fault", "rounds", "write stall p50 s", "p99 s", "most s", "healed after s");
        var bars = new Bars();
        foreach (var group in rounds.GroupBy(static round => round.Fault).OrderBy(static group => group.Key, StringComparer.Ordinal))
        {
            var stalls = group.SelectMany(round => load.Stalls(round.At, round.Until)).Order().ToArray();
            double At(double share) => Spread.Percentile(stalls, share);
            table.Row(group.Key, $"{group.Count()}", $"{At(0.5):0.00}", $"{At(0.99):0.00}", $"{At(1):0.00}", Spread.Of(group.Select(static round => round.HealedSeconds)).Text("0.0"));
            if (group.Key == "kill-primary") bars.Check(At(0.5) <= 1.5 && At(0.99) <= 3, "write outage after kill -9: p50 ≤ 1.5 s, p99 ≤ 3 s", $"{At(0.5):0.00} s, {At(0.99):0.00} s");
            if (group.Key is "stop-primary" or "partition" or "one-way") bars.Check(At(0.99) <= 6, $"write outage, {group.Key}: p99 ≤ 6 s", $"{At(0.99):0.00} s");
            if (group.Key == "switchover") bars.Check(At(0.99) <= 0.3, "write stall of a switchover: p99 ≤ 300 ms", $"{At(0.99) * 1000:0} ms");
        }
        if (rounds.Count > 0) table.Print(to);
        to.WriteLine();
        Close(to, bars, load, troubles);
        return (troubles.Count + load.IdleDropped + load.ReadErrors, bars.AllReached);
    }

    /// <summary>The errors met, the violations, and the bars that every run is held against.</summary>
    public static void Close(TextWriter to, Bars bars, ChaosLoad load, List<string> troubles)
    {
        var errors = load.Sessions.SelectMany(static session => session.Errors).Concat(load.Wanderers.SelectMany(static session => session.Errors))
            .GroupBy(static pair => pair.Key).OrderByDescending(static group => group.Sum(static pair => pair.Value));
        foreach (var error in errors) to.WriteLine($"  {error.Sum(static pair => pair.Value)} × {error.Key}");
        foreach (var trouble in troubles.Take(20)) to.WriteLine($"  VIOLATION {trouble}");
        var ledger = load.Ledger;
        var writes = load.Sessions.SelectMany(static session => session.Writes).ToList();
        var smooth = writes.Count(static write => write.Told == Told.Acknowledged) / (double)Math.Max(1, writes.Count);
        var refused = writes.Count(static write => write.Told == Told.Refused);
        bars.Check(troubles.Count == 0, "0 acknowledged writes lost, 0 doubled, 0 refused ones there, 0 sessions going back, money whole, servers equal and in their roles, no failover without need",
            $"{troubles.Count} violations; {ledger.Count(Told.Acknowledged)} acknowledged, {ledger.Count(Told.Unknown)} unknown, {ledger.Count(Told.Refused)} refused, {load.Sessions.Sum(static s => s.Reads)} reads; "
            + $"registers: {load.Wanderers.Sum(static s => s.Reads)} reads, {load.Wanderers.Sum(static s => s.Writes)} writes, {load.Wanderers.Sum(static s => s.Hops)} times to the other gateway");
        bars.Check(load.IdleDropped == 0, "0 idle sessions dropped", $"{load.IdleDropped} of {load.Idle}");
        bars.Check(load.ReadErrors == 0, "0 reads failed", $"{load.ReadErrors}");
        bars.Check(smooth >= 0.999, "≥ 99.9 % of autocommit writes see no error", $"{smooth:P3} of {writes.Count}; {refused} refused, the rest unknown");
        bars.Print(to);
    }
}
