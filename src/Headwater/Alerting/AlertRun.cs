using Headwater.Control;
using Headwater.Control.Alerting;
using Headwater.Core;
using Headwater.Core.Alerting;
using Headwater.Core.Topology;
using Headwater.Gateway;

namespace Headwater.Alerting;

/// <summary>Measures, judges, and tells whoever is to be told.</summary>
sealed class AlertRun(AlertConfig config, Alerts alerts, Published<ClusterView> view, GatewayStatistics statistics, IReadOnlyList<string> directories, TimeProvider time, ILogger log) : IAsyncDisposable
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(5), Remembered = TimeSpan.FromMinutes(10);
    const int MostRemembered = 200;
    readonly AlertWatch _watch = new();
    readonly List<AlertSample> _samples = [];
    readonly Lock _remembering = new();
    readonly CancellationTokenSource _end = new();
    AlertConfig _config = config;
    IReadOnlyList<FiringAlert> _firing = [];
    IReadOnlyList<Reading> _readings = [];
    AlertHistory _history = new(MostRemembered);
    long _changes;
    Task _running = Task.CompletedTask;

    /// <summary>What is amiss now, what weighs most first. From any thread.</summary>
    public IReadOnlyList<FiringAlert> Firing => Volatile.Read(ref _firing);

    /// <summary>What was amiss since the start, the newest last. From any thread.</summary>
    public IReadOnlyList<AlertEpisode> History => Volatile.Read(ref _history).Episodes;

    /// <summary>Grows with each change of the history but for how bad it is.</summary>
    public long Changes => Interlocked.Read(ref _changes);
    public IReadOnlyList<AlertRule> Rules => Volatile.Read(ref _config).Rules;

    /// <summary>What was measured last. From any thread.</summary>
    public IReadOnlyList<Reading> Readings => Volatile.Read(ref _readings);

    public void Start()
    {
        alerts.Apply(_config.Told);
        _running = Task.Run(RunAsync);
    }

    public void Apply(AlertConfig next)
    {
        Volatile.Write(ref _config, next);
        alerts.Apply(next.Told);
    }

    async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            do
            {
                try
                {
                    Judge(new Instant(time.GetElapsedTime(0).Ticks));
                }
                catch (Exception fault)
                {
                    // A measurement that fails must not silence the next.
                    AlertRunLog.Failed(log, fault);
                }
            }
            while (await timer.WaitForNextTickAsync(_end.Token));
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    void Judge(Instant now)
    {
        _samples.Add(Take(now));
        while (now - _samples[0].At > Remembered) _samples.RemoveAt(0);
        IReadOnlyList<Reading> readings = [.. AlertSample.Read(_samples), .. AlertSample.Lags(view.Current), .. Machine.Disks(directories)];
        Volatile.Write(ref _readings, readings);
        var changes = _watch.Judge(Rules, readings, now);
        Volatile.Write(ref _firing, _watch.Firing);
        Remember(history => history.After(changes, _watch.Firing, now, time.GetUtcNow()), isNews: changes.Count > 0);
        foreach (var change in changes) Tell(change);
    }

    AlertSample Take(Instant now)
    {
        var counters = statistics.Counters();
        var latency = new LatencyHistogram();
        statistics.ReadLatency().AddTo(latency);
        statistics.WriteLatency().AddTo(latency);
        return new AlertSample(now, Machine.Processors(), counters.Statements, counters.Errors, counters.Slow, statistics.Violations, latency);
    }

    void Tell(AlertChange change)
    {
        var (rule, sentence) = (change.Alert.Rule, change.Alert.Sentence);
        if (change.Resolved) AlertRunLog.Resolved(log, rule.Name, sentence);
        else AlertRunLog.Begins(log, rule.Name, sentence);
        var alert = new Alert(time.GetUtcNow(), view.Current.Cluster, rule.Name, rule.Severity, rule.Signal == AlertSignal.Lag ? change.Alert.Subject : null, sentence, change.Resolved);
        if (change.Resolved) alerts.Tell(alert);
        else if (alerts.Tell(alert, sent => Told(sent ? AlertTold.Told : AlertTold.Failed))) Told(AlertTold.Waiting, before: AlertTold.Nobody);

        // The sender may be quicker than this thread: what it came to stays.
        void Told(AlertTold told, AlertTold? before = null) => Remember(history => before is null || history.Last(rule.Signal, change.Alert.Subject)?.Told == before ? history.Told(rule.Signal, change.Alert.Subject, told) : history, isNews: true);
    }

    void Remember(Func<AlertHistory, AlertHistory> next, bool isNews)
    {
        lock (_remembering) Volatile.Write(ref _history, next(_history));
        if (isNews) Interlocked.Increment(ref _changes);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _end.Dispose();
    }
}

static partial class AlertRunLog
{
    [LoggerMessage(4100, LogLevel.Warning, "{Rule}: {Sentence}")]
    public static partial void Begins(ILogger log, string rule, string sentence);

    [LoggerMessage(4101, LogLevel.Information, "{Rule} is over; it was: {Sentence}")]
    public static partial void Resolved(ILogger log, string rule, string sentence);

    [LoggerMessage(4102, LogLevel.Error, "what is amiss could not be measured")]
    public static partial void Failed(ILogger log, Exception fault);
}
