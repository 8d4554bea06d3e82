using System.Diagnostics;
using System.Globalization;
using System.Net;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Memory;

/// <summary>What idle sessions and a slow reader cost the gateway's process: resident memory above what it had before.</summary>
static class MemoryBench
{
    const double Megabyte = 1e6;

    public static int Run(Arguments arguments)
    {
        var sessions = arguments.Number("sessions", 10_000, 1);
        var seconds = arguments.Number("seconds", 20, 2);
        var readers = arguments.Number("readers", 1);
        var keep = arguments.Flag("keep");
        arguments.NothingElse();
        Machine.Print(Console.Out, ("mariadbd", "--version"));
        var bars = new Bars();
        var table = new TextTable("gateway process", "resident MB", "above before");
        if (sessions > 0)
            using (var cluster = Cluster.Start("bench-memory", replicas: 1, keep: keep)) Idle(cluster, sessions, table, bars);
        if (readers > 0)
            using (var cluster = Cluster.Start("bench-memory", replicas: 1, keep: keep)) SlowReader(cluster, readers, seconds, table, bars);
        Console.WriteLine();
        table.Print(Console.Out);
        Console.WriteLine();
        bars.Print(Console.Out);
        return bars.AllReached ? 0 : 1;
    }

    static void Idle(Cluster cluster, int count, TextTable table, Bars bars)
    {
        var pid = cluster.Run.Gateway.Pid;
        var empty = Settled(cluster, pid, table, "empty, one statement served", null);
        var sessions = new SqlClient[count];
        var clock = Stopwatch.StartNew();
        // A thread each would measure threads; four open them in turn, from several addresses so that no address runs out of ports.
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            var account = cluster.Run.Application;
            sessions[i] = SqlClient.Tcp(cluster.Run.Gateway.Address, cluster.Run.Gateway.Port, account.User, account.Password, account.Schema, TimeSpan.FromSeconds(60),
                new IPAddress([127, 0, 0, (byte)(2 + i / 5000)]));
        });
        var opened = clock.Elapsed;
        var loggedIn = Settled(cluster, pid, table, $"{count:N0} sessions logged in, idle", empty);
        Parallel.ForEach(sessions, new ParallelOptions { MaxDegreeOfParallelism = 4 }, static session =>
        {
            session.Query("SET NAMES utf8mb4"u8);
            session.Query("SELECT 1"u8);
        });
        var used = Settled(cluster, pid, table, $"{count:N0} sessions, each has run two statements, idle", empty);
        var one = sessions[count / 2].Scalar("SELECT 42");
        foreach (var session in sessions) session.Dispose();
        Thread.Sleep(2000);
        Settled(cluster, pid, table, "all closed", empty);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} sessions logged in within {opened.TotalSeconds:0.0} s; one of them still answers: {one == "42"}"));
        var most = Math.Max(loggedIn, used) - empty;
        bars.Check(most <= 100 * Megabyte, $"{count:N0} idle sessions: ≤ 100 MB above the empty process", $"{most / Megabyte:0.0} MB, {most / count:0} bytes a session");
    }

    static double Settled(Cluster cluster, int pid, TextTable table, string what, double? before)
    {
        if (before is null)
            using (var client = cluster.ThroughGateway()) client.Query("SELECT 1"u8);
        Thread.Sleep(1500);
        var resident = (double)ProcStat.StatusBytes(pid, "VmRSS");
        table.Row(what, $"{resident / Megabyte:0.0}", before is { } empty ? $"{(resident - empty) / Megabyte:+0.0;-0.0}" : "");
        return resident;
    }

    static void SlowReader(Cluster cluster, int readers, int seconds, TextTable table, Bars bars)
    {
        const int PerSecond = 1_000_000, StepsPerSecond = 20;
        var pid = cluster.Run.Gateway.Pid;
        var before = Settled(cluster, pid, table, "empty, one statement served (new process)", null);
        var clients = Enumerable.Range(0, readers).Select(_ => cluster.ThroughGateway()).ToList();
        // A million rows of 1,000 characters: 1 GB, which the server makes as it sends.
        foreach (var client in clients) client.Send("SELECT seq, REPEAT('x', 1000) FROM seq_1_to_1000000"u8);
        var buffer = new byte[PerSecond / StepsPerSecond];
        long read = 0;
        double peak = 0;
        var clock = Stopwatch.StartNew();
        for (var step = 0; step < seconds * StepsPerSecond; step++)
        {
            foreach (var client in clients) read += client.ReceiveRaw(buffer);
            peak = Math.Max(peak, ProcStat.StatusBytes(pid, "VmRSS"));
            var ahead = TimeSpan.FromSeconds((step + 1.0) / StepsPerSecond) - clock.Elapsed;
            if (ahead > TimeSpan.Zero) Thread.Sleep(ahead);
        }
        table.Row($"peak while {readers} client{(readers == 1 ? " reads" : "s read")} 1 GB at 1 MB/s", $"{peak / Megabyte:0.0}", $"{(peak - before) / Megabyte:+0.0;-0.0}");
        Console.WriteLine($"slow reader: {read / Megabyte:0.0} MB of the 1 GB result read in {clock.Elapsed.TotalSeconds:0.0} s, then given up");
        foreach (var client in clients) client.Dispose();
        bars.Check(read > 0.8 * PerSecond * seconds * readers, "the slow client gets what it asks for", $"{read / Megabyte / clock.Elapsed.TotalSeconds / readers:0.00} MB/s");
        bars.Check((peak - before) / readers <= 20 * Megabyte, "a 1 GB result to a client that reads 1 MB/s: ≤ 20 MB above", $"{(peak - before) / Megabyte:0.0} MB");
        using var other = cluster.ThroughGateway();
        bars.Check(other.Scalar("SELECT 42") == "42", "the gateway goes on after the client has left in the middle", "it answers");
    }
}
