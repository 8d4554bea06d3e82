using System.Diagnostics;
using Headwater.Bench.Report;

namespace Headwater.Bench.Audit;

/// <summary>The audit's table and its verdict.</summary>
static class AuditReport
{
    public static bool Print(TextWriter to, AuditOptions options, AuditOutcome outcome)
    {
        to.WriteLine();
        var table = new TextTable("level", "checked reads", "from primary", "from replicas", "by replicas", "not told", "showed old", "oldest ms", "below session", "stale", "torn", "future", "violations");
        foreach (var (level, tally) in outcome.Levels)
        {
            var primary = tally.ByServer[0];
            var notTold = tally.ByServer[Tally.NotTold];
            var told = tally.Reads - notTold;
            table.Row(level.Name, N(tally.Reads), N(primary), N(told - primary), told == 0 ? "-" : $"{100.0 * (told - primary) / told:0.0} %", N(notTold),
                N(tally.Old), $"{tally.OldestTicks * 1000.0 / Stopwatch.Frequency:0}", N(tally.BelowSession), level.Promises ? N(tally.Stale) : "-", N(tally.Torn), N(tally.Future),
                level.Promises ? N(tally.Violations) : "none promised");
        }
        table.Print(to);
        to.WriteLine();
        to.WriteLine($"{N(outcome.Reads)} reads and {N(outcome.Writes)} writes in {outcome.Elapsed.TotalSeconds:0} s ({outcome.Reads / outcome.Elapsed.TotalSeconds:0} reads/s), {N(outcome.Lives)} sessions one after another, {N(outcome.Hops)} moves to the other gateway");
        to.WriteLine($"by the log: {N(outcome.ByTheLog.Unchanged)} reads by a copy below the floor that was proven fresh, {N(outcome.ByTheLog.Kept)} by a kept result{(options.Caches ? "" : " (--cache keeps them)")}");
        if (outcome.LookedAgain is { } again)
        {
            to.WriteLine($"the gateways' own auditors: {N(again.Agrees)} reads agree, {N(again.Moved)} had changed since, {N(again.Unchecked)} could not be looked at again, {N(again.Planted)} wrong as planted, {again.Wrong.Count} wrong");
            foreach (var wrong in again.Wrong.Take(10)) to.WriteLine($"  {wrong}");
        }
        to.WriteLine(outcome.Faults.Count == 0 ? "faults: none" : "faults: " + string.Join("; ", outcome.Faults.Select(static fault => $"{fault.Value} × {fault.Key}")));
        if (outcome.Troubles.Count == 0) to.WriteLine("errors met by sessions: none");
        else
        {
            to.WriteLine($"errors met by sessions: {outcome.Troubles.Values.Sum()} (none is a wrong answer; nothing was read or the outcome is unknown)");
            foreach (var (what, count) in outcome.Troubles.OrderByDescending(static trouble => trouble.Value).Take(12)) to.WriteLine($"  {count} × {what}");
        }
        foreach (var violation in outcome.Violations.Take(10)) to.WriteLine($"violation at {violation.Level}: {violation.Kind}: {violation.What}");
        foreach (var fault in outcome.AuditorFaults.Take(3)) to.WriteLine($"the auditor itself failed: {fault}");
        foreach (var difference in outcome.Differences.Take(10)) to.WriteLine($"at the end: {difference}");
        to.WriteLine();
        var bars = Verdict(options, outcome);
        bars.Print(to);
        return bars.AllReached;
    }

    public static Bars Verdict(AuditOptions options, AuditOutcome outcome)
    {
        var bars = new Bars();
        bars.Check(outcome.AuditorFaults.Count == 0, "the auditor worked", $"{outcome.AuditorFaults.Count} faults of its own");
        if (options.IsPlanted)
        {
            foreach (var (level, tally) in MustFind(options).Select(i => outcome.Levels[i]))
                bars.Check(tally.Violations > 0, $"the planted fault is found at {level.Name}", $"{N(tally.Violations)} violations");
            return bars;
        }
        bars.Check(outcome.Reads >= options.Reads, $"at least {N(options.Reads)} checked reads", N(outcome.Reads));
        bars.Check(outcome.Broken == 0, "0 violations of session, monotonic, bounded, strong", N(outcome.Broken));
        bars.Check(outcome.NeverAllowed == 0, "no torn read and none from the future at any level", N(outcome.NeverAllowed));
        bars.Check(outcome.Differences.Count == 0, "at the end every server holds what was acknowledged", outcome.Differences.Count == 0 ? "it does" : $"{outcome.Differences.Count} differences");
        if (outcome.LookedAgain is { } again)
        {
            bars.Check(again.Wrong.Count == 0, "the gateways' own auditors find nothing wrong", $"{again.Wrong.Count} of {N(again.Agrees + again.Moved + again.Planted + again.Wrong.Count)}");
            // They are found as often as reads of them are among those that are looked at: of a short run none may be.
            if (outcome.Reads >= 200_000) bars.Check(again.Planted > 0, "but the rows that are planted on single servers", N(again.Planted));
        }
        if (options.Caches && options.Through == Through.Gateways) bars.Check(outcome.ByTheLog.Kept > outcome.Reads / 100, "kept results had a part in it", N(outcome.ByTheLog.Kept));
        if (options.Through == Through.Gateways && !options.Calm)
            bars.Check(outcome.FoundAtEventual > 0, "at eventual the same audit finds what session forbids (or it proves nothing)", N(outcome.FoundAtEventual));
        return bars;
    }

    /// <summary>The levels, by their place among all, at which a planted fault has to be found.</summary>
    public static IEnumerable<int> MustFind(AuditOptions options) =>
        Enumerable.Range(0, AskedLevel.All.Count).Where(i => AskedLevel.All[i].Promises && (AskedLevel.All[i].Wanders || !options.LoseTokens));

    static string N(long value) => TextTable.Count(value);
}
