// Whole clusters from seeds: dotnet run -c Release --project bench/simulation -- --seeds 100000 [--from N] [--breakage NAME] | --tell SEED
using System.Diagnostics;
using System.Globalization;
using Headwater.Tests.Simulation.Clusters;

string? Option(string name)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}

long Number(string name, long otherwise) => Option(name) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : otherwise;

var breakage = Enum.Parse<Breakage>(Option("--breakage") ?? nameof(Breakage.None));
if (Option("--tell") is not null || Environment.GetEnvironmentVariable("HEADWATER_SEED") is { Length: > 0 })
{
    var seed = (ulong)Number("--tell", long.Parse(Environment.GetEnvironmentVariable("HEADWATER_SEED") ?? "1", CultureInfo.InvariantCulture));
    var (violation, story) = ClusterRun.Tell(seed, breakage);
    Console.WriteLine(story);
    Console.WriteLine(violation ?? $"seed {seed}: all invariants held");
    return violation is null ? 0 : 1;
}

var started = Stopwatch.GetTimestamp();
var runs = new ManyRuns(breakage, (ulong)Number("--from", 1), Number("--seeds", 2_000));
var told = 0L;
runs.Go(so_far =>
{
    if (so_far.Tally.Seeds - told < 5_000) return;
    told = so_far.Tally.Seeds;
    Console.WriteLine($"  {told} seeds, {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s, {so_far.Failed.Count} failed");
});
var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
Console.WriteLine(runs.Tally);
foreach (var violation in runs.Violations.Take(40)) Console.WriteLine($"FOUND {violation}");
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{runs.Tally.Seeds} seeds in {seconds:F0} s, {runs.Tally.Seeds / seconds:F0} seeds/s: {(runs.Failed.Count == 0 ? "no violation" : $"{runs.Failed.Count} seeds with a violation; one is told by --tell {runs.Failed.Keys[0]}")}"));
return runs.Failed.Count == 0 ? 0 : 1;
