using Headwater.Core;
using Headwater.Core.Alerting;
using Headwater.Core.Topology;
using Headwater.Gateway;

namespace Headwater.Alerting;

/// <summary>Processor time of the machine since it started, of all its processors, in the kernel's ticks.</summary>
readonly record struct HostTime(long Busy, long Total);

/// <summary>The counters at an instant; two of them make readings.</summary>
sealed record AlertSample(Instant At, HostTime? Host, long Statements, long Errors, long Slow, long WrongReads, LatencyHistogram Latency)
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1), TenMinutes = TimeSpan.FromMinutes(10);

    // Some errors are an application's daily bread, and a share of few statements says nothing.
    const int FewestErrors = 10, FewestStatements = 100;

    /// <summary>What the samples tell, of which the last is that of now; they reach back ten minutes, or to the start.</summary>
    public static IEnumerable<Reading> Read(IReadOnlyList<AlertSample> samples)
    {
        var now = samples[^1];
        var minute = Before(samples, Minute);
        if (!ReferenceEquals(minute, now))
        {
            if (now.Host is { } host && minute.Host is { } then && host.Total > then.Total)
                yield return new Reading(AlertSignal.HostCpu, null, 100.0 * (host.Busy - then.Busy) / (host.Total - then.Total));
            var (statements, errors) = (now.Statements - minute.Statements, now.Errors - minute.Errors);
            yield return new Reading(AlertSignal.SlowStatements, null, now.Slow - minute.Slow);
            yield return new Reading(AlertSignal.Errors, null, errors < FewestErrors ? 0 : 100.0 * errors / Math.Max(statements, errors));
            yield return new Reading(AlertSignal.StatementLatency, null, statements < FewestStatements ? 0 : now.Latency.Since(minute.Latency).Percentile(0.99));
        }
        yield return new Reading(AlertSignal.WrongReads, null, now.WrongReads - Before(samples, TenMinutes).WrongReads);
    }

    public static IEnumerable<Reading> Lags(ClusterView view) => view.Servers
        .Where(static server => server is { Role: ServerRole.Replica, Lag: not null } && !server.Tags.HasFlag(ServerTags.Delayed))
        .Select(static server => new Reading(AlertSignal.Lag, server.Id.Name, server.Lag!.Value.TotalSeconds));

    /// <summary>The first sample that is no older than <paramref name="age"/>; before there is one so old, the first: nothing was counted before it.</summary>
    static AlertSample Before(IReadOnlyList<AlertSample> samples, TimeSpan age)
    {
        foreach (var sample in samples)
            if (samples[^1].At - sample.At <= age) return sample;
        return samples[^1];
    }
}
