using System.Diagnostics;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;

namespace Headwater.Bench.Start;

/// <summary>From the command to the first answer through the gateway, with nothing there and with the data of last time; and back.</summary>
static class StartBench
{
    public static int Run(Arguments arguments)
    {
        var runs = arguments.Number("runs", 5, 1);
        var replicas = arguments.Number("replicas", 2);
        arguments.NothingElse();
        Machine.Print(Console.Out, ("mariadbd", "--version"));
        Console.WriteLine($"runs       {runs} × (first start in an empty directory, stop, next start, stop), {replicas} replicas; from the command until a read through the gateway is answered");
        var steal = new StolenTime();
        List<double> first = [], next = [], stop = [];
        for (var run = 0; run < runs; run++)
        {
            var directory = Cluster.FreshDirectory("bench-start");
            try
            {
                first.Add(StartOnce(directory, replicas, stop));
                next.Add(StartOnce(directory, replicas, stop));
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }
        Console.WriteLine();
        var table = new TextTable("seconds", "median (least–most)");
        table.Row("first start", Spread.Of(first).Text("0.00"));
        table.Row("next start", Spread.Of(next).Text("0.00"));
        table.Row("stop", Spread.Of(stop).Text("0.00"));
        table.Print(Console.Out);
        Console.WriteLine($"stolen time: {steal.ShareSinceLastLook():P1}");
        Console.WriteLine();
        var bars = new Bars();
        bars.Check(Spread.Of(first).Median <= 4, "first start ≤ 4 s", Spread.Of(first).Text("0.00") + " s");
        bars.Check(Spread.Of(next).Median <= 2, "next start ≤ 2 s", Spread.Of(next).Text("0.00") + " s");
        bars.Print(Console.Out);
        return bars.AllReached ? 0 : 1;
    }

    static double StartOnce(string directory, int replicas, List<double> stops)
    {
        var clock = Stopwatch.StartNew();
        using var cluster = Cluster.StartIn(directory, replicas, keep: true);
        using (var client = cluster.ThroughGateway()) client.Query("SELECT table_name FROM information_schema.tables LIMIT 1"u8);
        var seconds = clock.Elapsed.TotalSeconds;
        stops.Add(cluster.Stop().TotalSeconds);
        return seconds;
    }
}
