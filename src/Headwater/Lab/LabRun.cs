using System.Collections.Immutable;
using System.Diagnostics;
using Headwater.Lab.Runs;
using Headwater.Lab.Stage;

namespace Headwater.Lab;

sealed record LabRunOptions
{
    /// <summary>Where servers have their data; it is gone afterwards.</summary>
    public required string Directory { get; init; }

    /// <summary>Scenarios whose protection is left out of both runs, so that they must end red: to see that the lab does not say what it has not seen.</summary>
    public Predicate<Scenario> IsUnprotected { get; init; } = static _ => false;

    /// <summary>A run that takes longer has failed.</summary>
    public TimeSpan LongestRun { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>What is being done now, for people who wait.</summary>
sealed record LabStep(int Number, int Of, Scenario Scenario, LabText Doing);

/// <summary>Plays scenarios one after the other.</summary>
sealed class LabRun(LabRunOptions options, Action<LabStep> step, Action<ScenarioResult> done)
{
    static readonly LabText Starts = new("first data is made", "첫 데이터를 만드는 중");

    public async Task<LabReport> RunAsync(IReadOnlyList<Scenario> scenarios, CancellationToken ct)
    {
        var (began, started) = (Stopwatch.GetTimestamp(), TimeProvider.System.GetUtcNow());
        step(new LabStep(0, scenarios.Count, scenarios[0], Starts));
        await using var stage = await LabStage.StartAsync(options.Directory, ct);
        var results = new List<ScenarioResult>();
        foreach (var scenario in scenarios)
        {
            var result = await PlayAsync(stage, scenario, results.Count + 1, scenarios.Count, ct);
            results.Add(result);
            done(result);
        }
        return new LabReport
        {
            Version = BuildVersion.Text,
            Server = stage.Installation.Version,
            Started = started,
            Seconds = Stopwatch.GetElapsedTime(began).TotalSeconds,
            Results = [.. results],
        };
    }

    async Task<ScenarioResult> PlayAsync(LabStage stage, Scenario scenario, int number, int of, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        Evidence? without = null;
        try
        {
            step(new LabStep(number, of, scenario, scenario.Without));
            without = await PlayAsync(stage, scenario, isProtected: false, ct);
            step(new LabStep(number, of, scenario, scenario.With));
            var with = await PlayAsync(stage, scenario, isProtected: !options.IsUnprotected(scenario), ct);
            var verdict = Verdict.Of(scenario, without, with);
            return new ScenarioResult(scenario, verdict.Passed, verdict.Sentence, Stopwatch.GetElapsedTime(began).TotalSeconds, without, with);
        }
        catch (Exception trouble) when (!ct.IsCancellationRequested)
        {
            // Whatever it was, the next scenario is not to meet it.
            await stage.ClearAsync();
            var sentence = trouble is OperationCanceledException
                ? new LabText($"It did not come to an end within {options.LongestRun.TotalSeconds:0} s.", $"{options.LongestRun.TotalSeconds:0}초 안에 끝나지 않았습니다.")
                : new LabText($"It could not be played to its end: {trouble.Message}", $"끝까지 실행하지 못했습니다: {trouble.Message}");
            return new ScenarioResult(scenario, false, sentence, Stopwatch.GetElapsedTime(began).TotalSeconds, without, null);
        }
    }

    async Task<Evidence> PlayAsync(LabStage stage, Scenario scenario, bool isProtected, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.LongestRun);
        return await ScenarioRuns.Of(scenario.Name)(stage, isProtected, limit.Token);
    }
}
