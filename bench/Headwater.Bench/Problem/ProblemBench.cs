using System.Globalization;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Problem;

/// <summary>
/// The problem that Headwater is for: do the writes suffer while the analysts' query runs? One server alone against a primary with two
/// replicas behind Headwater, each without and with the analysts.
///
/// The analysts use a listener bound to the tag analytics, which one replica has: their SQL does not know.
///
/// Here all servers share one machine, which replicas are not meant to: by sharing processors they cannot take load off each other. So it is
/// measured twice: with every server free to use every processor, and with the replica for analytics on processors of its own (the lone
/// server, or the primary with the other replica, have the first half), as a machine of its own would be. Both tables are printed.
/// </summary>
static class ProblemBench
{
    const int Users = 2_000, Posts = 20_000;

    public static int Run(Arguments arguments)
    {
        var seconds = arguments.Number("seconds", 8, 1);
        var rounds = arguments.Number("rounds", 2, 1);
        var likes = arguments.Number("likes", 200_000, 1000);
        var writers = arguments.Number("writers", 8, 1);
        var rate = arguments.Number("rate", 100, 1);
        var analysts = arguments.Number("analysts", 4, 1);
        var seed = arguments.Seed();
        var keep = arguments.Flag("keep");
        arguments.NothingElse();
        Machine.Print(Console.Out, ("mariadbd", "--version"));
        Console.WriteLine($"load       {writers} writers, {rate} writes/s in all, timed from when each was due; {analysts} analysts asking without pause for the most liked posts of the day");
        Console.WriteLine($"           ({likes:N0} likes, {Posts:N0} posts); {rounds} × {seconds} s a cell, seed {seed}. Through Headwater a write is acknowledged by a replica too (semi-synchronous).");
        var cells = new Dictionary<(bool Apart, string Setup, bool Analysts), List<ProblemResult>>();
        using (var alone = Cluster.Start("bench-problem-alone", replicas: 0, keep: keep))
            Measure(alone, "one server alone", () => alone.Directly(alone.Run.Primary), () => alone.Directly(alone.Run.Primary));
        using (var cluster = Cluster.Start("bench-problem", replicas: 2, keep: keep))
        using (var gateway = SecondGateway.Start(cluster, analytics: cluster.Run.Replicas[^1].Name))
        {
            var account = cluster.Run.Application;
            SqlClient By(int port) => SqlClient.Tcp("127.0.0.1", port, account.User, account.Password, account.Schema, TimeSpan.FromSeconds(60));
            Measure(cluster, "through Headwater", () => By(gateway.Port), () => By(gateway.AnalyticsPort));
        }
        return Report() ? 0 : 1;

        void Measure(Cluster cluster, string setup, Func<SqlClient> writer, Func<SqlClient> analyst)
        {
            Fill(cluster, likes);
            foreach (var apart in (bool[])[false, true])
            {
                Pin(cluster, apart);
                new ProblemLoad(writer, analyst, writers, rate, 1, Users, Posts, seed).Run(2);
                for (var round = 0; round < rounds; round++)
                    foreach (var withAnalysts in (bool[])[false, true])
                    {
                        var result = new ProblemLoad(writer, analyst, writers, rate, withAnalysts ? analysts : 0, Users, Posts, seed + (ulong)round).Run(seconds);
                        if (!cells.TryGetValue((apart, setup, withAnalysts), out var results)) cells[(apart, setup, withAnalysts)] = results = [];
                        results.Add(result);
                    }
            }
        }

        bool Report()
        {
            foreach (var apart in (bool[])[true, false])
            {
                Console.WriteLine();
                Console.WriteLine(apart ? "processors of its own for what serves the analysts (as a machine of its own has)" : "all servers share all processors");
                var table = new TextTable("writes, ms", "p50", "p95", "p99", "p95 × without analysts", "analyses/s", "one takes ms", "stolen");
                foreach (var setup in (string[])["one server alone", "through Headwater"])
                    foreach (var with in (bool[])[false, true])
                    {
                        var results = cells[(apart, setup, with)];
                        table.Row($"{setup}, {(with ? $"{analysts} analysts" : "no analysts")}", At(results, 0.5), At(results, 0.95), At(results, 0.99),
                            with ? (P95(apart, setup, true) / P95(apart, setup, false)).ToString("0.0", CultureInfo.InvariantCulture) : "",
                            with ? (results.Sum(static r => r.Analyses) / (double)(seconds * results.Count)).ToString("0.00", CultureInfo.InvariantCulture) : "",
                            with ? TextTable.Number(Spread.Of(results.Select(static r => r.AnalysisMedian)).Median, "0") : "",
                            results.Max(static r => r.StolenShare).ToString("P1", CultureInfo.InvariantCulture));
                    }
                table.Print(Console.Out);
            }
            Console.WriteLine();
            var bars = new Bars();
            var (lone, ours) = (P95(true, "one server alone", true), P95(true, "through Headwater", true));
            bars.Check(ours < lone, "p95 of writes while the analysts' query runs is lower through Headwater (processors of its own)",
                string.Create(CultureInfo.InvariantCulture, $"{ours:0.0} ms against {lone:0.0} ms"));
            bars.Print(Console.Out);
            return bars.AllReached;
        }

        double P95(bool apart, string setup, bool with) => Spread.Of(cells[(apart, setup, with)].Select(static r => r.Write(0.95))).Median;
    }

    static string At(List<ProblemResult> results, double share) => Spread.Of(results.Select(result => result.Write(share))).Text("0.0");

    static void Fill(Cluster cluster, int likes)
    {
        using (var primary = cluster.Directly(cluster.Run.Primary, patience: TimeSpan.FromMinutes(2)))
        {
            primary.Query("CREATE TABLE problem_user (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40) NOT NULL, seen DATETIME)");
            primary.Query("CREATE TABLE problem_post (id INT PRIMARY KEY AUTO_INCREMENT, author INT NOT NULL, created DATETIME NOT NULL, body VARCHAR(200) NOT NULL, KEY (created))");
            primary.Query("CREATE TABLE problem_like (id INT PRIMARY KEY AUTO_INCREMENT, post INT NOT NULL, user INT NOT NULL, created DATETIME NOT NULL, KEY (post), KEY (created))");
            primary.Query($"INSERT INTO problem_user (name) SELECT CONCAT('user', seq) FROM seq_1_to_{Users}");
            primary.Query($"INSERT INTO problem_post (author, created, body) SELECT 1 + MOD(seq * 7919, {Users}), NOW() - INTERVAL MOD(seq, 86400) SECOND, REPEAT(MD5(seq), 4) FROM seq_1_to_{Posts}");
            // A few posts have most of the likes, as everywhere; the same ones on every machine.
            for (var from = 1; from <= likes; from += 50_000)
                primary.Query($"INSERT INTO problem_like (post, user, created) SELECT 1 + FLOOR({Posts} * POW(MOD(seq * 48271, 65537) / 65537, 3)), 1 + MOD(seq * 104729, {Users}), NOW() - INTERVAL MOD(seq * 31, 43200) SECOND FROM seq_{from}_to_{Math.Min(likes, from + 49_999)}");
        }
        cluster.WaitForReplicas();
    }

    static void Pin(Cluster cluster, bool apart)
    {
        var (count, half) = (Environment.ProcessorCount, Math.Max(1, Environment.ProcessorCount / 2));
        var analytics = cluster.Run.Replicas.Count == 0 ? null : cluster.Run.Replicas[^1];
        foreach (var server in cluster.Run.Servers)
        {
            var processors = !apart ? $"0-{count - 1}" : server == analytics ? $"{Math.Min(half, count - 1)}-{count - 1}" : $"0-{half - 1}";
            var (exitCode, output) = ChildProcess.Run("taskset", ["-a", "-p", "-c", processors, $"{server.Pid}"], TimeSpan.FromSeconds(5));
            if (exitCode != 0) throw new UsageException($"taskset could not give {server.Name} its processors: {output}");
        }
    }
}
