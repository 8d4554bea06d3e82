using System.Globalization;
using System.Runtime.InteropServices;
using Headwater.Bench;
using Headwater.Bench.Audit;
using Headwater.Bench.Chaos;
using Headwater.Bench.Cost;
using Headwater.Bench.Hits;
using Headwater.Bench.Lab;
using Headwater.Bench.Lease;
using Headwater.Bench.Memory;
using Headwater.Bench.Problem;
using Headwater.Bench.Reader;
using Headwater.Bench.Split;
using Headwater.Bench.Sql;
using Headwater.Bench.Start;
using Headwater.Bench.Upgrade;
using Headwater.Bench.Verify;
using Headwater.Bench.Witness;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
try
{
    var arguments = new Arguments(args.AsSpan(Math.Min(1, args.Length)));
    return args.FirstOrDefault() switch
    {
        "gateway" => CostBench.Run(arguments),
        "problem" => ProblemBench.Run(arguments),
        "split" => SplitBench.Run(arguments),
        "memory" => MemoryBench.Run(arguments),
        "start" => StartBench.Run(arguments),
        "audit" => AuditRun.Run(arguments),
        "chaos" => ChaosRun.Run(arguments),
        "switchover" => SwitchoverRun.Run(arguments),
        "upgrade" => UpgradeRun.Run(arguments),
        "glitches" => GlitchRun.Run(arguments),
        "hits" => HitsBench.Run(arguments),
        "witness" => WitnessBench.Run(arguments),
        "lease" => LeaseRun.Run(arguments),
        "verify" => VerifyBench.Run(arguments),
        "reader" => ReaderBench.Run(arguments),
        ReaderChild.Verb => ReaderChild.Run(arguments),
        _ => throw new UsageException("expected one of: gateway, audit, split, hits, problem, memory, start, chaos, switchover, upgrade, glitches, witness, lease, verify, reader"),
    };
}
catch (UsageException e)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 64;
}
catch (SqlException e)
{
    Console.Error.WriteLine($"bench: a statement that had to succeed was refused: {e.Message}");
    return 70;
}

static void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    ChildProcess.StopAll();
    SmallDisk.UnmountAll();
    Cluster.DeleteAll();
    Environment.Exit(130);
}
