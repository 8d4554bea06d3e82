using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Headwater.Bench.Chaos;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Lease;

/// <summary>
/// Three controllers that share a lease in etcd, under load through all their gateways; whoever holds it is killed, stopped or cut off from etcd, also while a failover is under way; then
/// etcd is gone for a while. The servers are those of <c>headwater up</c>, whose own controller is paused: it only starts again what was killed.
/// </summary>
static class LeaseRun
{
    static readonly TimeSpan HealWithin = TimeSpan.FromSeconds(60);
    static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    sealed record Round(string Fault, long At, double TakenSeconds, double HealedSeconds);

    /// <param name="Before">Primary and epoch.</param>
    sealed record Gone(long From, long Until, string Before, string After);

    public static int Run(Arguments arguments)
    {
        var options = LeaseOptions.Parse(arguments);
        Machine.Print(Console.Out, ("mariadbd", "--version"), ("etcd", "--version"));
        return Run(options, Console.Out).AllReached ? 0 : 1;
    }

    /// <summary>Violations are wrong on any machine; the bars on time are for one that is not busy with other things.</summary>
    public static (int Violations, bool AllReached) Run(LeaseOptions options, TextWriter to)
    {
        to.WriteLine($"lease      {options.Rounds} rounds of {string.Join(", ", options.Faults)}; etcd of {options.Members}, gone for {options.Outage.TotalSeconds:0} s at the end; {options.Sessions} sessions over three gateways, rpo zero, seed {options.Seed}");
        using var cluster = Cluster.Start("bench-lease", 2, options.Keep, controlled: true);
        using (var client = cluster.ThroughGateway()) ChaosSession.CreateTables(client);
        cluster.WaitForReplicas();
        using (var paused = Http.PostAsync(new Uri($"http://127.0.0.1:{cluster.HttpPort}/api/control/pause"), null).GetAwaiter().GetResult()) paused.EnsureSuccessStatusCode();
        using var etcd = new Etcd(cluster.Directory, options.Members);
        using var a = new SharedController(cluster, etcd, "a");
        using var b = new SharedController(cluster, etcd, "b");
        using var c = new SharedController(cluster, etcd, "c");
        SharedController[] controllers = [a, b, c];
        var troubles = new List<string>();
        if (Heal(cluster, controllers) is null) throw new UsageException($"the controllers do not begin: {string.Join("\n", controllers.Select(static one => one.LogTail()))}");

        var ledger = new ChaosLedger();
        using var end = new CancellationTokenSource();
        var sessions = Enumerable.Range(0, options.Sessions).Select(number => new ChaosSession(number, controllers[number % 3], ledger, Chance.For(options.Seed, number + 100), end.Token)).ToList();
        var threads = sessions.Select(static session => new Thread(session.Run) { IsBackground = true }).ToList();
        threads.ForEach(static thread => thread.Start());
        var chance = Chance.For(options.Seed, 1);
        var rounds = new List<Round>();
        Thread.Sleep(1000);
        for (var number = 0; number < options.Rounds; number++)
        {
            // Each fault as often as any other.
            var fault = options.Faults[number % options.Faults.Count];
            var round = Inject(cluster, controllers, fault, ref chance);
            foreach (var controller in controllers) controller.Start();
            var healed = Heal(cluster, controllers);
            rounds.Add(round with { HealedSeconds = healed ?? double.NaN });
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {number + 1}/{options.Rounds} {fault}: new holder after {round.TakenSeconds:0.00} s, {(healed is { } took ? $"healed after {took:0.0} s" : "NOT HEALED")}; {ledger.Count(Told.Acknowledged)} acknowledged, {ledger.Count(Told.Unknown)} unknown, {ledger.Count(Told.Refused)} refused"));
            if (healed is null)
            {
                troubles.Add($"round {number + 1}, {fault}: not healed within {HealWithin.TotalSeconds:0} s: {controllers.Select(static one => one.Status()).FirstOrDefault(static status => status is not null)}");
                break;
            }
            Thread.Sleep(chance.Between(2300, 3500)); // those that were started again have their leases
        }
        var outage = options.Outage > TimeSpan.Zero && troubles.Count == 0 ? Outage(etcd, controllers, options.Outage, troubles) : null;
        end.Cancel();
        threads.ForEach(static thread => thread.Join(TimeSpan.FromMinutes(2)));
        if (Heal(cluster, controllers) is null) troubles.Add("not healed at the end");
        try
        {
            var primary = controllers[0].Primary;
            cluster.WaitForReplicas(primary);
            ChaosCheck.Run([.. cluster.Refresh().Servers.Select(server => (server.Name, (Func<SqlClient>)(() => Cluster.AsRoot(server, cluster.Run.Application.Schema))))], primary, ledger, null, troubles);
        }
        catch (Exception e) when (e is UsageException or SqlException or InvalidOperationException)
        {
            troubles.Add($"the servers cannot be compared: {e.Message}");
        }
        return Report(to, sessions, ledger, rounds, Journals.Read(controllers), outage, troubles);
    }

    static Round Inject(Cluster cluster, SharedController[] controllers, string fault, ref Chance chance)
    {
        var holder = controllers.First(static controller => controller.Holds);
        holder.Ask("resume"); // more failovers in a row than any cluster has
        var primary = cluster.Refresh().Servers.First(server => server.Name == holder.Primary);
        var others = controllers.Where(controller => controller != holder).ToList();
        if (fault.EndsWith("-mid-failover", StringComparison.Ordinal))
        {
            // A failover begins a second after the death and takes some tenths of one.
            ChildProcess.SendSignal(primary.Pid, 9);
            Thread.Sleep(chance.Between(900, 1900));
        }
        var (at, wall) = (Stopwatch.GetTimestamp(), DateTimeOffset.UtcNow);
        if (fault == "switchover")
        {
            var change = Task.Run(() =>
            {
                try
                {
                    holder.Ask("switchover");
                }
                catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
                {
                    // The holder dies in the middle.
                }
            });
            Thread.Sleep(chance.Between(0, 120));
            (at, wall) = (Stopwatch.GetTimestamp(), DateTimeOffset.UtcNow);
            holder.Kill();
            change.Wait();
        }
        else if (fault.StartsWith("stop-", StringComparison.Ordinal)) holder.Stop();
        else if (fault.StartsWith("cut-", StringComparison.Ordinal)) holder.CutOff();
        else holder.Kill();
        if (fault == "kill-both") ChildProcess.SendSignal(primary.Pid, 9);

        DateTimeOffset? taken = null;
        for (var clock = Stopwatch.StartNew(); taken is null && clock.Elapsed < TimeSpan.FromSeconds(15); Thread.Sleep(50)) taken = Journals.Read(others).TakenAfter(wall, holder.Name);
        if (fault.StartsWith("stop-", StringComparison.Ordinal) || fault.StartsWith("cut-", StringComparison.Ordinal))
        {
            Thread.Sleep(chance.Between(500, 4000));
            holder.Continue();
            holder.Mend();
        }
        return new Round(fault, at, taken is { } then ? (then - wall).TotalSeconds : double.NaN, double.NaN);
    }

    /// <summary>etcd is gone, nothing else.</summary>
    static Gone Outage(Etcd etcd, SharedController[] controllers, TimeSpan length, List<string> troubles)
    {
        var before = $"{controllers[0].Primary}, epoch {controllers[0].Status()!.Value.GetProperty("epoch")}";
        var from = Stopwatch.GetTimestamp();
        etcd.Stop();
        Thread.Sleep(length);
        var until = Stopwatch.GetTimestamp();
        foreach (var controller in controllers)
            if (controller.Status()!.Value.GetProperty("controller").GetProperty("lease").GetString() is var lease && !lease!.StartsWith("etcd does not answer", StringComparison.Ordinal)) troubles.Add($"etcd was gone, and {controller.Name} said: {lease}");
        var after = $"{controllers[0].Primary}, epoch {controllers[0].Status()!.Value.GetProperty("epoch")}";
        etcd.Start();
        return new Gone(from, until, before, after);
    }

    /// <summary>Seconds until one holds the lease, all go by the same primary, and every server is up and follows it, for a while; null when that takes too long.</summary>
    static double? Heal(Cluster cluster, SharedController[] controllers)
    {
        double? since = null;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < HealWithin; Thread.Sleep(100))
        {
            if (!Healthy(controllers)) since = null;
            else if (since is null) since = clock.Elapsed.TotalSeconds;
            else if (clock.Elapsed.TotalSeconds - since > 1.2)
            {
                cluster.Refresh();
                return since;
            }
        }
        return null;
    }

    static bool Healthy(SharedController[] controllers)
    {
        var statuses = controllers.Select(static controller => controller.Status()).ToList();
        return statuses.TrueForAll(static status => status is { } root && root.TryGetProperty("primary", out var primary) && primary.ValueKind == JsonValueKind.String
                && root.GetProperty("servers").EnumerateArray().All(server => server.GetProperty("health").GetString() == "up" && (server.GetProperty("name").GetString() == primary.GetString() || server.GetProperty("replicating").GetBoolean())))
            && statuses.Select(static status => $"{status!.Value.GetProperty("primary")} {status.Value.GetProperty("epoch")}").Distinct().Count() == 1
            && controllers.Count(static controller => controller.Holds) == 1;
    }

    static (int, bool) Report(TextWriter to, List<ChaosSession> sessions, ChaosLedger ledger, List<Round> rounds, Journals journals, Gone? outage, List<string> troubles)
    {
        troubles.AddRange(sessions.SelectMany(static session => session.Violations));
        var doubles = journals.DoubleActions().ToList();
        var table = new TextTable("fault", "rounds", "new holder p50 s", "most s", "write stall p50 s", "most s", "healed after s");
        foreach (var group in rounds.GroupBy(static round => round.Fault).OrderBy(static group => group.Key))
        {
            var taken = group.Select(static round => round.TakenSeconds).Order().ToArray();
            var stalls = group.SelectMany(round => sessions.Select(session => session.Stall(round.At, round.At + (long)((double.IsFinite(round.HealedSeconds) ? Math.Max(round.HealedSeconds, 2) : 60) * Stopwatch.Frequency)))).Order().ToArray();
            table.Row(group.Key, $"{group.Count()}", $"{Spread.Percentile(taken, 0.5):0.00}", $"{Spread.Percentile(taken, 1):0.00}", $"{Spread.Percentile(stalls, 0.5):0.00}", $"{Spread.Percentile(stalls, 1):0.00}", Spread.Of(group.Select(static round => round.HealedSeconds)).Text("0.0"));
        }
        table.Print(to);
        to.WriteLine();
        foreach (var error in sessions.SelectMany(static session => session.Errors).GroupBy(static pair => pair.Key).OrderByDescending(static group => group.Sum(static pair => pair.Value))) to.WriteLine($"  {error.Sum(static pair => pair.Value)} × {error.Key}");
        foreach (var trouble in troubles.Concat(doubles).Take(20)) to.WriteLine($"  VIOLATION {trouble}");
        var bars = new Bars();
        var all = rounds.Select(static round => round.TakenSeconds).Order().ToArray();
        if (all.Length > 0) bars.Check(all[^1] <= 3, "a new holder within 3 s, also mid-failover", $"p50 {Spread.Percentile(all, 0.5):0.00} s, most {all[^1]:0.00} s of {all.Length}");
        bars.Check(doubles.Count == 0, "0 double actions", $"{doubles.Count}; {journals.Takeovers} terms, {journals.Effects} effects, {journals.Late} refused as too late");
        bars.Check(troubles.Count == 0, "0 acknowledged writes lost, 0 doubled, 0 refused ones there, servers equal and in their roles",
            $"{troubles.Count} violations; {ledger.Count(Told.Acknowledged)} acknowledged, {ledger.Count(Told.Unknown)} unknown, {ledger.Count(Told.Refused)} refused, {sessions.Sum(static s => s.Reads)} reads");
        if (outage is { } gone)
        {
            var writes = sessions.SelectMany(static session => session.Writes).Where(write => write.Ended >= gone.From && write.Begun <= gone.Until).ToList();
            var refused = writes.Count(static write => write.Told != Told.Acknowledged);
            bars.Check(refused == 0 && writes.Count > 0, "etcd gone: 0 writes refused by gateways that see the primary", $"{refused} of {writes.Count}; the longest took {writes.Select(static write => write.Ended - write.Begun).DefaultIfEmpty().Max() * 1000.0 / Stopwatch.Frequency:0} ms");
            bars.Check(gone.Before == gone.After, "etcd gone: nobody is demoted", $"{gone.Before} before, {gone.After} after");
        }
        bars.Print(to);
        return (troubles.Count + doubles.Count, bars.AllReached);
    }
}
