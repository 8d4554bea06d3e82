using System.Diagnostics;
using System.Globalization;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Witness;

/// <summary>What a commit costs that a witness acknowledges, beside one that a replica does, and how fast a witness takes in a log.</summary>
static class WitnessBench
{
    static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };

    public static int Run(Arguments arguments)
    {
        var (seconds, rounds, megabytes) = (arguments.Number("seconds", 4, 1), arguments.Number("rounds", 3, 1), arguments.Number("megabytes", 600, 10));
        var keep = arguments.Flag("keep");
        arguments.NothingElse();
        Machine.Print(Console.Out, ("mariadbd", "--version"));
        Console.WriteLine($"witness    commits of one row at the primary, acknowledged by the replica alone or by the witness alone in turn, {seconds} s each, {rounds} rounds; then {megabytes} MB of log at once");
        using var cluster = Cluster.Start("bench-witness", replicas: 1, keep: keep, controlled: true, witness: true);
        using (var primary = cluster.Directly(cluster.Run.Primary))
        {
            primary.Query("CREATE TABLE w (id BIGINT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100))");
            primary.Query("CREATE TABLE big (id BIGINT PRIMARY KEY AUTO_INCREMENT, v LONGBLOB)");
        }
        Until(cluster, 2, "both acknowledge");
        using (var paused = Http.PostAsync(new Uri($"http://127.0.0.1:{cluster.HttpPort}/api/control/pause"), null).GetAwaiter().GetResult()) paused.EnsureSuccessStatusCode();

        var measured = new Dictionary<(string Who, int Clients), List<double[]>>();
        var bars = new Bars();
        for (var round = 0; round < rounds; round++)
            foreach (var byWitness in (bool[])[false, true])
            {
                Acknowledge(cluster, byWitness);
                foreach (var clients in (int[])[1, 8])
                {
                    var key = (byWitness ? "witness" : "replica", clients);
                    if (!measured.TryGetValue(key, out var all)) measured[key] = all = [];
                    all.Add(Commits(cluster, clients, seconds));
                }
            }
        var table = new TextTable("acknowledged by", "clients", "commits/s", "mean ms", "p50 ms", "p95 ms", "p99 ms");
        foreach (var clients in (int[])[1, 8])
            foreach (var who in (string[])["replica", "witness"])
            {
                Spread Of(Func<double[], double> what) => Spread.Of(measured[(who, clients)].Select(what));
                table.Row(who, $"{clients}", Of(all => all.Length / (double)seconds).Text("0"), Of(static all => all.Average()).Text("0.00"), Of(static all => Spread.Percentile(all, 0.5)).Text("0.00"),
                    Of(static all => Spread.Percentile(all, 0.95)).Text("0.00"), Of(static all => Spread.Percentile(all, 0.99)).Text("0.00"));
            }
        Console.WriteLine();
        table.Print(Console.Out);
        foreach (var clients in (int[])[1, 8])
        {
            double Ratio(Func<double[], double> what) => Spread.Of(measured[("witness", clients)].Select(what)).Median / Spread.Of(measured[("replica", clients)].Select(what)).Median;
            var (mean, p50, p95) = (Ratio(static all => all.Average()), Ratio(static all => Spread.Percentile(all, 0.5)), Ratio(static all => Spread.Percentile(all, 0.95)));
            bars.Check(mean <= 1.2, $"a commit waits at most 1.2 × as long for the witness as for the replica, {clients} clients", string.Create(CultureInfo.InvariantCulture, $"mean {mean:0.00}, p50 {p50:0.00}, p95 {p95:0.00}"));
        }
        Console.WriteLine();
        Intake(cluster, megabytes, bars);
        Console.WriteLine();
        bars.Print(Console.Out);
        return bars.AllReached ? 0 : 1;
    }

    /// <summary>The witness is stopped while a log is written, and then takes it in as fast as it can; a copy by dd says what the disk can do.</summary>
    static void Intake(Cluster cluster, int megabytes, Bars bars)
    {
        Acknowledge(cluster, byWitness: false);
        using var witness = WitnessClient(cluster);
        witness.Query("STOP SLAVE");
        using var primary = cluster.Directly(cluster.Run.Primary, patience: TimeSpan.FromMinutes(2));
        for (var i = 0; i < megabytes / 4; i++) primary.Query("INSERT INTO big (v) VALUES (REPEAT(MD5(RAND()), 131072))");
        using var admin = cluster.Directly(cluster.Run.Primary, cluster.Run.Administrator);
        var end = admin.Scalar("SELECT @@gtid_binlog_pos");
        var directory = Path.Combine(cluster.Directory, "state", "witness");
        long Bytes() => Directory.GetFiles(directory, "log.*").Sum(static file => new FileInfo(file).Length);
        var before = Bytes();
        var cpu = ProcStat.CpuOf(cluster.Run.Gateway.Pid);
        var begun = Stopwatch.GetTimestamp();
        witness.Query("START SLAVE");
        while (witness.Scalar("SELECT @@gtid_slave_pos") != end)
        {
            if (Stopwatch.GetElapsedTime(begun).TotalSeconds > 120) throw new UsageException("the witness did not take the log in within 120 s");
            Thread.Sleep(5);
        }
        var taken = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var size = (Bytes() - before) / 1e6;
        var used = (ProcStat.CpuOf(cluster.Run.Gateway.Pid) - cpu).Total / 1e6;
        var target = Path.Combine(directory, "dd");
        var clock = Stopwatch.StartNew();
        var (code, said) = ChildProcess.Run("dd", ["if=/dev/zero", $"of={target}", "bs=1M", $"count={(int)size}", "conv=fdatasync"], TimeSpan.FromMinutes(2));
        var limit = size / clock.Elapsed.TotalSeconds;
        File.Delete(target);
        if (code != 0) throw new UsageException($"dd: {said}");
        Console.WriteLine($"intake     {size:0} MB in {taken:0.00} s: {size / taken:0} MB/s, {used:0.0} s of processor in all of headwater up; dd writes the same to this disk at {limit:0} MB/s");
        bars.Check(size / taken >= 100, "≥ 100 MB/s of log, or what the disk can do", $"{size / taken:0} MB/s, the disk {limit:0}");
    }

    static SqlClient WitnessClient(Cluster cluster)
    {
        var monitor = cluster.Monitor();
        var port = int.Parse(File.ReadAllText(Path.Combine(cluster.Directory, "state", "witness", "port")), CultureInfo.InvariantCulture);
        return SqlClient.Tcp("127.0.0.1", port, monitor.User, monitor.Password, null);
    }

    static void Acknowledge(Cluster cluster, bool byWitness)
    {
        using var root = Cluster.AsRoot(cluster.Run.Replicas[0]);
        using var witness = WitnessClient(cluster);
        // Who begins first, so that no commit waits for nobody.
        foreach (var begins in (bool[])[true, false])
        {
            var (client, on) = byWitness == begins ? (witness, begins) : (root, begins);
            client.Query($"SET GLOBAL rpl_semi_sync_slave_enabled = {(on ? "ON" : "OFF")}");
            client.Query("STOP SLAVE IO_THREAD");
            client.Query("START SLAVE IO_THREAD");
            if (begins) Thread.Sleep(1000);
        }
        // The first one may wait for an answer that was lost with a receiver; who would put that right is paused.
        using var first = cluster.Directly(cluster.Run.Primary, patience: TimeSpan.FromMinutes(1));
        for (var i = 0; i < 20; i++) first.Query("INSERT INTO w (v) VALUES ('first')");
        Until(cluster, 1, $"only the {(byWitness ? "witness" : "replica")} acknowledges");
        Thread.Sleep(300);
    }

    static void Until(Cluster cluster, int acknowledgers, string what)
    {
        using var root = Cluster.AsRoot(cluster.Run.Primary);
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(20))
        {
            root.Query("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'");
            if (root.Text(0, 1) == acknowledgers.ToString(CultureInfo.InvariantCulture)) return;
            if (clock.Elapsed.TotalSeconds > 30) throw new UsageException($"waited 30 s for: {what}");
        }
    }

    /// <summary>Milliseconds of each commit, sorted.</summary>
    static double[] Commits(Cluster cluster, int clients, int seconds)
    {
        var until = Stopwatch.GetTimestamp() + seconds * Stopwatch.Frequency;
        var all = new List<double>[clients];
        Exception? trouble = null;
        var threads = Enumerable.Range(0, clients).Select(i => new Thread(() =>
        {
            try
            {
                using var client = cluster.Directly(cluster.Run.Primary);
                var mine = all[i] = [];
                for (var at = Stopwatch.GetTimestamp(); at < until;)
                {
                    client.Query("INSERT INTO w (v) VALUES ('a row of about fifty bytes, as rows are')");
                    var done = Stopwatch.GetTimestamp();
                    mine.Add((done - at) * 1000.0 / Stopwatch.Frequency);
                    at = done;
                }
            }
            catch (Exception e)
            {
                trouble = e;
            }
        }, 256 * 1024)).ToList();
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());
        if (trouble is not null) throw new UsageException($"a client failed: {trouble.Message}");
        double[] sorted = [.. all.SelectMany(static one => one)];
        Array.Sort(sorted);
        return sorted;
    }
}
