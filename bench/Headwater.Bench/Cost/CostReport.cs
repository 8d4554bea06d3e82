using System.Globalization;
using Headwater.Bench.Report;

namespace Headwater.Bench.Cost;

/// <summary>The table and the bars of <c>bench/gateway</c>.</summary>
static class CostReport
{
    public static void Print(TextWriter to, CostOptions options, List<Run> runs, (double Bytes, double Microseconds) idle)
    {
        to.WriteLine();
        foreach (var cell in options.Cells)
        {
            to.WriteLine($"{cell}: median (least–most) of the rounds");
            var table = new TextTable("way", "CPU µs/query", "user", "system", "of reactors", "their user", "× HAProxy", "queries/s", "p95 ms", "p95 × HAProxy", "servers µs", "bytes/stmt", "by reactors", "dropped");
            foreach (var way in options.Ways)
            {
                var kept = Kept(runs, cell, way);
                table.Row(way, way == CostOptions.Direct ? "-" : Of(kept, static run => run.CpuMicroseconds, "0.0"),
                    way == CostOptions.Direct ? "-" : Of(kept, static run => run.UserMicroseconds, "0.0"),
                    way == CostOptions.Direct ? "-" : Of(kept, static run => run.SystemMicroseconds, "0.0"),
                    Of(kept, static run => run.ReactorMicroseconds, "0.0"), Of(kept, static run => run.ReactorUserMicroseconds, "0.0"),
                    way == CostOptions.Direct ? "-" : Ratio(runs, cell, way, static run => run.CpuMicroseconds).Text("0.00"),
                    Of(kept, static run => run.QueriesPerSecond, "0"), Of(kept, static run => run.P95Milliseconds, "0.00"),
                    Ratio(runs, cell, way, static run => run.P95Milliseconds).Text("0.00"), Of(kept, static run => run.ServersMicroseconds, "0"),
                    Of(kept, static run => run.AllocatedBytes, "0.00"), Of(kept, static run => run.ReactorAllocatedBytes, "0.000"),
                    $"{runs.Count(run => run.Dropped && run.Way == way && run.Cell == cell)}");
            }
            table.Print(to);
            to.WriteLine();
        }
        var steal = Spread.Of(runs.Select(static run => run.StolenShare * 100));
        to.WriteLine($"stolen time per run: {steal.Text("0.0")} %; {runs.Count(static run => run.Dropped)} of {runs.Count} runs dropped for more than {options.StealLimit:P0}");
        if (double.IsFinite(idle.Bytes))
            to.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"CPU and bytes/stmt are of the whole process, what follows the replicas' positions included; with no statement running it uses {idle.Microseconds / 10_000:0.0} % of a processor and allocates {idle.Bytes:0} bytes/s"));
        to.WriteLine();
    }

    public static bool Bars(TextWriter to, CostOptions options, List<Run> runs)
    {
        if (!options.Ways.Contains(CostOptions.Proxy) || !options.Ways.Contains(CostOptions.Gateway)) return true;
        var bars = new Bars();
        foreach (var cell in options.Cells)
        {
            var cpu = Ratio(runs, cell, CostOptions.Gateway, static run => run.CpuMicroseconds);
            var kept = Kept(runs, cell, CostOptions.Gateway);
            if (cell is { Script: "oltp_point_select", Threads: 8 or 32 })
            {
                bars.Check(cpu.Median <= 1.0, $"CPU per query ≤ 1.0 × HAProxy's ({cell})", cpu.Text("0.00"));
                var user = Spread.Of(kept.Select(static run => run.UserMicroseconds));
                bars.Check(user.Median <= 4.0, $"own user time ≤ 4 µs ({cell})", user.Text("0.0"));
            }
            if (cell.Script == "oltp_read_write") bars.Check(cpu.Median <= 1.0, $"CPU per query ≤ 1.0 × HAProxy's ({cell})", cpu.Text("0.00"));
            if (cell.Threads == 8)
            {
                var p95 = Ratio(runs, cell, CostOptions.Gateway, static run => run.P95Milliseconds);
                bars.Check(p95.Median <= 1.1, $"p95 ≤ 1.1 × HAProxy's ({cell})", p95.Text("0.00"));
            }
        }
        // Half a byte: what is not of statements (the two looks at /metrics, a timer, a backend opened) is spread over some 100,000 of them.
        var reactors = Spread.Of(runs.Where(static run => run is { Dropped: false, Way: CostOptions.Gateway }).Select(static run => run.ReactorAllocatedBytes));
        if (reactors.Count > 0) bars.Check(reactors.Median < 0.5, "0 bytes allocated per statement on the reactor threads (all cells)", reactors.Text("0.000"));
        else
        {
            var process = Spread.Of(runs.Where(static run => run is { Dropped: false, Way: CostOptions.Gateway }).Select(static run => run.AllocatedBytes));
            bars.Check(process.Median < 0.5, "0 bytes allocated per statement (whole process, all cells)", process.Text("0.00"));
        }
        bars.Print(to);
        return bars.AllReached;
    }

    /// <summary>All when every run of a cell had its time stolen: then the "dropped" column says so.</summary>
    static List<Run> Kept(List<Run> runs, Cell cell, string way)
    {
        var all = runs.Where(run => run.Way == way && run.Cell == cell).ToList();
        var kept = all.Where(static run => !run.Dropped).ToList();
        return kept.Count > 0 ? kept : all;
    }

    static string Of(List<Run> runs, Func<Run, double> figure, string format) => Spread.Of(runs.Select(figure)).Text(format);

    /// <summary>Against HAProxy's run of the same round, so that a slow minute of the machine weighs on both.</summary>
    static Spread Ratio(List<Run> runs, Cell cell, string way, Func<Run, double> figure)
    {
        var proxy = Kept(runs, cell, CostOptions.Proxy).GroupBy(static run => run.Round).ToDictionary(static group => group.Key, static group => group.Last());
        return Spread.Of(Kept(runs, cell, way).Where(run => proxy.ContainsKey(run.Round)).Select(run => figure(run) / figure(proxy[run.Round])));
    }
}
