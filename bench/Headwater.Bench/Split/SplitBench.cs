using System.Diagnostics;
using System.Globalization;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Split;

/// <summary>How many reads level session lets replicas serve while they are late by a fixed time, and what the primary has to do for it.</summary>
static class SplitBench
{
    public static int Run(Arguments arguments)
    {
        var seconds = arguments.Number("seconds", 15, 1);
        var sessions = arguments.Number("sessions", 32, 1);
        var writes = arguments.Number("writes", 5);
        var rate = arguments.Number("rate", 2000);
        var lag = arguments.Number("lag", 50);
        var elsewhere = arguments.Flag("elsewhere");
        var keep = arguments.Flag("keep");
        var seed = arguments.Seed();
        arguments.NothingElse();
        Machine.Print(Console.Out, ("mariadbd", "--version"));
        Console.WriteLine($"load       {sessions} sessions at level session, {writes} % writes, {(rate == 0 ? "as fast as it goes" : $"{rate} statements/s in all")}, {seconds} s, seed {seed}");
        Console.WriteLine($"lag        the primary's log reaches the replicas {lag} ms later, by a relay. Semi-synchronous replication is off here: with it a commit");
        Console.WriteLine("           would wait for the same wire, and the client's next read would find the replica nearly level.");
        Console.WriteLine("audit      off: reads that are looked at again are statements on the primary, and where a read ran is told here by rows that differ from server to server");
        if (elsewhere) Console.WriteLine("tables     writes go to another table than reads, but for one read in fifty, which is of what the session wrote");
        using var cluster = Cluster.Start("bench-split", keep: keep, audited: 0);
        using var relay = new DelayRelay(cluster.Run.Primary.Port, TimeSpan.FromMilliseconds(lag));
        Prepare(cluster, relay, sessions);
        var measuredLag = MeasureLag(cluster, samples: 12);
        var pause = rate == 0 ? 0 : 1000.0 * sessions / rate;
        List<SplitLoad> Sessions(ulong of, int share, double rest) => [.. Enumerable.Range(0, sessions).Select(i => new SplitLoad(i, cluster, sessions, share, rest, of, elsewhere))];
        // In use for an hour, so to speak: what is hot is compiled, and of each server there are as many backends as this load can ever need at once,
        // each set up by one statement when it was opened.
        Load(Sessions(seed + 1, writes, 0), 2);
        OpenAsManyBackendsAsSessions(cluster, sessions);
        cluster.WaitForReplicas();
        Thread.Sleep(500);
        var loads = Sessions(seed, writes, pause);
        var before = UserCommands.OnPrimary(cluster);
        Load(loads, seconds);
        Thread.Sleep(200);
        var commands = UserCommands.OnPrimary(cluster).Since(before);
        return Report(cluster, loads, commands, measuredLag, seconds, lag, elsewhere) ? 0 : 1;
    }

    static void Prepare(Cluster cluster, DelayRelay relay, int sessions)
    {
        using (var primary = cluster.Directly(cluster.Run.Primary))
        {
            primary.Query("CREATE TABLE split_row (k INT PRIMARY KEY, version BIGINT NOT NULL)");
            primary.Query("CREATE TABLE split_other (k INT PRIMARY KEY, version BIGINT NOT NULL)");
            primary.Query("CREATE TABLE split_where (server TINYINT PRIMARY KEY)");
            primary.Query("CREATE TABLE split_lag (k INT PRIMARY KEY, version BIGINT NOT NULL)");
            primary.Query("INSERT INTO split_lag VALUES (1, 0)");
            foreach (var table in (string[])["split_row", "split_other"]) primary.Query($"INSERT INTO {table} VALUES " + string.Join(',', Enumerable.Range(0, sessions).Select(static k => $"({k},0)")));
        }
        cluster.WaitForReplicas();
        using (var root = Cluster.AsRoot(cluster.Run.Primary))
        {
            root.Query("SET GLOBAL rpl_semi_sync_master_enabled = OFF");
            root.Query("SET GLOBAL userstat = ON");
        }
        for (var i = 0; i < cluster.Run.Servers.Count; i++)
        {
            using var root = Cluster.AsRoot(cluster.Run.Servers[i], cluster.Run.Application.Schema);
            root.Query("SET SESSION sql_log_bin = 0");
            root.Query($"INSERT INTO split_where VALUES ({i})");
            if (cluster.Run.Servers[i].Role == "primary") continue;
            root.Query("STOP SLAVE");
            root.Query($"CHANGE MASTER TO MASTER_PORT = {relay.Port}");
            root.Query("START SLAVE");
        }
        cluster.WaitForReplicas();
        Thread.Sleep(1000);
    }

    static void OpenAsManyBackendsAsSessions(Cluster cluster, int sessions)
    {
        foreach (var begin in (string[])["START TRANSACTION", "START TRANSACTION READ ONLY"])
        {
            var clients = Enumerable.Range(0, sessions).Select(_ => cluster.ThroughGateway()).ToList();
            foreach (var client in clients)
            {
                client.Query(begin);
                client.Query("SELECT COUNT(*) FROM split_row");
            }
            foreach (var client in clients) client.Query("COMMIT");
            clients.ForEach(static client => client.Dispose());
        }
    }

    /// <summary>From the acknowledgement of a write at the primary to the moment when a replica shows it, found by asking without pause.</summary>
    static Spread MeasureLag(Cluster cluster, int samples)
    {
        using var primary = cluster.Directly(cluster.Run.Primary, cluster.Run.Administrator);
        using var replica = cluster.Directly(cluster.Run.Replicas[0], cluster.Run.Administrator);
        var measured = new List<double>();
        for (var version = 1; version <= samples; version++)
        {
            primary.Query($"UPDATE split_lag SET version = {version}");
            var begun = Stopwatch.GetTimestamp();
            while (replica.Scalar("SELECT version FROM split_lag") != version.ToString(CultureInfo.InvariantCulture))
                if (Stopwatch.GetElapsedTime(begun).TotalSeconds > 10) throw new UsageException("a replica did not show a write within 10 s");
            measured.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
        return Spread.Of(measured);
    }

    static void Load(List<SplitLoad> loads, int seconds)
    {
        var until = Stopwatch.GetTimestamp() + seconds * Stopwatch.Frequency;
        Exception? trouble = null;
        var threads = loads.Select(load => new Thread(() =>
        {
            try
            {
                load.Run(until);
            }
            catch (Exception e)
            {
                trouble = e;
            }
        }, 256 * 1024)).ToList();
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());
        if (trouble is not null) throw new UsageException($"a session of the load failed: {trouble.Message}");
    }

    static bool Report(Cluster cluster, List<SplitLoad> loads, UserCommands commands, Spread lag, int seconds, int asked, bool elsewhere)
    {
        var reads = loads.Sum(static l => l.Reads);
        var fromPrimary = loads.Sum(static l => l.ReadsFromPrimary);
        var writes = loads.Sum(static l => l.Writes);
        var back = loads.Sum(static l => l.ReadsBack);
        var backFromPrimary = loads.Sum(static l => l.ReadsBackFromPrimary);
        var share = reads == 0 ? 0 : 1 - (double)fromPrimary / reads;
        Console.WriteLine($"measured   lag {lag.Text("0")} ms (acknowledged at the primary until shown by {cluster.Run.Replicas[0].Name})");
        Console.WriteLine();
        var table = new TextTable("reads", "count", "from replicas", "share", "p50 ms", "p95 ms", "p99 ms");
        Row(table, "all", reads, reads - fromPrimary, [.. loads.SelectMany(static l => l.Latencies.Reads.Concat(l.Latencies.SoonAfterWrite))]);
        Row(table, "right after the own write", back, back - backFromPrimary, []);
        Row(table, "within 100 ms of the own write", -1, -1, [.. loads.SelectMany(static l => l.Latencies.SoonAfterWrite)]);
        Row(table, "later", -1, -1, [.. loads.SelectMany(static l => l.Latencies.Reads)]);
        table.Print(Console.Out);
        Console.WriteLine();
        var application = cluster.Run.Application.User;
        var (selects, updates, others) = commands.Of(application);
        var extra = selects - fromPrimary + (updates - writes) + others;
        Console.WriteLine($"on the primary as {application}: {selects} selects ({fromPrimary} reads were routed there), {updates} writes ({writes} were sent), {others} others: {extra} extra statements ({commands.Connections(application)} connections were opened meanwhile, which takes a statement each)");
        foreach (var user in commands.Users.Where(user => user != application))
        {
            var (s, u, o) = commands.Of(user);
            if (s + u + o > 0) Console.WriteLine($"on the primary as {user}: {s + u + o} statements, {(s + u + o) / (double)seconds:0.0} a second whatever the number of sessions (control connection)");
        }
        Console.WriteLine();
        var bars = new Bars();
        bars.Check(lag.Median > 0.7 * asked && lag.Median < asked + 50, $"the lag is ~{asked} ms", lag.Text("0") + " ms");
        foreach (var reason in (string[])["unchanged_since", "stays_on_replica", "least_busy_copy", "waits_for_replica", "kept_result", "catch_up_too_slow"])
            if (cluster.Metrics().Of("headwater_routes_total", "reason", reason) is > 0 and var count) Console.WriteLine($"routes     {reason}: {TextTable.Count((long)count)}");
        if (elsewhere) Console.WriteLine();
        bars.Check(share >= 0.9, "≥ 90 % of reads at level session are served by replicas", share.ToString("P1", CultureInfo.InvariantCulture));
        var opened = commands.Connections(application);
        bars.Check(extra == 0, "0 extra statements on the primary", $"{extra}{(opened > 0 ? $", {opened} of them to set up a backend connection" : "")}");
        bars.Check(loads.Sum(static l => l.Stale) == 0, "every session reads what it wrote", $"{loads.Sum(static l => l.Stale)} stale");
        bars.Print(Console.Out);
        return bars.AllReached;
    }

    static void Row(TextTable table, string name, long count, long fromReplicas, double[] milliseconds)
    {
        Array.Sort(milliseconds);
        string At(double share) => TextTable.Number(Spread.Percentile(milliseconds, share), "0.0");
        table.Row(name, TextTable.Count(count < 0 ? milliseconds.Length : count), fromReplicas < 0 ? "" : TextTable.Count(fromReplicas),
            fromReplicas < 0 || count == 0 ? "" : ((double)fromReplicas / count).ToString("P1", CultureInfo.InvariantCulture), At(0.5), At(0.95), At(0.99));
    }
}
