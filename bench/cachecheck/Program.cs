// Is anything that was kept ever served below the position that was asked for? See bench/README.md.
// dotnet run -c Release --project bench/cachecheck -- [--reads N] [--seed N] [--writers N] [--reactors N] [--sessions N] [--policy log|ttl|delete] [--plant NAME|all]
using System.Globalization;
using Headwater.Bench.CacheCheck;
using Headwater.Core.Positions;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string? Option(string name)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}

long Number(string name, long otherwise) => Option(name) is { } text ? long.Parse(text.Replace(",", "", StringComparison.Ordinal)) : otherwise;

var reads = Number("--reads", 2_000_000);
var seed = (ulong)Number("--seed", Environment.TickCount64 & 0xFFFFFF);
var harness = new Harness(seed, (int)Number("--writers", 16), (int)Number("--reactors", 16), (int)Number("--sessions", 32));
var most = TimeSpan.FromSeconds(Number("--seconds", 600));
Console.WriteLine($"seed {seed}, {Environment.ProcessorCount} processors, .NET {Environment.Version}; {Number("--writers", 16)} writers, {Number("--reactors", 16)} reactors of {Number("--sessions", 32)} sessions");

if (Option("--plant") is { } planted)
{
    var plants = planted == "all" ? Enum.GetValues<Plant>().Where(plant => plant != Plant.None) : [Enum.Parse<Plant>(planted, ignoreCase: true)];
    var missed = 0;
    foreach (var plant in plants)
    {
        var found = harness.Run(Policy.Log, plant, long.MaxValue, TimeSpan.Zero, TimeSpan.FromSeconds(Number("--seconds", 60)));
        if (found.Tally.Wrong == 0) missed++;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{plant,-20} {(found.Tally.Wrong > 0 ? "found" : "NOT FOUND")} after {found.Tally.Reads:N0} reads, {found.Took.TotalSeconds:F1} s: {found.Tally.First}"));
    }
    return missed == 0 ? 0 : 1;
}

var policies = Option("--policy") switch { "log" => [Policy.Log], "ttl" => [Policy.Ttl], "delete" => [Policy.DeleteOnWrite], _ => Enum.GetValues<Policy>() };
var outcomes = policies.Select(policy => harness.Run(policy, Plant.None, policy == Policy.Log ? reads : reads / 4, TimeSpan.FromSeconds(8), most)).ToList();

Console.WriteLine($"{"",-14}{"reads",12}{"hits",12}{"fills",11}{"refused",10}{"shared",10}{"proofs",10}{"waits",10}{"evicted",10}{"commits",10}{"s",7}{"violations",12}");
foreach (var one in outcomes)
{
    var t = one.Tally;
    Console.WriteLine($"{Name(one.Policy),-14}{t.Reads,12:N0}{t.Hits,12:N0}{t.Fills,11:N0}{t.Refused,10:N0}{t.Merged,10:N0}{t.Proven,10:N0}{t.Waits,10:N0}{one.Evicted,10:N0}{one.Transactions,10:N0}{one.Took.TotalSeconds,7:F0}{t.Wrong,12:N0}");
}
Console.WriteLine();
Console.WriteLine($"{"violations of",-14}{string.Concat(Enum.GetValues<LevelKind>().Select(level => $"{level.ToString().ToLowerInvariant(),24}"))}");
foreach (var one in outcomes) Console.WriteLine($"{Name(one.Policy),-14}{string.Concat(Enumerable.Range(0, 6).Select(i => $"{$"{one.Tally.Violations[i]:N0} of {one.Tally.ByLevel[i]:N0}",24}"))}");
foreach (var one in outcomes)
    if (one.Tally.First.Length > 0) Console.WriteLine($"{Name(one.Policy)}: first {one.Tally.First}");
foreach (var one in outcomes.Where(one => one.Policy == Policy.Log))
    Console.WriteLine($"the feed: {one.Feed.Gaps} gaps, {one.Feed.Reconnects} reconnects, {one.Feed.Repeats} repeats, {one.Feed.Stalls} stalls, {one.Feed.Looks} looks at the tables");

var right = outcomes.All(one => one.Policy == Policy.Log ? one.Tally.Wrong == 0 && one.Tally.Hits > 0 : one.Tally.Wrong > 0);
Console.WriteLine(right ? "bar: nothing below the asked position; the other policies show violations: reached" : "bar: NOT REACHED");
return right ? 0 : 1;

static string Name(Policy policy) => policy switch { Policy.Log => "by the log", Policy.Ttl => "TTL 100 ms", _ => "delete on write" };
