using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>
/// Faults on real servers under load, one round after the other; then what every session was told is held against what every server has.
/// </summary>
static class ChaosRun
{
    static readonly TimeSpan HealWithin = TimeSpan.FromSeconds(60);
    static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    sealed record Round(string Fault, string Detail, long At, double HealedSeconds);

    public static int Run(Arguments arguments)
    {
        var options = ChaosOptions.Parse(arguments);
        Machine.Print(Console.Out, ("mariadbd", "--version"));
        return Run(options, Console.Out).AllReached ? 0 : 1;
    }

    /// <summary>Violations are wrong on any machine; the bars on time are for one that is not busy with other things.</summary>
    public static (int Violations, bool AllReached) Run(ChaosOptions options, TextWriter to)
    {
        to.WriteLine($"chaos      {options.Rounds} rounds of {string.Join(", ", options.Faults)}; {options.Sessions} sessions over two gateways, rpo zero, seed {options.Seed}");
        using var cluster = Cluster.Start("bench-chaos", options.Replicas, options.Keep, controlled: true);
        Prepare(cluster);
        var ledger = new ChaosLedger();
        using var end = new CancellationTokenSource();
        using var second = SecondGateway.Start(cluster);
        var account = cluster.Run.Application;
        var idle = Enumerable.Range(0, 20).Select(_ => cluster.ThroughGateway(patience: TimeSpan.FromMinutes(2))).ToList();
        var sessions = Enumerable.Range(0, options.Sessions).Select(number => new ChaosSession(number,
            () => number % 4 == 3 ? SqlClient.Tcp("127.0.0.1", second.Port, account.User, account.Password, account.Schema, TimeSpan.FromMinutes(2)) : cluster.ThroughGateway(patience: TimeSpan.FromMinutes(2)),
            ledger, Chance.For(options.Seed, number + 100), end.Token)).ToList();
        var threads = sessions.Select(session => new Thread(session.Run) { IsBackground = true }).ToList();
        threads.ForEach(static thread => thread.Start());

        var rounds = new List<Round>();
        var troubles = new List<string>();
        var chance = Chance.For(options.Seed, 1);
        Thread.Sleep(1000);
        for (var number = 0; number < options.Rounds; number++)
        {
            var fault = options.Faults[chance.Below(options.Faults.Count)];
            var at = Stopwatch.GetTimestamp();
            var detail = Inject(cluster, fault, ref chance);
            var healed = Heal(cluster);
            rounds.Add(new Round(fault, detail, at, healed ?? double.NaN));
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {number + 1}/{options.Rounds} {fault} {detail}: {(healed is { } took ? $"healed after {took:0.0} s" : "NOT HEALED")}; {ledger.Count(Told.Acknowledged)} acknowledged, {ledger.Count(Told.Unknown)} unknown, {ledger.Count(Told.Refused)} refused"));
            if (healed is null)
            {
                troubles.Add($"round {number + 1}, {fault} {detail}: not healed within {HealWithin.TotalSeconds:0} s: {Status(cluster)}");
                break;
            }
            Thread.Sleep(chance.Between(300, 1500));
        }
        end.Cancel();
        threads.ForEach(static thread => thread.Join(TimeSpan.FromMinutes(2)));
        if (options.Plant is { } plant) Plant(cluster, plant, ledger);
        var idleDropped = idle.Count(static client => !Lives(client));
        idle.ForEach(static client => client.Dispose());
        Check(cluster, ledger, troubles);
        return Report(to, sessions, ledger, rounds, troubles, idle.Count, idleDropped);
    }

    internal static void Prepare(Cluster cluster)
    {
        using var client = cluster.ThroughGateway();
        client.Query("CREATE TABLE chaos_set (id BIGINT PRIMARY KEY, session INT NOT NULL, KEY (session, id))");
        client.Query("CREATE TABLE chaos_list (id INT PRIMARY KEY, items LONGTEXT NOT NULL)");
        client.Query("CREATE TABLE chaos_account (id INT PRIMARY KEY, money BIGINT NOT NULL)");
        for (var i = 0; i < ChaosSession.Lists; i++) client.Query($"INSERT INTO chaos_list VALUES ({i}, '')");
        for (var i = 0; i < ChaosSession.Accounts; i++) client.Query($"INSERT INTO chaos_account VALUES ({i}, {ChaosSession.Opening})");
        cluster.WaitForReplicas();
    }

    static string Inject(Cluster cluster, string fault, ref Chance chance)
    {
        const int Kill = 9, Stop = 19, Continue = 18;
        // More failovers in a row than any cluster has: an operator has looked, and lets them go on.
        using (var resumed = Http.PostAsync(new Uri($"http://127.0.0.1:{cluster.HttpPort}/api/control/resume"), null).GetAwaiter().GetResult()) resumed.EnsureSuccessStatusCode();
        var run = cluster.Refresh();
        var (primary, replica) = (run.Primary, run.Replicas[chance.Below(run.Replicas.Count)]);
        switch (fault)
        {
            case "kill-primary":
                ChildProcess.SendSignal(primary.Pid, Kill);
                return primary.Name;
            case "kill-replica":
                ChildProcess.SendSignal(replica.Pid, Kill);
                return replica.Name;
            case "kill-both":
                var between = chance.Between(0, 1500);
                ChildProcess.SendSignal(primary.Pid, Kill);
                Thread.Sleep(between);
                ChildProcess.SendSignal(replica.Pid, Kill);
                return $"{primary.Name}, {replica.Name} {between} ms later";
            case "stop-primary" or "stop-replica" or "glitch":
                var victim = fault == "stop-replica" || fault == "glitch" && chance.Percent(50) ? replica : primary;
                var length = fault == "glitch" ? chance.Between(50, 950) : chance.Between(1000, 12_000);
                ChildProcess.SendSignal(victim.Pid, Stop);
                Thread.Sleep(length);
                ChildProcess.SendSignal(victim.Pid, Continue);
                return $"{victim.Name} for {length} ms";
            case "switchover":
                var answer = Http.PostAsync(new Uri($"http://127.0.0.1:{cluster.HttpPort}/api/control/switchover"), null).GetAwaiter().GetResult();
                return answer.Content.ReadAsStringAsync().GetAwaiter().GetResult().Replace("\n", " ", StringComparison.Ordinal);
            default:
                throw new UsageException($"--faults: found {fault}; allowed: {string.Join(", ", ChaosOptions.AllFaults)}");
        }
    }

    /// <summary>Seconds until there is a primary and every server is up and follows it, twice in a row; null when that takes too long.</summary>
    static double? Heal(Cluster cluster)
    {
        var clock = Stopwatch.StartNew();
        var good = 0;
        double goodAt = 0;
        while (clock.Elapsed < HealWithin)
        {
            if (Healthy(cluster))
            {
                if (good++ == 0) goodAt = clock.Elapsed.TotalSeconds;
                // A server that has just been killed is still believed in for a moment.
                if (clock.Elapsed.TotalSeconds - goodAt > 1.2) return goodAt;
            }
            else good = 0;
            Thread.Sleep(100);
        }
        return null;
    }

    static bool Healthy(Cluster cluster)
    {
        try
        {
            using var status = JsonDocument.Parse(Status(cluster));
            var root = status.RootElement;
            return root.TryGetProperty("primary", out var primary) && primary.ValueKind == JsonValueKind.String
                && root.GetProperty("servers").EnumerateArray().All(server => server.GetProperty("health").GetString() == "up"
                    && (server.GetProperty("name").GetString() == primary.GetString() || server.GetProperty("replicating").GetBoolean()));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
        {
            return false;
        }
    }

    static string Status(Cluster cluster) => Http.GetStringAsync(new Uri($"http://127.0.0.1:{cluster.HttpPort}/api/status")).GetAwaiter().GetResult();

    static bool Lives(SqlClient client)
    {
        try
        {
            return client.Scalar("SELECT 1") == "1";
        }
        catch (Exception e) when (e is SqlException or IOException or System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    static void Plant(Cluster cluster, string plant, ChaosLedger ledger)
    {
        var victim = ledger.All(Told.Acknowledged).Max();
        foreach (var server in cluster.Refresh().Servers)
        {
            using var root = Cluster.AsRoot(server, cluster.Run.Application.Schema);
            root.Query("SET sql_log_bin = 0");
            if (plant == "lose")
            {
                root.Query($"DELETE FROM chaos_set WHERE id = {victim}");
                root.Query($"UPDATE chaos_list SET items = REPLACE(CONCAT(items, ','), ',{victim},', ',')");
            }
            else root.Query($"UPDATE chaos_list SET items = CONCAT(items, ',{victim},{victim}') WHERE id = 0");
        }
    }

    /// <summary>On every server: each acknowledged write once, no refused one, money neither made nor lost, and the same rows everywhere.</summary>
    /// <param name="primary">Its name, where it is not for <c>headwater up</c> to say.</param>
    internal static void Check(Cluster cluster, ChaosLedger ledger, List<string> troubles, string? primary = null)
    {
        primary ??= cluster.Refresh().Primary.Name;
        cluster.WaitForReplicas(primary);
        var sums = new Dictionary<string, string>();
        foreach (var server in cluster.Run.Servers)
        {
            using var client = Cluster.AsRoot(server, cluster.Run.Application.Schema);
            var found = new Dictionary<long, int>();
            client.Query("SELECT id FROM chaos_set");
            for (var i = 0; i < client.Rows; i++) found[client.Int64(i, 0)] = 1;
            client.Query("SELECT items FROM chaos_list");
            for (var i = 0; i < client.Rows; i++)
                foreach (var item in client.Text(i, 0).Split(',', StringSplitOptions.RemoveEmptyEntries))
                    found[long.Parse(item, CultureInfo.InvariantCulture)] = found.GetValueOrDefault(long.Parse(item, CultureInfo.InvariantCulture)) + 1;
            foreach (var write in ledger.All(Told.Acknowledged))
                if (!found.ContainsKey(write)) troubles.Add($"{server.Name}: write {write} was acknowledged and is LOST");
            foreach (var (write, times) in found)
            {
                if (times > 1) troubles.Add($"{server.Name}: write {write} is there {times} times");
                if (ledger.Of(write) is Told.Refused or Told.Nothing) troubles.Add($"{server.Name}: write {write} was {(ledger.Of(write) == Told.Refused ? "refused" : "never sent")} and is there");
            }
            if (client.Scalar("SELECT SUM(money) FROM chaos_account") is var money && money != $"{ChaosSession.Accounts * ChaosSession.Opening}")
                troubles.Add($"{server.Name}: the accounts hold {money}");
            client.Query("CHECKSUM TABLE chaos_set, chaos_list, chaos_account");
            sums[server.Name] = string.Join(' ', Enumerable.Range(0, client.Rows).Select(row => client.Text(row, 1)));
            var readOnly = client.Scalar("SELECT @@read_only");
            if (readOnly != (server.Name == primary ? "0" : "1")) troubles.Add($"{server.Name}, {(server.Name == primary ? "primary" : "replica")}: read_only is {readOnly}");
        }
        if (sums.Values.Distinct().Count() > 1) troubles.Add("the servers differ: " + string.Join("; ", sums.Select(static pair => $"{pair.Key} {pair.Value}")));
    }

    static (int, bool) Report(TextWriter to, List<ChaosSession> sessions, ChaosLedger ledger, List<Round> rounds, List<string> troubles, int idle, int idleDropped)
    {
        var backwards = sessions.SelectMany(static session => session.Violations).ToList();
        troubles.AddRange(backwards);
        var table = new TextTable("fault", "rounds", "write stall p50 s", "p99 s", "most s", "healed after s");
        var bars = new Bars();
        foreach (var group in rounds.GroupBy(static round => round.Fault).OrderBy(static group => group.Key))
        {
            var stalls = group.SelectMany(round => sessions.Select(session => Stall(session, round.At, round.HealedSeconds))).Order().ToArray();
            double At(double share) => Spread.Percentile(stalls, share);
            table.Row(group.Key, $"{group.Count()}", $"{At(0.5):0.00}", $"{At(0.99):0.00}", $"{At(1):0.00}", Spread.Of(group.Select(static round => round.HealedSeconds)).Text("0.0"));
            if (group.Key == "kill-primary") bars.Check(At(0.5) <= 1.5 && At(0.99) <= 3, "write outage after kill -9: p50 ≤ 1.5 s, p99 ≤ 3 s", $"{At(0.5):0.00} s, {At(0.99):0.00} s");
            if (group.Key == "stop-primary") bars.Check(At(0.99) <= 6, "write outage after SIGSTOP: p99 ≤ 6 s", $"{At(0.99):0.00} s");
            if (group.Key == "switchover") bars.Check(At(0.99) <= 0.3, "write stall of a switchover: p99 ≤ 300 ms", $"{At(0.99) * 1000:0} ms");
        }
        table.Print(to);
        to.WriteLine();
        var errors = sessions.SelectMany(static session => session.Errors).GroupBy(static pair => pair.Key).OrderByDescending(static group => group.Sum(static pair => pair.Value));
        foreach (var error in errors) to.WriteLine($"  {error.Sum(static pair => pair.Value)} × {error.Key}");
        foreach (var trouble in troubles.Take(20)) to.WriteLine($"  VIOLATION {trouble}");
        var writes = sessions.SelectMany(static session => session.Writes).ToList();
        var smooth = writes.Count(static write => write.Told == Told.Acknowledged) / (double)Math.Max(1, writes.Count);
        var untruthful = writes.Count(static write => write.Told == Told.Refused);
        bars.Check(troubles.Count == 0, "0 acknowledged writes lost, 0 doubled, 0 refused ones there, 0 sessions going back, money whole, servers equal and in their roles",
            $"{troubles.Count} violations; {ledger.Count(Told.Acknowledged)} acknowledged, {ledger.Count(Told.Unknown)} unknown, {ledger.Count(Told.Refused)} refused, {sessions.Sum(static s => s.Reads)} reads");
        bars.Check(idleDropped == 0, "0 idle sessions dropped", $"{idleDropped} of {idle}");
        bars.Check(sessions.Sum(static session => session.ReadErrors) == 0, "0 reads failed", $"{sessions.Sum(static session => session.ReadErrors)}");
        bars.Check(smooth >= 0.999, "≥ 99.9 % of autocommit writes see no error", $"{smooth:P3} of {writes.Count}; {untruthful} refused, the rest unknown");
        bars.Print(to);
        return (troubles.Count + idleDropped + sessions.Sum(static session => session.ReadErrors), bars.AllReached);
    }

    /// <summary>The longest wait of a session's write from the fault on, until the cluster had healed.</summary>
    internal static double Stall(ChaosSession session, long at, double healedSeconds)
    {
        var until = at + (long)((double.IsFinite(healedSeconds) ? Math.Max(healedSeconds, 2) : 60) * Stopwatch.Frequency);
        long longest = 0;
        foreach (var (begun, ended, _) in session.Writes)
            if (ended >= at && begun <= until) longest = Math.Max(longest, ended - Math.Max(begun, at));
        return longest / (double)Stopwatch.Frequency;
    }
}
