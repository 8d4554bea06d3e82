using System.Globalization;
using Headwater.Core.Failover;

namespace Headwater.Core.Alerting;

/// <summary>What is measured of a running gateway, its machine and its replicas. Each has one rule.</summary>
public enum AlertSignal : byte
{
    /// <summary>Share of the machine's processors that is used, over the last minute; percent.</summary>
    HostCpu,

    /// <summary>What 99 of 100 statements of the last minute stayed within; seconds.</summary>
    StatementLatency,

    /// <summary>Statements of the last minute that took longer than log.slow.</summary>
    SlowStatements,

    /// <summary>Share of the last minute's statements that were answered with an error; percent.</summary>
    Errors,

    /// <summary>How far a replica is behind; seconds.</summary>
    Lag,

    /// <summary>What is free of the disk that a directory is on; percent.</summary>
    DiskFree,

    /// <summary>Reads of the last ten minutes that the auditor found to be answered wrongly.</summary>
    WrongReads,
}

/// <summary>What of a signal is too much (or too little), for how long, and how much that weighs.</summary>
/// <param name="Name">By which people know it: lower case, with hyphens.</param>
/// <param name="Above">True: more than the limit is amiss. False: less.</param>
/// <param name="For">Both ways: it has to be so for as long before it is told, and before it is told to be over.</param>
/// <param name="Limit">In the signal's unit; null: nobody wants to know.</param>
public sealed record AlertRule(AlertSignal Signal, string Name, Severity Severity, bool Above, TimeSpan For, double? Limit)
{
    public bool IsAmiss(double value) => Limit is { } limit && (Above ? value > limit : value < limit);

    public bool IsWorse(double value, double than) => Above ? value > than : value < than;

    /// <param name="subject">The server or directory, where there are several.</param>
    public string Sentence(string? subject, double value) => Signal switch
    {
        AlertSignal.HostCpu => $"the machine of this gateway has used {Show(value)} % of its processors in the last minute{Bound(" %")}",
        AlertSignal.StatementLatency => $"1 of 100 statements of the last minute took longer than {Show(value * 1000)} ms (limit {Show(Limit * 1000)} ms{Lasting})",
        AlertSignal.SlowStatements => $"{Show(value)} statements of the last minute were slow{Bound("")}",
        AlertSignal.Errors => $"{Show(value)} % of the last minute's statements were answered with an error{Bound(" %")}",
        AlertSignal.Lag => $"{subject} is {Show(value)} s behind{Bound(" s")}",
        AlertSignal.DiskFree => $"the disk that holds {subject} has {Show(value)} % free{Bound(" %")}",
        AlertSignal.WrongReads => $"{Show(value)} of the reads that were looked at again in the last ten minutes were answered wrongly: SHOW HEADWATER AUDIT has them",
        _ => $"{Name}: {Show(value)}",
    };

    string Bound(string unit) => $" (limit {Show(Limit)}{unit}{Lasting})";
    string Lasting => For == TimeSpan.Zero ? "" : $" for {For.TotalSeconds:0} s";
    static string Show(double? value) => value is { } number ? number.ToString(number is >= 10 or <= -10 ? "0" : "0.##", CultureInfo.InvariantCulture) : "none";
}

/// <summary>The rules with the limits that suit most.</summary>
public static class AlertRules
{
    static readonly TimeSpan HalfAMinute = TimeSpan.FromSeconds(30);

    public static IReadOnlyList<AlertRule> Default { get; } =
    [
        new(AlertSignal.HostCpu, "host-cpu", Severity.Warning, Above: true, HalfAMinute, 90),
        new(AlertSignal.StatementLatency, "statement-latency", Severity.Warning, Above: true, HalfAMinute, 0.5),
        new(AlertSignal.SlowStatements, "slow-statements", Severity.Warning, Above: true, TimeSpan.Zero, 10),
        new(AlertSignal.Errors, "errors", Severity.Warning, Above: true, HalfAMinute, 5),
        new(AlertSignal.Lag, "lag", Severity.Warning, Above: true, HalfAMinute, 10),
        new(AlertSignal.DiskFree, "disk-free", Severity.Critical, Above: false, HalfAMinute, 10),
        new(AlertSignal.WrongReads, "wrong-reads", Severity.Critical, Above: true, TimeSpan.Zero, 0),
    ];

    public static AlertRule Of(AlertSignal signal) => Default.Single(rule => rule.Signal == signal);
}
