using Headwater.Bench.Lab;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Audit;

/// <summary>What an audit came to.</summary>
sealed record AuditOutcome
{
    public required IReadOnlyList<(AskedLevel Level, Tally Tally)> Levels { get; init; }
    public required IReadOnlyList<Violation> Violations { get; init; }
    public required IReadOnlyDictionary<string, int> Faults { get; init; }
    public required IReadOnlyDictionary<string, int> Troubles { get; init; }
    public required IReadOnlyList<string> Differences { get; init; }
    public required IReadOnlyList<Exception> AuditorFaults { get; init; }
    public required TimeSpan Elapsed { get; init; }
    public required long Writes { get; init; }
    public required long Lives { get; init; }
    public required long Hops { get; init; }

    /// <summary>Reads that a copy below the floor answered, as the log proved it fresh, and that a kept result answered, at both gateways.</summary>
    public required (long Unchanged, long Kept) ByTheLog { get; init; }

    /// <summary>Null where no gateway was asked.</summary>
    public LookedAgain? LookedAgain { get; init; }
    public long Reads => Levels.Sum(static row => row.Tally.Reads);
    public long Broken => Levels.Where(static row => row.Level.Promises).Sum(static row => row.Tally.Violations);

    /// <summary>What the eventual sessions saw that level session forbids, and what nobody may ever see.</summary>
    public long FoundAtEventual => Levels.Where(static row => !row.Level.Promises).Sum(static row => row.Tally.BelowSession);
    public long NeverAllowed => Levels.Sum(static row => row.Tally.Torn + row.Tally.Future);
}

/// <summary>The audit from beginning to end: cluster, second gateway, sessions, faults, and the last look at every server.</summary>
static class AuditRun
{
    public static int Run(Arguments arguments)
    {
        var options = AuditOptions.Parse(arguments);
        Machine.Print(Console.Out, ("mariadbd", "--version"));
        var outcome = Run(options, Console.Out);
        return AuditReport.Print(Console.Out, options, outcome) ? 0 : 1;
    }

    public static AuditOutcome Run(AuditOptions options, TextWriter to)
    {
        to.WriteLine($"audit      {options.Sessions} sessions, {options.Replicas} replicas, {options.Reads:N0} reads, {options.WritePercent} % writes, through {options.Through switch
        {
            Through.Gateways => "two gateways" + (options.LoseTokens ? " and tokens lost (planted)" : ""),
            Through.Replicas => "no gateway: reads to any replica (planted)",
            _ => "no gateway: all to the primary (planted)",
        }}, {(options.Calm ? "no faults" : "with faults")}, seed {options.Seed}");
        using var cluster = Cluster.Start("bench-audit", options.Replicas, options.Keep, caches: options.Caches, audited: LookedAgain.ReadsPerSecond);
        var ledger = new Ledger(options.Sessions);
        ledger.Prepare(cluster);
        using var second = options.Through == Through.Gateways ? SecondGateway.Start(cluster, caches: options.Caches, audited: LookedAgain.ReadsPerSecond) : null;
        var progress = new AuditProgress(options);
        var doors = new Doors(cluster, second?.Port ?? 0, options);
        var sessions = Enumerable.Range(0, options.Sessions).Select(i => new AuditSession(i, ledger, doors, options, progress)).ToList();
        var connection = new Lock();
        var disturbers = options.Calm ? [] : cluster.Run.Replicas.Select((replica, i) => new Disturber(cluster, replica.Name, Chance.For(options.Seed, 1_000_000 + i), connection, progress)).ToList();
        var threads = sessions.Select(static session => new Thread(session.Run, 256 * 1024))
            .Concat(disturbers.Select(static disturber => new Thread(disturber.Run, 256 * 1024))).ToList();
        foreach (var thread in threads) thread.Start();
        while (!threads.TrueForAll(static thread => thread.Join(0)))
        {
            Thread.Sleep(250);
            if (options.IsPlanted && AuditReport.MustFind(options).All(i => sessions.Sum(session => session.Tallies[i].Violations) > 0)) progress.Found();
            if (!Console.IsErrorRedirected && ReferenceEquals(to, Console.Out)) Console.Error.Write($"\r  {progress.Reads:N0} reads, {progress.Elapsed.TotalSeconds:0} s ");
        }
        var elapsed = progress.Elapsed;
        if (!Console.IsErrorRedirected && ReferenceEquals(to, Console.Out)) Console.Error.WriteLine();
        var auditorFaults = sessions.Select(static s => s.Fault).Concat(disturbers.Select(static d => d.Fault)).OfType<Exception>().ToList();
        return new AuditOutcome
        {
            Levels = [.. AskedLevel.All.Select((level, i) => (level, Sum(sessions.Select(session => session.Tallies[i]))))],
            Violations = [.. sessions.SelectMany(static session => session.Violations)],
            Faults = Merge(disturbers.Select(static disturber => disturber.Done)),
            Troubles = Merge(sessions.Select(static session => session.Troubles)),
            Differences = auditorFaults.Count > 0 ? ["not looked at: the auditor itself failed"] : [.. ledger.Differences(cluster)],
            AuditorFaults = auditorFaults,
            Elapsed = elapsed,
            Writes = sessions.Sum(static session => session.Writes),
            Lives = sessions.Sum(static session => session.Lives),
            Hops = sessions.Sum(static session => session.Hops),
            LookedAgain = second is null ? null : LookedAgain.Of(cluster, second),
            ByTheLog = (Routed(cluster, second, "unchanged_since"), Routed(cluster, second, "kept_result")),
        };
    }

    static long Routed(Cluster cluster, SecondGateway? second, string reason) => second is null ? 0
        : (long)(cluster.Metrics().Of("headwater_routes_total", "reason", reason) + Cluster.Metrics(second.HttpPort).Of("headwater_routes_total", "reason", reason));

    static Tally Sum(IEnumerable<Tally> tallies)
    {
        var sum = new Tally();
        foreach (var tally in tallies) sum.Add(tally);
        return sum;
    }

    static SortedDictionary<string, int> Merge(IEnumerable<IReadOnlyDictionary<string, int>> counts)
    {
        var sum = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (name, count) in counts.SelectMany(static one => one)) sum[name] = sum.GetValueOrDefault(name) + count;
        return sum;
    }
}
