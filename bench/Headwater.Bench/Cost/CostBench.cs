using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Headwater.Bench.Lab;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Cost;

/// <summary>
/// The price of being in the way: processor time per query of the process in the middle. Ways are measured in turn within each
/// round, and the order turns from round to round, so that what the machine does meanwhile falls on all of them alike.
/// </summary>
static class CostBench
{
    const int MaxRepeats = 2;
    const string ReactorName = "reactor";

    public static int Run(Arguments arguments)
    {
        var options = CostOptions.Parse(arguments);
        Machine.Print(Console.Out, ("mariadbd", "--version"), ("sysbench", "--version"), ("/usr/sbin/haproxy", "-v"));
        Console.WriteLine($"runs       {options.Rounds} rounds × {options.Cells.Count} cells × {options.Ways.Count} ways × {options.Seconds} s, seed {options.Seed}; a run with more than {options.StealLimit:P0} stolen time is repeated, then dropped");
        using var cluster = Cluster.Start("bench-gateway", options.Replicas, options.Keep);
        Sysbench.Prepare(cluster.Run.Primary, cluster.Run.Application);
        cluster.WaitForReplicas();
        var proxyPort = Cluster.FreePort();
        using var proxy = options.Ways.Contains(CostOptions.Proxy) ? HaProxy.Start(cluster.Directory, proxyPort, cluster.Run.Primary) : null;
        Dictionary<string, Way> ways = new()
        {
            [CostOptions.Direct] = new Way(CostOptions.Direct, cluster.Run.Primary.Port, null),
            [CostOptions.Proxy] = new Way(CostOptions.Proxy, proxyPort, proxy?.Id),
            [CostOptions.Gateway] = new Way(CostOptions.Gateway, cluster.Run.Gateway.Port, cluster.Run.Gateway.Pid),
        };
        WarmUp(options, cluster, ways);
        var runs = Measure(options, cluster, ways);
        CostReport.Print(Console.Out, options, runs, Idle(options, cluster));
        if (options.JsonFile is not null) File.WriteAllText(options.JsonFile, JsonSerializer.Serialize(runs, CostJson.Default.ListRun));
        return CostReport.Bars(Console.Out, options, runs) ? 0 : 1;
    }

    /// <summary>Code is compiled, caches are filled, and the primary's history is as long for the first way as for the last.</summary>
    static void WarmUp(CostOptions options, Cluster cluster, Dictionary<string, Way> ways)
    {
        var kinds = options.Cells.Select(static cell => (cell.Script, cell.PsMode)).Distinct().ToList();
        // The runtime compiles what is hot a second time, in the background, for some seconds; on a busy machine for more.
        var gatewaySeconds = Math.Max(8, 24 / kinds.Count);
        foreach (var way in options.Ways)
            foreach (var (script, mode) in kinds)
                Sysbench.Run(script, "127.0.0.1", ways[way].Port, cluster.Run.Application, 8, way == CostOptions.Gateway ? gatewaySeconds : 1, mode, options.Seed);
    }

    static List<Run> Measure(CostOptions options, Cluster cluster, Dictionary<string, Way> ways)
    {
        var runs = new List<Run>();
        var done = 0;
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var cell in options.Cells)
            {
                for (var turn = 0; turn < options.Ways.Count; turn++)
                {
                    var way = ways[options.Ways[(turn + round) % options.Ways.Count]];
                    runs.AddRange(MeasureOnce(options, cluster, way, cell, round));
                    Progress(++done, options.Rounds * options.Cells.Count * options.Ways.Count, runs[^1]);
                }
            }
        }
        return runs;
    }

    /// <summary>The run, and before it those that were given up because the machine was not ours.</summary>
    static IEnumerable<Run> MeasureOnce(CostOptions options, Cluster cluster, Way way, Cell cell, int round)
    {
        for (var repeat = 0; ; repeat++)
        {
            var run = Measure(options, cluster, way, cell, round);
            run.Dropped = run.StolenShare > options.StealLimit;
            yield return run;
            if (!run.Dropped || repeat == MaxRepeats) yield break;
        }
    }

    static Run Measure(CostOptions options, Cluster cluster, Way way, Cell cell, int round)
    {
        var servers = cluster.Run.Servers.Select(static server => server.Pid).ToArray();
        var isGateway = way.Name == CostOptions.Gateway;
        var seed = Chance.For(options.Seed, round * 1000 + cell.Threads).Next();
        // In the first round only: two looks at /metrics cost the gateway some 20 ms, which the other rounds need not carry.
        using var allocations = isGateway && round == 0 ? AllocationWindow.Open(cluster, options.Seconds) : null;
        var steal = new StolenTime();
        var serversBefore = ProcStat.CpuOf(servers);
        var before = way.Pid is { } pid ? ProcStat.CpuOf(pid) : default;
        var reactorsBefore = isGateway ? ProcStat.CpuOfThreads(way.Pid!.Value, ReactorName) : default;
        var result = Sysbench.Run(cell.Script, "127.0.0.1", way.Port, cluster.Run.Application, cell.Threads, options.Seconds, cell.PsMode, seed);
        var used = way.Pid is { } same ? ProcStat.CpuOf(same) - before : default;
        var reactors = isGateway ? ProcStat.CpuOfThreads(way.Pid!.Value, ReactorName) - reactorsBefore : new ProcessorTime(double.NaN, double.NaN);
        var serversUsed = ProcStat.CpuOf(servers) - serversBefore;
        var (allocated, allocatedByReactors) = allocations?.Close() ?? (double.NaN, double.NaN);
        return new Run
        {
            Way = way.Name,
            Script = cell.Script,
            Threads = cell.Threads,
            PsMode = cell.PsMode,
            Round = round,
            Queries = result.Queries,
            QueriesPerSecond = result.QueriesPerSecond,
            P95Milliseconds = result.P95Milliseconds,
            UserMicroseconds = used.User / result.Queries,
            SystemMicroseconds = used.System / result.Queries,
            ReactorUserMicroseconds = reactors.User / result.Queries,
            ReactorSystemMicroseconds = reactors.System / result.Queries,
            ServersMicroseconds = serversUsed.Total / result.Queries,
            AllocatedBytes = allocated,
            ReactorAllocatedBytes = allocatedByReactors,
            StolenShare = steal.ShareSinceLastLook(),
        };
    }

    /// <summary>What the gateway does while no statement runs, for the footnote: bytes allocated and microseconds used, a second.</summary>
    static (double Bytes, double Microseconds) Idle(CostOptions options, Cluster cluster)
    {
        if (!options.Ways.Contains(CostOptions.Gateway)) return (double.NaN, double.NaN);
        const int Seconds = 2;
        Thread.Sleep(500);
        var (bytes, used) = (AllocationWindow.Allocated(cluster.Metrics()), ProcStat.CpuOf(cluster.Run.Gateway.Pid));
        Thread.Sleep(Seconds * 1000);
        used = ProcStat.CpuOf(cluster.Run.Gateway.Pid) - used;
        return ((AllocationWindow.Allocated(cluster.Metrics()) - bytes) / Seconds ?? double.NaN, used.Total / Seconds);
    }

    static void Progress(int done, int all, Run run)
    {
        if (Console.IsErrorRedirected && done % 10 != 0 && done != all) return;
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {done}/{all} {run.Way,-9} {run.Cell}: {run.CpuMicroseconds:0.0} µs, {run.QueriesPerSecond:0} q/s{(run.Dropped ? $", dropped ({run.StolenShare:P0} stolen)" : "")}"));
    }

    sealed record Way(string Name, int Port, int? Pid);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(List<Run>))]
sealed partial class CostJson : JsonSerializerContext;
