using Headwater.Core;
using Headwater.Core.Topology;
using Headwater.Servers;
using Spectre.Console;

namespace Headwater.Demo;

/// <summary>The demo as a whole: data in place, sessions at work, and what it shows of them.</summary>
internal sealed class DemoRun(DemoOptions options, DemoTarget target, Func<DemoFigures> figures, Published<ClusterView> view, IAnsiConsole console, TimeProvider time)
{
    static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(500), LineEvery = TimeSpan.FromSeconds(2);

    public DemoCounters Counters { get; } = new();

    /// <summary>Loads the data where it is not there yet, then works and shows until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        string today;
        try
        {
            today = await LoadAsync(ct);
        }
        catch (OperationCanceledException)
        {
            // Half loaded data has no row in demo_loaded: the next run loads anew.
            return;
        }

        var show = console.Profile.Out.IsTerminal && !options.Plain ? DrawAsync(ct) : WriteLinesAsync(ct);
        await Task.WhenAll([show, .. Workers(today).Select(worker => worker.RunAsync(time, ct))]);
    }

    /// <summary>Returns since when the demo's "today" is.</summary>
    public async Task<string> LoadAsync(CancellationToken ct)
    {
        var began = time.GetTimestamp();
        await using var connection = await ServerConnection.ConnectAsync(target.Gateway, target.Login, ct);
        var (today, loaded) = await DemoLoader.EnsureAsync(connection, options.Seed, ct);
        if (loaded) console.WriteLine($"Demo: the fan community's data was loaded in {time.GetElapsedTime(began).TotalSeconds:0.0} s.");
        return today;
    }

    public IEnumerable<DemoWorker> Workers(string today)
    {
        var turns = new DemoTurns(Counters, today);
        var seed = options.Seed;
        for (var i = 0; i < options.Writers; i++) yield return new DemoWorker(target, Counters, turns.WriteAsync, options.Pause(20), ++seed);
        for (var i = 0; i < options.Readers; i++) yield return new DemoWorker(target, Counters, turns.ReadAsync, options.Pause(20), ++seed);
        for (var i = 0; i < options.Analysts; i++) yield return new DemoWorker(target, Counters, turns.AnalyseAsync, options.Pause(200), ++seed);
    }

    async Task DrawAsync(CancellationToken ct)
    {
        var looks = new Looks(Counters, figures, view, time);
        await console.Live(new Text("")).AutoClear(false).StartAsync(async live =>
        {
            while (await WaitAsync(Redraw, ct))
            {
                live.UpdateTarget(DemoScreen.Table(looks.Next()));
                live.Refresh();
            }
        });
    }

    async Task WriteLinesAsync(CancellationToken ct)
    {
        var looks = new Looks(Counters, figures, view, time);
        while (await WaitAsync(LineEvery, ct)) console.Profile.Out.Writer.WriteLine(DemoScreen.Line(looks.Next()));
    }

    async Task<bool> WaitAsync(TimeSpan pause, CancellationToken ct)
    {
        await Task.Delay(pause, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !ct.IsCancellationRequested;
    }

    /// <summary>Turns totals into what happened since the last look.</summary>
    sealed class Looks(DemoCounters counters, Func<DemoFigures> figures, Published<ClusterView> view, TimeProvider time)
    {
        long _at = time.GetTimestamp();
        DemoFigures _last = figures();
        long _troubles;

        public DemoSnapshot Next()
        {
            var (at, total) = (time.GetTimestamp(), figures());
            var (replicas, primary) = (total.ReadsOnReplicas - _last.ReadsOnReplicas, total.ReadsOnPrimary - _last.ReadsOnPrimary);
            var troubles = counters.StaleReads + counters.BackwardReads + counters.Errors;
            var snapshot = new DemoSnapshot
            {
                Over = time.GetElapsedTime(_at, at),
                Writes = counters.Writes.Take(),
                ReReads = counters.ReReads.Take(),
                Timelines = counters.Timelines.Take(),
                Analyses = counters.Analyses.Take(),
                StaleReads = counters.StaleReads,
                BackwardReads = counters.BackwardReads,
                Errors = counters.Errors,
                LastTrouble = counters.LastTrouble,
                TroubleIsNew = troubles != _troubles,
                OnReplicas = replicas + primary > 0 ? (double)replicas / (replicas + primary) : null,
                View = view.Current,
            };
            (_at, _last, _troubles) = (at, total, troubles);
            return snapshot;
        }
    }
}
