// A ring of real servers under faults, while each member is written to: dotnet run -c Release --project bench/ring -- [--members 3] [--rounds 20] [--seed N]
using System.Globalization;
using Headwater.IntegrationTests.Failover;

long Number(string name, long otherwise)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? long.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
}

var seed = (ulong)Number("--seed", Random.Shared.NextInt64(1, 1_000_000));
Console.WriteLine($"seed {seed}");
var faults = new RingFaults((int)Number("--members", 3), (int)Number("--rounds", 20), seed, Console.WriteLine);
await faults.RunAsync();
Console.WriteLine(faults.Summary);
foreach (var violation in faults.Violations) Console.WriteLine($"VIOLATED {violation}");
return faults.Violations.Count == 0 ? 0 : 1;
