using System.Diagnostics;
using System.Globalization;
using Headwater.Bench.Chaos;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Upgrade;

/// <summary>
/// A gateway under load is upgraded again and again: sessions that live through several upgrades, sessions that come and go as those of pools do, and one connection for each turn. Between upgrades, while
/// predecessors have sessions, the primary is changed as planned. No client may see an error.
/// </summary>
static class UpgradeRun
{
    public static int Run(Arguments arguments)
    {
        var (times, sessions, seed, keep, pause) = (arguments.Number("times", 20, 1), arguments.Number("sessions", 12, 6), arguments.Seed(), arguments.Flag("keep"), arguments.Number("pause", 1500));
        arguments.NothingElse();
        Machine.Print(Console.Out, ("mariadbd", "--version"));
        Console.Out.WriteLine($"upgrade    {times} in a row, a switchover after each third; {sessions} sessions: a sixth leaves after 15 to 30 s and comes again, a half after 1 to 4 s, a third connects for each turn; rpo zero, seed {seed}");
        using var cluster = Cluster.Start("bench-upgrade", 2, keep, controlled: true);
        using (var client = cluster.ThroughGateway()) ChaosSession.CreateTables(client);
        cluster.WaitForReplicas();
        // The servers are those of headwater up, whose own controller only starts again what was killed.
        Cluster.Post(cluster.HttpPort, "/api/control/pause");
        using var gateway = new UpgradedGateway(cluster);
        var troubles = new List<string>();
        for (var clock = Stopwatch.StartNew(); gateway.Pid() == 0 || gateway.Primary is null; Thread.Sleep(50))
            if (clock.Elapsed > TimeSpan.FromSeconds(30)) throw new UsageException($"headwater serve does not serve. It said:\n{gateway.LogTail()}");

        var ledger = new ChaosLedger();
        using var end = new CancellationTokenSource();
        var chance = Chance.For(seed, 1);
        var load = Enumerable.Range(0, sessions).Select(number => new ChaosSession(number, gateway, ledger, Chance.For(seed, number + 100), end.Token, LifetimeOf(number, ref chance))).ToList();
        var threads = load.Select(static session => new Thread(session.Run) { IsBackground = true }).ToList();
        threads.ForEach(static thread => thread.Start());
        Thread.Sleep(1000);

        var (took, stalls, changes, undone) = (new List<double>(), new List<double>(), 0, 0);
        for (var number = 1; number <= times; number++)
        {
            var (before, at) = (gateway.Pid(), Stopwatch.GetTimestamp());
            var (exit, output) = gateway.Upgrade();
            took.Add(Stopwatch.GetElapsedTime(at).TotalSeconds);
            var now = gateway.Pid();
            if (exit != 0 || now == before) troubles.Add($"upgrade {number} ended with {exit}, process {before} then {now}: {output}");
            Thread.Sleep(pause);
            if (number % 3 == 0)
            {
                changes++;
                if (gateway.Ask("switchover") is var answer && !answer.Contains("is the primary of epoch", StringComparison.Ordinal))
                {
                    undone++;
                    Console.Error.WriteLine($"  switchover: {answer}");
                }
                Thread.Sleep(pause);
            }
            var longest = load.Select(session => session.Stall(at, Stopwatch.GetTimestamp()) * 1000).ToList();
            stalls.AddRange(longest);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {number}/{times}: {took[^1]:0.00} s, process {before} to {now}, {gateway.Processes} processes; longest write {longest.Max():0} ms; {load.Sum(static session => session.Errors.Values.Sum())} errors"));
        }
        end.Cancel();
        threads.ForEach(static thread => thread.Join(TimeSpan.FromMinutes(1)));
        var left = Stopwatch.StartNew();
        while (gateway.Processes > 1 && left.Elapsed < TimeSpan.FromSeconds(20)) Thread.Sleep(50);
        var processes = gateway.Processes;
        var primary = gateway.Primary;
        cluster.WaitForReplicas(primary);
        ChaosCheck.Run([.. cluster.Refresh().Servers.Select(server => (server.Name, (Func<SqlClient>)(() => Cluster.AsRoot(server, cluster.Run.Application.Schema))))], primary, ledger, null, troubles);
        troubles.AddRange(load.SelectMany(static session => session.Violations));

        Console.Out.WriteLine();
        var table = new TextTable("of", "n", "p50", "most");
        foreach (var (what, values) in (ReadOnlySpan<(string, List<double>)>)[("headwater upgrade, s", took), ("each session's longest write around each upgrade, ms", stalls)])
            table.Row(what, $"{values.Count}", $"{Spread.Percentile(values.Order().ToArray(), 0.5):0.00}", $"{values.Max():0.00}");
        table.Print(Console.Out);
        Console.Out.WriteLine();
        foreach (var (error, count) in load.SelectMany(static session => session.Errors).GroupBy(static error => error.Key).Select(static group => (group.Key, group.Sum(static error => error.Value)))) Console.Out.WriteLine($"  {count} × {error}");
        foreach (var trouble in troubles.Take(20)) Console.Out.WriteLine($"  WRONG: {trouble}");
        var (errors, lives) = (load.Sum(static session => session.Errors.Values.Sum()), load.Sum(static session => session.Lives));
        var bars = new Bars();
        bars.Check(errors == 0, "0 errors seen by clients", $"{errors} of {load.Sum(static session => session.Writes.Count + session.Reads)} statements over {lives + sessions} connections");
        bars.Check(troubles.Count == 0, "every upgrade done, nothing acknowledged lost, no read below what its session knew", $"{times} upgrades, {ledger.Count(Told.Acknowledged)} acknowledged, {troubles.Count} troubles");
        bars.Check(undone == 0, "the primary changed as planned while predecessors had sessions", $"{changes} switchovers, {undone} undone");
        bars.Check(processes == 1, "a predecessor ends with its last session", $"{processes} processes in the end");
        bars.Print(Console.Out);
        return troubles.Count > 0 ? 2 : bars.AllReached ? 0 : 1;
    }

    static TimeSpan LifetimeOf(int number, ref Chance chance) => (number % 6) switch
    {
        0 => TimeSpan.FromMilliseconds(chance.Between(15_000, 30_000)),
        < 4 => TimeSpan.FromMilliseconds(chance.Between(1000, 4000)),
        _ => TimeSpan.Zero,
    };
}
