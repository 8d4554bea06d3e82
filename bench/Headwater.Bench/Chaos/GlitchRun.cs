using System.Diagnostics;
using System.Globalization;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary><c>bench/glitches</c>: a server is stopped, cut off or refuses for less than a second, every second. Nobody may be replaced for it.</summary>
static class GlitchRun
{
    static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    public static int Run(Arguments arguments)
    {
        var (times, sessions, seed, keep) = (arguments.Number("times", 1000, 1), arguments.Number("sessions", 8, 4), arguments.Seed(), arguments.Flag("keep"));
        arguments.NothingElse();
        Machine.Print(Console.Out, ("mariadbd", "--version"));
        using var lab = ChaosLab.Start(2, keep);
        Console.Out.WriteLine($"glitches   {times}, {(lab.Network.Own ? "stopped, cut off, refusing" : "stopped only, as this machine permits no network of our own")}, each of 100 to 850 ms; {sessions} sessions over two gateways, rpo zero, seed {seed}");
        using var load = new ChaosLoad(lab, sessions, seed);
        var faults = new Faults(lab, brief: false);
        var chance = Chance.For(seed, 1);
        var troubles = new List<string>();
        var kinds = new Dictionary<string, int>();
        Thread.Sleep(1000);
        var epoch = lab.Controlling.Status()?.Epoch;
        var (failovers, tooLong) = (0, 0);
        for (var number = 1; number <= times; number++)
        {
            var begun = Stopwatch.StartNew();
            var detail = faults.Glitch(ref chance);
            // On a machine that is busy with other things it may last longer than it was meant to; then it proves nothing, either way.
            var wasGlitch = begun.Elapsed < TimeSpan.FromMilliseconds(980);
            if (!wasGlitch) tooLong++;
            var kind = detail.Split(" db")[0];
            kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
            // Two in a row without an answer between them are not one shorter than a second.
            var rest = Rest - begun.Elapsed;
            Thread.Sleep(rest > TimeSpan.FromMilliseconds(250) ? rest : TimeSpan.FromMilliseconds(250));
            if (lab.Controlling.Status() is { } status && status.Epoch != epoch)
            {
                epoch = status.Epoch;
                if (!wasGlitch) continue;
                failovers++;
                troubles.Add($"glitch {number}, {detail}: the primary was replaced by {status.Primary}");
                foreach (var line in lab.Journal(6)) Console.Error.WriteLine($"    {line}");
            }
            if (number % 50 == 0) Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {number}/{times}: {failovers} failovers, {tooLong} too long to count; {load.Ledger.Count(Told.Acknowledged)} acknowledged"));
        }
        if (lab.HealedWithin(TimeSpan.FromSeconds(60)) is null) troubles.Add($"not in order within 60 s after the last: {lab.Controlling.Status()?.Text}");
        load.Stop();
        ChaosCheck.Run(lab, load, troubles);
        troubles.AddRange(load.Sessions.SelectMany(static session => session.Violations).Concat(load.Wanderers.SelectMany(static session => session.Violations)));
        var bars = new Bars();
        bars.Check(failovers == 0 && times > tooLong, $"0 failovers in {times} glitches shorter than 1 s", $"{failovers}{(tooLong > 0 ? $", {tooLong} of them lasted longer on this machine and are not counted" : "")}; {string.Join(", ", kinds.Select(static pair => $"{pair.Value} {pair.Key}"))}");
        ChaosReport.Close(Console.Out, bars, load, troubles);
        return troubles.Count > 0 ? 2 : bars.AllReached ? 0 : 1;
    }
}
