using System.Diagnostics;
using System.Text.Json;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Verify;

/// <summary>One flipped byte among many rows of one replica: is it found, how fast, and what does looking cost the servers?</summary>
static class VerifyBench
{
    const int RowsPerInsert = 100_000;

    public static int Run(Arguments arguments)
    {
        var rows = arguments.Number("rows", 10_000_000, 1000);
        var replicas = arguments.Number("replicas", 2, 1);
        var seed = arguments.Seed();
        var keep = arguments.Flag("keep");
        arguments.NothingElse();
        Machine.Print(Console.Out, ("mariadbd", "--version"));
        Console.WriteLine($"seed       {seed}");
        var steal = new StolenTime();
        using var cluster = Cluster.Start("bench-verify", replicas, keep);
        Fill(cluster, rows);

        var flipped = 1 + (int)(seed % (ulong)rows);
        var victim = cluster.Run.Replicas[^1];
        using (var root = Cluster.AsRoot(victim, cluster.Run.Application.Schema))
        {
            root.Query("SET SESSION sql_log_bin=0"u8);
            root.Query($"UPDATE verified SET note = CONCAT(LEFT(note, 11), CHAR(ASCII(SUBSTR(note, 12)) ^ 1), SUBSTR(note, 13)) WHERE id = {flipped}");
        }

        var pids = cluster.Run.Servers.ToDictionary(static server => server.Name, static server => server.Pid);
        var before = pids.ToDictionary(static pair => pair.Key, static pair => ProcStat.CpuOf(pair.Value));
        var clock = Stopwatch.StartNew();
        var (code, output) = ChildProcess.Run(Cluster.Program, ["verify", "--dir", Path.Combine(cluster.Directory, "state"), "--json"], TimeSpan.FromMinutes(30));
        var seconds = clock.Elapsed.TotalSeconds;
        var table = new TextTable("server", "CPU s", "CPU µs/row", "of one processor");
        foreach (var server in cluster.Run.Servers)
        {
            var used = (ProcStat.CpuOf(server.Pid) - before[server.Name]).Total / 1e6;
            table.Row($"{server.Name} ({server.Role})", $"{used:0.00}", $"{used * 1e6 / rows:0.00}", $"{used / seconds:P0}");
        }

        var (found, falsely, sentence) = Judge(output, victim.Name, flipped);
        Console.WriteLine();
        Console.WriteLine($"rows       {rows:N0} on a primary and {replicas} replicas; row {flipped:N0} of {victim.Name} has one bit of one byte flipped");
        Console.WriteLine($"time       {seconds:0.0} s, {rows / seconds:N0} rows/s; exit code {code}");
        Console.WriteLine($"found      {sentence}");
        Console.WriteLine();
        table.Print(Console.Out);
        Console.WriteLine($"stolen time: {steal.ShareSinceLastLook():P1}");
        Console.WriteLine();
        var bars = new Bars();
        bars.Check(found, "the flipped byte is found and named", sentence);
        bars.Check(falsely == 0, "nothing else is called different", $"{falsely}");
        bars.Print(Console.Out);
        return bars.AllReached ? 0 : 1;
    }

    static void Fill(Cluster cluster, int rows)
    {
        var clock = Stopwatch.StartNew();
        using var primary = cluster.Directly(cluster.Run.Primary, patience: TimeSpan.FromMinutes(5));
        primary.Query("CREATE TABLE verified (id BIGINT PRIMARY KEY, customer INT NOT NULL, amount DECIMAL(10,2) NULL, at DATETIME(3) NOT NULL, note VARCHAR(60) NOT NULL) CHARSET utf8mb4"u8);
        for (var from = 1; from <= rows; from += RowsPerInsert)
        {
            primary.Query($"INSERT INTO verified SELECT seq, seq * 7919 % 100000, seq / 7, '2024-01-01' + INTERVAL seq SECOND, MD5(seq) FROM seq_{from}_to_{Math.Min(rows, from + RowsPerInsert - 1)}");
            // One at a time, so that relay logs stay small and the replicas are there when the rows are.
            cluster.WaitForReplicas();
        }
        Console.WriteLine($"filled     {rows:N0} rows in {clock.Elapsed.TotalSeconds:0.0} s");
    }

    static (bool Found, long Falsely, string Sentence) Judge(string output, string victim, int flipped)
    {
        try
        {
            using var report = JsonDocument.Parse(output);
            var named = report.RootElement.GetProperty("tables").EnumerateArray()
                .SelectMany(static table => table.GetProperty("copies").EnumerateArray().Select(copy => (Table: table.GetProperty("table").GetString(), Copy: copy)))
                .SelectMany(static pair => pair.Copy.GetProperty("rows").EnumerateArray().Select(row => (pair.Table, Replica: pair.Copy.GetProperty("replica").GetString(), Row: row))).ToList();
            var ours = named.Where(row => row.Replica == victim && row.Row.GetProperty("key").GetString() == $"id = {flipped}").ToList();
            if (ours.Count == 0) return (false, named.Count, "no");
            var column = ours[0].Row.GetProperty("columns")[0];
            return (true, named.Count - 1, $"{ours[0].Table} on {victim}, id = {flipped}, {column.GetProperty("column").GetString()}: primary {column.GetProperty("primary").GetString()}, replica {column.GetProperty("replica").GetString()}");
        }
        catch (JsonException)
        {
            return (false, 0, $"no report came: {output.Trim()}");
        }
    }
}
