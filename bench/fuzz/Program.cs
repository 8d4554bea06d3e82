// Hostile clients and servers for as long as asked: dotnet run -c Release --project bench/fuzz -- --sessions 100000 | --minutes 10 [--seed N] [--from N]
using System.Diagnostics;
using System.Globalization;
using Headwater.Tests.Gateway;

string? Option(string name)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}

long Number(string name, long otherwise) => Option(name) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : otherwise;

var seed = (ulong)Number("--seed", Random.Shared.NextInt64(1, 1_000_000_000));
var sessions = Number("--sessions", 0);
var findings = new List<string>();
var started = Stopwatch.GetTimestamp();
Console.WriteLine($"seed {seed}");

if (sessions > 0)
{
    // Half of them with servers that cut, split, delay and hang, where every answer is checked; half with servers that change bytes too.
    foreach (var corrupts in (bool[])[false, true])
    {
        if (Option("--corrupts") is { } only && bool.Parse(only) != corrupts) continue;
        var run = new RandomSessions(seed) { Corrupts = corrupts, Parallel = (int)Number("--parallel", 24), Trace = args.Contains("--trace") ? Console.WriteLine : null };
        await run.RunAsync((sessions + 1) / 2, from: Number("--from", 0), progress: line => Console.WriteLine($"  {line}"));
        Console.WriteLine($"random sessions{(corrupts ? " with corrupting servers" : "")}: {run.Summary}; {run.Findings.Count} findings");
        findings.AddRange(run.Findings);
    }
}

var minutes = double.Parse(Option("--minutes") ?? "0", CultureInfo.InvariantCulture);
if (minutes > 0)
{
    var fuzz = new InputFuzz(seed);
    fuzz.Run(TimeSpan.FromMinutes(minutes), Number("--from", 0), Number("--inputs", long.MaxValue));
    Console.WriteLine($"fuzzing: {fuzz.Summary}; {fuzz.Findings.Count} findings");
    findings.AddRange(fuzz.Findings);
}

foreach (var finding in findings) Console.WriteLine($"FOUND: {finding}");
Console.WriteLine($"{Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s, seed {seed}: {(findings.Count == 0 ? "no crash, hang or leak" : $"{findings.Count} findings")}");
return findings.Count == 0 ? 0 : 1;
