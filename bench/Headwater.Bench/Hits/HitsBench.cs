using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Hits;

/// <summary>What a kept result costs: beside a GET of redis, the gateway without keeping, and the database asked directly, by the same clients in the same run.</summary>
static class HitsBench
{
    const int Keys = 1000, ValueBytes = 120;

    sealed record Way(string Name, Func<int> Pid, Func<Func<int, int>> Open);
    sealed record Measured(double PerSecond, double P50, double P95, double CpuMicroseconds, double UserMicroseconds);

    public static int Run(Arguments arguments)
    {
        var (seconds, clients, rounds) = (arguments.Number("seconds", 3, 1), arguments.Number("clients", 8, 1), arguments.Number("rounds", 3, 1));
        var (keep, seed) = (arguments.Flag("keep"), arguments.Seed());
        arguments.NothingElse();
        Machine.Print(Console.Out, ("mariadbd", "--version"), ("redis-server", "--version"));
        Console.WriteLine($"load       {clients} clients, each one question after another, {Keys} keys of {ValueBytes} bytes by chance, {seconds} s a run, {rounds} rounds in turn, seed {seed}");
        using var cluster = Cluster.Start("bench-hits", replicas: 1, keep: keep, caches: true);
        using var second = SecondGateway.Start(cluster);
        var redisPort = Cluster.FreePort();
        using var redis = RedisClient.StartServer(cluster.Directory, redisPort);
        Fill(cluster, redisPort);
        var primary = cluster.Run.Primary;
        Func<int, int> Sql(SqlClient client)
        {
            var sql = new SqlText();
            return key =>
            {
                client.Query(sql.Begin("SELECT v FROM hits WHERE id = "u8).Add(key).Bytes);
                return client.Rows;
            };
        }
        List<Way> ways =
        [
            new("kept result, through Headwater", () => cluster.Run.Gateway.Pid, () => Sql(cluster.ThroughGateway())),
            new("redis GET", () => redis.Id, () => new RedisClient(redisPort).Get),
            new("point select, through Headwater without keeping", () => second.Pid, () => Sql(SqlClient.Tcp("127.0.0.1", second.Port, cluster.Run.Application.User, cluster.Run.Application.Password, cluster.Run.Application.Schema))),
            new("point select, directly", () => primary.Pid, () => Sql(cluster.Directly(primary))),
        ];
        var results = ways.ToDictionary(static way => way, static _ => new List<Measured>());
        foreach (var way in ways) Measure(way, clients, 1, seed);
        for (var round = 0; round < rounds; round++)
            foreach (var way in ways) results[way].Add(Measure(way, clients, seconds, seed + (ulong)round));
        var table = new TextTable("by", "answers/s", "p50 ms", "p95 ms", "processor µs an answer", "of it user");
        foreach (var way in ways)
        {
            Spread Of(Func<Measured, double> what) => Spread.Of(results[way].Select(what));
            table.Row(way.Name, Of(static m => m.PerSecond).Text("0"), Of(static m => m.P50).Text("0.00"), Of(static m => m.P95).Text("0.00"), Of(static m => m.CpuMicroseconds).Text("0.0"), Of(static m => m.UserMicroseconds).Text("0.0"));
        }
        Console.WriteLine();
        table.Print(Console.Out);
        var metrics = cluster.Metrics();
        double Hits() => metrics.Of("headwater_routes_total", "reason", "kept_result");
        Console.WriteLine();
        Console.WriteLine($"{TextTable.Count((long)Hits())} of {TextTable.Count((long)(metrics.Sum("headwater_reads_total") ?? 0))} reads at the first gateway were answered by a kept result. The processor's time of a point select is that of the one process named; the servers behind the gateway come on top.");
        var (code, said) = ChildProcess.Run("redis-benchmark", ["-p", $"{redisPort}", "-t", "get", "-c", $"{clients}", "-n", "200000", "-d", $"{ValueBytes}", "--csv"], TimeSpan.FromMinutes(1));
        Console.WriteLine($"redis-benchmark's own client (-c {clients}, -d {ValueBytes}): {(code == 0 ? said.Trim().Split('\n')[^1] : said)}");
        return 0;
    }

    static void Fill(Cluster cluster, int redisPort)
    {
        using var primary = cluster.ThroughGateway();
        primary.Query("CREATE TABLE hits (id INT PRIMARY KEY, v VARCHAR(200) NOT NULL)");
        var value = new string('x', ValueBytes);
        for (var from = 0; from < Keys; from += 100) primary.Query("INSERT INTO hits VALUES " + string.Join(',', Enumerable.Range(from, 100).Select(id => $"({id},'{value}')")));
        cluster.WaitForReplicas();
        for (var patience = Stopwatch.StartNew(); ;)
            try
            {
                using var client = new RedisClient(redisPort);
                for (var id = 0; id < Keys; id++) client.Set(id, value);
                break;
            }
            catch (SocketException) when (patience.Elapsed < TimeSpan.FromSeconds(10))
            {
                Thread.Sleep(50);
            }
        // Until the gateway knows the table's log, and has kept each row once and seen the primary since.
        for (var round = 0; round < 3; round++)
        {
            Thread.Sleep(700);
            for (var id = 0; id < Keys; id++) primary.Query(string.Create(CultureInfo.InvariantCulture, $"SELECT v FROM hits WHERE id = {id}"));
        }
    }

    static Measured Measure(Way way, int clients, int seconds, ulong seed)
    {
        var latencies = new List<double>[clients];
        var pid = way.Pid();
        var before = ProcStat.CpuOf(pid);
        var begun = Stopwatch.GetTimestamp();
        var until = begun + seconds * Stopwatch.Frequency;
        Exception? trouble = null;
        var threads = Enumerable.Range(0, clients).Select(i => new Thread(() =>
        {
            try
            {
                var ask = way.Open();
                var chance = Chance.For(seed, i);
                var mine = latencies[i] = [];
                for (var at = Stopwatch.GetTimestamp(); at < until;)
                {
                    if (ask(chance.Below(Keys)) < 1) throw new UsageException($"{way.Name} gave no row");
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
        if (trouble is not null) throw new UsageException($"{way.Name}: {trouble.Message}");
        var elapsed = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var cpu = ProcStat.CpuOf(pid) - before;
        double[] all = [.. latencies.SelectMany(static one => one)];
        Array.Sort(all);
        return new Measured(all.Length / elapsed, Spread.Percentile(all, 0.5), Spread.Percentile(all, 0.95), cpu.Total / all.Length, cpu.User / all.Length);
    }
}
