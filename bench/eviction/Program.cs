// Which eviction policy hits most: dotnet run -c Release --project bench/eviction -- [--accesses N] [--seed N] [--only POLICY,…] [--markdown]
using System.Diagnostics;
using System.Globalization;
using Headwater.Bench.Eviction;
using Headwater.Core.Caching;
using Trace = Headwater.Bench.Eviction.Trace;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string? Option(string name)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}

var seed = ulong.Parse(Option("--seed") ?? "1");
var accesses = int.Parse(Option("--accesses") ?? "2000000");
var kinds = Option("--only") is { } only ? only.Split(',').Select(name => Enum.Parse<EvictionKind>(name, ignoreCase: true)).ToArray() : Enum.GetValues<EvictionKind>();
double[] shares = [0.001, 0.01, 0.05, 0.10, 0.25];

var traces = new Traces(seed, accesses);
var table = new Table(kinds, args.Contains("--markdown"));
Console.WriteLine($"seed {seed}, {accesses:N0} events per trace, {Environment.ProcessorCount} processors, .NET {Environment.Version}");
var started = Stopwatch.GetTimestamp();
table.Head();
foreach (var make in traces.All)
{
    var trace = make();
    var distinct = trace.DistinctBytes();
    var replay = new Replay(trace);
    foreach (var share in shares) Row(trace, replay, share, (long)(distinct * share));
}
foreach (var share in shares)
{
    var trace = traces.Loop(share);
    Row(trace, new Replay(trace), share, (long)(trace.DistinctBytes() / Traces.LoopExcess));
}
table.Summary();
Console.WriteLine($"{Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s, {Environment.CpuUsage.TotalTime.TotalSeconds:F0} s of a processor");

void Row(Trace trace, Replay replay, double share, long capacity)
{
    var runs = new List<(Score, TimeSpan)>();
    foreach (var kind in kinds) runs.Add(replay.Run(EvictionPolicy.Create(kind, capacity)));
    table.Row(trace, share, runs, Belady.Run(trace, capacity));
}
