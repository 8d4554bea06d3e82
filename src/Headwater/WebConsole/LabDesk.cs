using Headwater.Http;
using Headwater.Lab;
using Headwater.Lab.Catalogue;
using Headwater.Up;

namespace Headwater.WebConsole;

/// <summary>A run of the lab, as all who look on see it.</summary>
/// <param name="Scenario">The one that runs, or ran last; left out where none did since the start.</param>
/// <param name="Expected">Seconds that it takes, by the last time or by what is usual.</param>
/// <param name="Steps">Those that were begun.</param>
/// <param name="Ended">How it ended, when it has.</param>
sealed record LabState(string? Scenario, bool Runs, DateTimeOffset Since, double Expected, IReadOnlyList<LabBegun> Steps, bool Passed, LabText? Ended)
{
    public static readonly LabState None = new(null, false, default, 0, [], false, null);
}

sealed record LabBegun(LabText Doing, DateTimeOffset At);

/// <summary>Plays scenarios of the lab at an operator's wish, one at a time, and keeps the last report of each. A run goes on when whoever asked for it has gone.</summary>
/// <param name="isAllowed">http.lab.</param>
/// <param name="directory">A folder of its own in the state directory.</param>
sealed class LabDesk(Func<bool> isAllowed, string directory, IReadOnlyList<string> program, TimeProvider time, Action changed) : IAsyncDisposable
{
    // The first data that every run begins with.
    const int Beginning = 4;
    readonly Lock _lock = new();
    readonly CancellationTokenSource _end = new();
    readonly LabShelf _shelf = new(directory);

    // A gateway that was killed could not wait until its lab had cleared up.
    readonly Task _clearing = Task.Run(() => LabProcess.RemoveLeftovers(directory));
    CancellationTokenSource? _stop;
    Task _running = Task.CompletedTask;
    LabState _state = LabState.None;
    bool _isInstalled;

    /// <summary>Null where the lab is off.</summary>
    public LabState? State => isAllowed() ? Volatile.Read(ref _state) : null;

    public LabReport? Last(string scenario) => _shelf.Find(scenario);

    /// <summary>Why nothing can be played here, in a sentence; null where it can.</summary>
    public string? Hindrance()
    {
        if (!isAllowed()) return "The lab is off here: http.lab is false. It starts database servers on the gateway's machine; on any machine headwater lab run does the same without a gateway.";
        try
        {
            if (!_isInstalled) MariaDbInstallation.Find();
            _isInstalled = true;
            return null;
        }
        catch (UpException missing)
        {
            return missing.Message.Replace('\n', ' ');
        }
    }

    public OutcomeJson Run(string name, bool dryRun)
    {
        if (Hindrance() is { } hindrance) return new OutcomeJson(false, [hindrance]);
        if (LabCatalogue.Find(name) is not { } scenario) return new OutcomeJson(false, [$"There is no scenario \"{name}\"; allowed: {string.Join(", ", LabCatalogue.All.Select(static one => one.Name))}."]);
        var expected = Expected(scenario);
        lock (_lock)
        {
            if (!_running.IsCompleted) return new OutcomeJson(false, [$"{_state.Scenario} is being played; one at a time."]);
            if (dryRun)
                return new OutcomeJson(true, [$"Real MariaDB servers are started on this gateway's machine for about {expected:0} s, in a process of its own that stands behind others for processors. They share nothing with this cluster but the machine: its disk is written to and its processors are used.",
                    $"First: {scenario.Without.En}. Then: {scenario.With.En}."]);
            _stop?.Dispose();
            _stop = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            _state = new LabState(name, true, time.GetUtcNow(), expected, [], false, null);
            var stop = _stop.Token;
            _running = Task.Run(() => PlayAsync(name, stop), CancellationToken.None);
        }
        changed();
        return new OutcomeJson(true, [$"{name} is being played, for about {expected:0} s."]);
    }

    public OutcomeJson Stop(bool dryRun)
    {
        lock (_lock)
        {
            if (_running.IsCompleted) return new OutcomeJson(false, ["Nothing is being played."]);
            if (!dryRun) _stop!.Cancel();
            return new OutcomeJson(true, [dryRun ? $"{_state.Scenario} is stopped and its servers end; there is no report of it." : $"{_state.Scenario} is being stopped."]);
        }
    }

    double Expected(Scenario scenario) => Last(scenario.Name) is { Passed: true } last ? last.Seconds : scenario.Seconds + Beginning;

    async Task PlayAsync(string name, CancellationToken stop)
    {
        LabEnd end;
        try
        {
            await _clearing;
            end = await new LabProcess(program, directory, time).RunAsync(name, step => Set(state => state with { Steps = [.. state.Steps, new LabBegun(step.Doing, time.GetUtcNow())] }), stop);
        }
        catch (Exception trouble)
        {
            // Whatever it is, it has ended, and the next one may be played.
            end = new LabEnd(null, $"It could not be played: {trouble.Message}");
        }
        if (end.Report is { Results: [var result, ..] } report)
        {
            _shelf.Keep(report);
            Set(state => state with { Runs = false, Passed = report.Passed, Ended = result.Sentence });
        }
        else Set(state => state with { Runs = false, Passed = false, Ended = LabText.Same(end.Trouble) });
    }

    void Set(Func<LabState, LabState> next)
    {
        lock (_lock) Volatile.Write(ref _state, next(_state));
        changed();
    }

    /// <summary>What is being played is stopped, and nothing is played any more.</summary>
    public void End() => _end.Cancel();

    public async ValueTask DisposeAsync()
    {
        End();
        await _running;
        await _clearing;
        _stop?.Dispose();
        _end.Dispose();
    }
}
