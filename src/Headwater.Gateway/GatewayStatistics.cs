using System.Diagnostics;
using System.Globalization;
using Headwater.Core.Auditing;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Sessions;

namespace Headwater.Gateway;

public sealed record ServerFigures(
    string Server, string Address, string Role, string Health, string Tags, string Position, double? LagMilliseconds, ulong? Behind,
    int Busy, int Backends, int Queued, string Reason, long Statements = 0, long Reads = 0);

public sealed record SessionFigures(
    uint Id, string User, string Host, string? Schema, string Level, string? HeldOn, long? HeldForMilliseconds, string? HeldBecause,
    long? RunningForMilliseconds, string? Statement, long ConnectedForSeconds);

public sealed record DigestSummary(
    string Digest, long Count, long Errors, long OnReplicas, double TotalMilliseconds, double MeanMicroseconds, double MaxMicroseconds, long Rows, string Reason);

/// <summary>All counters at an instant, summed over the reactors.</summary>
public sealed record GatewayCounters(
    long Statements, long Reads, long ReadsOnReplicas, long Writes, long Errors, long Retries, long RefusedByReplica,
    long PositionWaits, long LogWaits, long WriteHolds, long Queued, long Refused, long SessionsOpened, long LoginsFailed, long BackendsOpened,
    long SettingsLaid, long SettingsReset, long StatementsPrepared, long CacheLookups, long CacheHits, long CacheInvalidated, long CacheMerged, long CacheFilled, long Slow);

/// <summary>What the gateway knows of itself, for metrics, SHOW HEADWATER and the terminal. Any thread may ask; a figure may be one statement old.</summary>
public sealed class GatewayStatistics
{
    readonly GatewayServer _server;
    readonly GatewayThread[] _threads;

    internal GatewayStatistics(GatewayServer server, GatewayThread[] threads)
    {
        _server = server;
        _threads = threads;
    }

    /// <inheritdoc cref="GatewayServer.Kept"/>
    public (int Results, long Bytes, long Evicted)? Kept => _server.Kept;

    /// <summary>Reads that were looked at again, by what came of it; empty where none are.</summary>
    public IReadOnlyList<(AuditVerdict Verdict, long Count)> Audited => _server.History is null ? [] : [.. Enum.GetValues<AuditVerdict>().Select(verdict => (verdict, _server.Audit.Count(verdict)))];

    /// <summary>Reads that were found to be answered wrongly.</summary>
    public long Violations => _server.Audit.Count(AuditVerdict.Violated);

    /// <summary>The last violations, and then the last other reads that were looked at again; each newest first.</summary>
    public IReadOnlyList<AuditFinding> AuditFindings => _server.Audit.Findings;

    public int SessionsOpen => _server.SessionCount;

    public int SessionsHolding => _server.AllSessions.Count(s => s.Lease.Held is not null);

    public GatewayCounters Counters()
    {
        long Sum(Func<ThreadStatistics, long> of) => _threads.Sum(t => of(t.Statistics));
        return new GatewayCounters(
            Sum(s => s.Statements), Sum(s => s.Reads), Sum(s => s.ReadsOnReplicas), Sum(s => s.Writes), Sum(s => s.Errors), Sum(s => s.Retries),
            Sum(s => s.RefusedByReplica), Sum(s => s.PositionWaits), Sum(s => s.LogWaits), Sum(s => s.WriteHolds), Sum(s => s.Queued), Sum(s => s.Refused),
            Sum(s => s.SessionsOpened), Sum(s => s.LoginsFailed), Sum(s => s.BackendsOpened), Sum(s => s.SettingsLaid), Sum(s => s.SettingsReset), Sum(s => s.StatementsPrepared),
            Sum(s => s.CacheLookups), Sum(s => s.CacheHits), Sum(s => s.CacheInvalidated), Sum(s => s.CacheMerged), Sum(s => s.CacheFilled), Sum(s => s.Slow));
    }

    /// <summary>Statements by why they went where they went.</summary>
    public IEnumerable<(string Reason, long Count)> ByReason()
    {
        foreach (var reason in Enum.GetValues<RouteReason>())
        {
            var count = _threads.Sum(t => t.Statistics.ByReason[(int)reason]);
            if (count > 0) yield return (reason.ToString(), count);
        }
    }

    public IEnumerable<(LevelKind Level, long Reads, long OnReplicas)> ByLevel()
    {
        foreach (var level in Enum.GetValues<LevelKind>())
            yield return (level, _threads.Sum(t => t.Statistics.ByLevel[(int)level]), _threads.Sum(t => t.Statistics.ReplicaReadsByLevel[(int)level]));
    }

    public LatencyHistogram ReadLatency() => Sum(t => t.Statistics.ReadLatency);
    public LatencyHistogram WriteLatency() => Sum(t => t.Statistics.WriteLatency);

    LatencyHistogram Sum(Func<GatewayThread, LatencyHistogram> of)
    {
        var sum = new LatencyHistogram();
        foreach (var thread in _threads) of(thread).AddTo(sum);
        return sum;
    }

    public IReadOnlyList<ServerFigures> Servers()
    {
        var view = _server.View;
        var figures = new List<ServerFigures>();
        var ahead = view.Primary?.State.Timeline.Latest?.Logged ?? Position.Empty;
        for (var i = 0; i < view.Servers.Length; i++)
        {
            var server = view.Servers[i];
            var latest = server.State.Timeline.Latest;
            var busy = _threads.Sum(t => i < t.Loads.Length ? t.Loads[i].Busy : 0);
            var pools = _threads.Select(t => t.PoolOf(server.State)).OfType<Backends.ServerPool>().ToArray();
            figures.Add(new ServerFigures(
                server.Id.Name, server.Address.ToString(), server.Role.ToString().ToLowerInvariant(), server.Health.ToString().ToLowerInvariant(),
                server.Tags == ServerTags.None ? "" : server.Tags.ToString().ToLowerInvariant(), latest?.Position.ToString() ?? "",
                server.Lag?.TotalMilliseconds, latest is null || ahead.IsEmpty ? null : latest.Position.Behind(ahead),
                busy, pools.Sum(p => p.Total), pools.Sum(p => p.Queued), server.Reason, pools.Sum(p => p.Statements), pools.Sum(p => p.Reads)));
        }
        return figures;
    }

    public IReadOnlyList<SessionFigures> Sessions() =>
    [
        .. _threads.SelectMany(t => Ask<SessionFigures[]>(t, () => [.. t.Sessions.Where(s => s.IsLoggedIn).Select(Figures)], [])).OrderBy(s => s.Id),
    ];

    /// <summary>
    /// The sessions that hold a backend longest, and how many hold one at all: without a look at every other session's figures, of which there may be ten thousand.
    /// </summary>
    public (IReadOnlyList<SessionFigures> Longest, int Holding) Holding(int most)
    {
        var parts = _threads.Select(t => Ask<(SessionFigures[], int)>(t, () =>
        {
            var holding = t.Sessions.Where(static s => s is { IsLoggedIn: true, Lease.Held: not null }).ToList();
            return ([.. holding.OrderBy(static s => s.Lease.HeldSince).Take(most).Select(Figures)], holding.Count);
        }, ([], 0))).ToList();
        return ([.. parts.SelectMany(static part => part.Item1).OrderByDescending(static s => s.HeldForMilliseconds).Take(most)], parts.Sum(static part => part.Item2));
    }

    /// <summary>The statements that took longest lately, newest first; see <see cref="GatewayOptions.SlowStatement"/>.</summary>
    public IReadOnlyList<SlowStatement> Slow() => _server.Slowest.Newest();

    static SessionFigures Figures(ClientSession s) => new(
            s.Id, s.Identity.User, s.ClientHost, s.Settings.Schema, s.Level.ToString(), s.Lease.Held?.Server.Id.Name,
            s.Lease.Held is null ? null : (long)(EventLoop.Now - s.Lease.HeldSince).TotalMilliseconds,
            s.Lease.Held is not { } held ? null : held.Endpoint.IsHungUp || held.IsClosed ? $"{s.Holds.Describe()}, lost: the server has ended the connection, and the next statement is told so" : s.Holds.Describe(),
            s.Running is null ? null : (long)(EventLoop.Now - s.ArrivedAt).TotalMilliseconds,
            s.Running is null ? null : s.Facts.Digest, (long)(EventLoop.Now - s.ConnectedAt).TotalSeconds);

    /// <summary>The digests that took most time in all.</summary>
    public IReadOnlyList<DigestSummary> Digests(int most)
    {
        var sums = new Dictionary<string, DigestFigures>();
        foreach (var thread in _threads)
        {
            foreach (var figures in Snapshot(thread))
            {
                if (!sums.TryGetValue(figures.Facts.Digest, out var sum)) sums[figures.Facts.Digest] = sum = new DigestFigures(figures.Facts);
                sum.Count += figures.Count;
                sum.Errors += figures.Errors;
                sum.OnReplicas += figures.OnReplicas;
                sum.Rows += figures.Rows;
                sum.TotalTicks += figures.TotalTicks;
                sum.MaxTicks = Math.Max(sum.MaxTicks, figures.MaxTicks);
            }
        }
        var perMicrosecond = Stopwatch.Frequency / 1e6;
        return
        [
            .. sums.Values.OrderByDescending(d => d.TotalTicks).Take(most).Select(d => new DigestSummary(
                d.Facts.Digest, d.Count, d.Errors, d.OnReplicas, d.TotalTicks / perMicrosecond / 1000, d.Count == 0 ? 0 : d.TotalTicks / perMicrosecond / d.Count,
                d.MaxTicks / perMicrosecond, d.Rows, d.Facts.Reason)),
        ];
    }

    /// <summary>Bytes ever allocated on the reactor threads: what the byte path costs the collector, without the rest of the process.</summary>
    public long ReactorAllocatedBytes() => _threads.Sum(t => Ask(t, GC.GetAllocatedBytesForCurrentThread, 0));

    /// <summary>Buffers that reactors have lent out; zero when nothing runs.</summary>
    public long BuffersOutstanding() => _threads.Sum(t => Ask(t, () => t.Loop.Buffers.Outstanding, 0));

    /// <summary>Per reactor: backends lent (or counted as busy), and prepared statements kept; both zero when no session is open. -1: the reactor does not answer.</summary>
    internal IEnumerable<(int Reactor, int Backends, int Statements)> Lent() => _threads.Select(t =>
    {
        var (backends, statements) = Ask(t, () => (Math.Max(t.BackendsLent, t.Loads.Sum(l => l.Busy)), t.Statements.Count), (-1, -1));
        return (t.Loop.Number, backends, statements);
    });

    static DigestFigures[] Snapshot(GatewayThread thread) => Ask<DigestFigures[]>(thread, () => [.. thread.Statistics.Digests.Values], []);

    /// <summary>What belongs to a reactor only its own thread may read; this one waits for it.</summary>
    static T Ask<T>(GatewayThread thread, Func<T> what, T otherwise)
    {
        if (thread.Loop.IsCurrent) return what();
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        thread.Loop.Post(() => answer.TrySetResult(what()));
        return answer.Task.Wait(TimeSpan.FromSeconds(1)) ? answer.Task.Result : otherwise;
    }

    /// <summary>Name and value, for SHOW HEADWATER STATS.</summary>
    internal IEnumerable<string?[]> Rows()
    {
        static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
        var counters = Counters();
        foreach (var property in typeof(GatewayCounters).GetProperties())
            if (property.PropertyType == typeof(long)) yield return [property.Name, ((long)property.GetValue(counters)!).ToString(CultureInfo.InvariantCulture)];
        yield return ["ReactorAllocatedBytes", ReactorAllocatedBytes().ToString(CultureInfo.InvariantCulture)];
        yield return ["SessionsOpen", SessionsOpen.ToString(CultureInfo.InvariantCulture)];
        yield return ["SessionsHolding", SessionsHolding.ToString(CultureInfo.InvariantCulture)];
        foreach (var (level, reads, onReplicas) in ByLevel())
            if (reads > 0) yield return [$"Reads at {level}", $"{reads}, {Number(100.0 * onReplicas / reads)} % on replicas"];
        foreach (var (reason, count) in ByReason()) yield return [$"Route {reason}", count.ToString(CultureInfo.InvariantCulture)];
        foreach (var (name, histogram) in new[] { ("Read", ReadLatency()), ("Write", WriteLatency()) })
            yield return [$"{name} latency p50/p95/p99 ms", $"{Number(histogram.Percentile(0.5) * 1000)} / {Number(histogram.Percentile(0.95) * 1000)} / {Number(histogram.Percentile(0.99) * 1000)}"];
    }
}
