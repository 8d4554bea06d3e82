using System.Diagnostics;
using System.Globalization;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary><c>bench/switchover</c>: planned changes of the primary in a row under load; with --inject something breaks at each step of them.</summary>
static class SwitchoverRun
{
    public static int Run(Arguments arguments)
    {
        var (inject, sessions, seed, keep, pause) = (arguments.Flag("inject"), arguments.Number("sessions", 8, 4), arguments.Seed(), arguments.Flag("keep"), arguments.Number("pause", 500));
        var times = arguments.Number("times", inject ? SwitchoverFaults.All.Count * SwitchoverFaults.Steps.Count : 100, 1);
        arguments.NothingElse();
        Machine.Print(Console.Out, ("mariadbd", "--version"));
        // A gateway that knows of no controller would learn of each change from an error.
        using var lab = ChaosLab.Start(2, keep, shared: !inject);
        Console.Out.WriteLine($"switchover {times} planned ones{(inject ? ", each broken at a step" : " in a row")}; {sessions} sessions over two gateways (autocommit writes, transactions of three writes, reads), rpo zero, seed {seed}");
        using var load = new ChaosLoad(lab, sessions, seed);
        Thread.Sleep(1000);
        var troubles = new List<string>();
        var bars = new Bars();
        if (inject) Broken(lab, load, times, seed, troubles, bars);
        else InARow(lab, load, times, TimeSpan.FromMilliseconds(pause), troubles, bars);
        load.Stop();
        ChaosCheck.Run(lab, load, troubles);
        troubles.AddRange(load.Sessions.SelectMany(static session => session.Violations).Concat(load.Wanderers.SelectMany(static session => session.Violations)));
        if (!inject)
        {
            var errors = load.Sessions.Sum(static session => session.Errors.Values.Sum()) + load.Wanderers.Sum(static session => session.Errors.Values.Sum());
            int Through(LabGateway gateway) => load.Sessions.Where(session => session.Gateway == gateway).Sum(static session => session.Errors.Values.Sum());
            bars.Check(errors == 0, "0 client errors", $"{errors}; of sessions at the first gateway {Through(lab.Gateways[0])}, at the second {Through(lab.Gateways[1])}, of those that wander {load.Wanderers.Sum(static session => session.Errors.Values.Sum())}");
        }
        ChaosReport.Close(Console.Out, bars, load, troubles);
        return troubles.Count > 0 ? 2 : bars.AllReached ? 0 : 1;
    }

    static void InARow(ChaosLab lab, ChaosLoad load, int times, TimeSpan pause, List<string> troubles, Bars bars)
    {
        var (stalls, longest, took) = (new List<double>(), new List<double>(), new List<double>());
        var undone = 0;
        for (var number = 1; number <= times; number++)
        {
            var at = Stopwatch.GetTimestamp();
            var answer = lab.Controlling.Post("control/switchover");
            var milliseconds = Stopwatch.GetElapsedTime(at).TotalMilliseconds;
            var done = answer.Contains("is the primary of epoch", StringComparison.Ordinal);
            if (!done) undone++;
            Thread.Sleep(pause);
            var waits = load.Stalls(at, Stopwatch.GetTimestamp()).Select(static seconds => seconds * 1000).ToList();
            stalls.AddRange(waits);
            longest.Add(waits.Max());
            took.Add(milliseconds);
            if (!done || number % 10 == 0) Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {number}/{times}: {milliseconds:0} ms, longest wait of a write {waits.Max():0} ms{(done ? "" : $"; {answer}")}"));
            if (lab.HealedWithin(TimeSpan.FromSeconds(30)) is not null) continue;
            troubles.Add($"switchover {number}: not all servers followed the new primary within 30 s: {lab.Controlling.Status()?.Text}");
            break;
        }
        var table = new TextTable("of", "n", "p50 ms", "p99 ms", "most ms");
        foreach (var (what, values) in (ReadOnlySpan<(string, List<double>)>)[("each session's longest write in each switchover", stalls), ("the longest write of any session in each switchover", longest), ("the switchover, as its answer says", took)])
        {
            var sorted = values.Order().ToArray();
            table.Row(what, $"{sorted.Length}", $"{Spread.Percentile(sorted, 0.5):0}", $"{Spread.Percentile(sorted, 0.99):0}", $"{Spread.Percentile(sorted, 1):0}");
        }
        table.Print(Console.Out);
        Console.Out.WriteLine();
        var p99 = Spread.Percentile(stalls.Order().ToArray(), 0.99);
        bars.Check(undone == 0 && troubles.Count == 0, $"{times} planned switchovers in a row", $"{took.Count - undone} done, {undone} undone");
        bars.Check(p99 <= 300, "write stall p99 ≤ 300 ms", $"{p99:0} ms");
    }

    /// <summary>Every failure at every step, in turn.</summary>
    static void Broken(ChaosLab lab, ChaosLoad load, int times, ulong seed, List<string> troubles, Bars bars)
    {
        var breaking = new SwitchoverFaults(lab);
        var table = new TextTable("failure", "step", "came to", "settled after s", "writes waited s");
        var chance = Chance.For(seed, 1);
        var stuck = 0;
        for (var number = 0; number < times; number++)
        {
            var fault = SwitchoverFaults.All[number / SwitchoverFaults.Steps.Count % SwitchoverFaults.All.Count];
            var step = SwitchoverFaults.Steps[number % SwitchoverFaults.Steps.Count];
            lab.Controlling.Post("control/resume");
            var before = lab.Controlling.Status()!;
            var at = Stopwatch.GetTimestamp();
            var (target, reached) = breaking.Break(fault, step, lab.Server(before.Primary), ref chance);
            var settled = lab.HealedWithin(TimeSpan.FromSeconds(60), load);
            var after = lab.Controlling.Status();
            // A third may be the primary after two failures; what counts is that there is one, and that everybody knows its place.
            var cameTo = settled is null ? "STUCK" : after!.Primary == target.Name ? "finished" : after.Primary == before.Primary ? "undone" : $"{after.Primary}";
            var waits = load.Stalls(at, Stopwatch.GetTimestamp()).Max();
            table.Row(fault, reached ? step : $"{step} (passed too soon)", cameTo, settled is { } took ? $"{took:0.0}" : "-", $"{waits:0.0}");
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {number + 1}/{times} {fault} while {step}{(reached ? "" : " (passed too soon)")}: {before.Primary} to {target.Name}, {cameTo}, settled after {settled ?? double.NaN:0.0} s, longest wait {waits:0.0} s"));
            if (settled is null)
            {
                stuck++;
                troubles.Add($"{fault} while {step}: not settled within 60 s: {after?.Text ?? "the controlling gateway does not answer"}");
                foreach (var line in lab.Journal(12)) Console.Error.WriteLine($"    {line}");
                break;
            }
            foreach (var wrong in ChaosCheck.WrongRoles(lab, after!.Primary)) troubles.Add($"{fault} while {step}: {wrong}");
            Thread.Sleep(300);
        }
        table.Print(Console.Out);
        Console.Out.WriteLine();
        bars.Check(stuck == 0 && troubles.Count == 0, "a failure at each step ends undone or finished, never stuck, nobody left in a wrong role", $"{stuck} stuck");
    }
}
