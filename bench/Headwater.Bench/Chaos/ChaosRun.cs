using System.Diagnostics;
using System.Globalization;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>One disturbance and what came of it.</summary>
sealed record ChaosRound(string Fault, string Detail, long At, long Until, double HealedSeconds);

/// <summary>Faults on real servers under load, one round after the other; then what every session was told is held against what every server has.</summary>
static class ChaosRun
{
    /// <summary>Something acknowledged was lost, doubled or taken back: wrong on any machine. 1 is a bar on time that was not reached.</summary>
    const int Violated = 2;

    // As long as a silent primary is waited for (control.replace_silent_after): one that hangs for longer by a fault of its own may be replaced.
    static readonly TimeSpan LongestHang = TimeSpan.FromSeconds(2);

    // A server whose log finds no room looks again only after a minute: https://mariadb.com/kb/en/mariadbd-options/ (disk full).
    static TimeSpan HealWithin(string fault) => TimeSpan.FromSeconds(fault == "disk-full" ? 120 : 60);

    public static int Run(Arguments arguments)
    {
        var options = ChaosOptions.Parse(arguments);
        Machine.Print(Console.Out, ("mariadbd", "--version"));
        var (violations, reached) = Run(options, Console.Out);
        return violations > 0 ? Violated : reached ? 0 : 1;
    }

    /// <summary>Violations are wrong on any machine; the bars on time are for one that is not busy with other things.</summary>
    public static (int Violations, bool AllReached) Run(ChaosOptions options, TextWriter to)
    {
        using var lab = ChaosLab.Start(options.Replicas, options.Keep, shared: !options.Alone);
        var faults = new Faults(lab, options.Short);
        var possible = faults.Possible(options.Faults);
        to.WriteLine($"chaos      {options.Rounds} rounds of {string.Join(", ", possible)}; {options.Sessions} sessions over two gateways, {(options.Alone ? "one of them with a controller" : "whose controllers share a lease")}, rpo zero, seed {options.Seed}");
        if (possible.Count < options.Faults.Count) to.WriteLine($"           left out, as this machine does not permit it: {string.Join(", ", options.Faults.Except(possible))}");
        if (possible.Count == 0) throw new UsageException("none of these faults is permitted here: namespaces (unshare --net --mount) are needed");
        using var load = new ChaosLoad(lab, options.Sessions, options.Seed);
        // One of each, where it is to be short; what is not permitted takes no other's place.
        var times = options.Short && options.Rounds == options.Faults.Count ? possible.Count : options.Rounds;
        var rounds = new List<ChaosRound>();
        var troubles = new List<string>();
        var chance = Chance.For(options.Seed, 1);
        Thread.Sleep(1000);
        for (var number = 0; number < times; number++)
        {
            // All of them before any of them again, so that a short run is not all of one kind.
            var fault = number < possible.Count ? Shuffled(possible, options.Seed)[number] : possible[chance.Below(possible.Count)];
            var (epoch, primary) = lab.Controlling.Status() is { } before ? (before.Epoch, before.Primary) : (0, null);
            using var pulse = new Pulse(lab.Server(primary ?? lab.Servers[0].Name));
            var at = Stopwatch.GetTimestamp();
            var detail = faults.Inject(fault, ref chance);
            var healed = lab.HealedWithin(HealWithin(fault), load);
            pulse.Dispose();
            var hung = Faults.NoFailover.Contains(fault) && pulse.Longest >= LongestHang;
            if (hung) detail += string.Create(CultureInfo.InvariantCulture, $", the primary itself answered nobody for {pulse.Longest.TotalSeconds:0.0} s");
            rounds.Add(new ChaosRound(fault, detail, at, Stopwatch.GetTimestamp(), healed ?? double.NaN));
            var ledger = load.Ledger;
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {number + 1}/{times} {fault} {detail}: {(healed is { } took ? $"healed after {took:0.0} s" : "NOT HEALED")}; longest wait {load.Stalls(at, Stopwatch.GetTimestamp()).Max():0.0} s; {ledger.Count(Told.Acknowledged)} acknowledged, {ledger.Count(Told.Unknown)} unknown, {ledger.Count(Told.Refused)} refused"));
            if (Faults.NoFailover.Contains(fault) && !hung && lab.Controlling.Status()?.Epoch is { } after && after != epoch) troubles.Add($"round {number + 1}, {fault} {detail}: the primary was replaced");
            if (healed is null)
            {
                troubles.Add($"round {number + 1}, {fault} {detail}: not healed within {HealWithin(fault).TotalSeconds:0} s: {lab.Controlling.Status()?.Text ?? "the controlling gateway does not answer"}");
                foreach (var line in lab.Journal(12)) Console.Error.WriteLine($"    {line}");
                break;
            }
            load.LookAtIdle();
            Thread.Sleep(chance.Between(300, 1500));
        }
        if (options.Plant.Contains("back"))
        {
            ChaosCheck.Plant(lab, "back", load);
            Thread.Sleep(500);
        }
        load.Stop();
        foreach (var plant in options.Plant.Where(static plant => plant != "back")) ChaosCheck.Plant(lab, plant, load);
        ChaosCheck.Run(lab, load, troubles);
        return ChaosReport.Print(to, load, rounds, troubles);
    }

    static List<string> Shuffled(IReadOnlyList<string> faults, ulong seed)
    {
        var chance = Chance.For(seed, 2);
        var order = faults.ToList();
        for (var i = order.Count - 1; i > 0; i--)
        {
            var other = chance.Below(i + 1);
            (order[i], order[other]) = (order[other], order[i]);
        }
        return order;
    }
}
