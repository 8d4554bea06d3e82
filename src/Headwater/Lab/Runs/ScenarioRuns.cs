using Headwater.Lab.Stage;

namespace Headwater.Lab.Runs;

/// <summary>Plays a scenario once, with the protection off or on and all else equal, and tells what was measured.</summary>
delegate Task<Evidence> ScenarioRun(LabStage stage, bool isProtected, CancellationToken ct);

static class ScenarioRuns
{
    public static ScenarioRun Of(string name) => name switch
    {
        "analysts" => Analysts.RunAsync,
        "my-comment-is-gone" => OwnWrites.RunAsync,
        "time-runs-backwards" => BackwardReads.RunAsync,
        "answer-before-question" => CauseAndEffect.RunAsync,
        "phantom-read" => PhantomRead.RunAsync,
        "replica-dies" => DeadReplicas.RunAsync,
        "primary-dies" => DeadPrimary.RunAsync,
        "lost-tail" => LostTail.RunAsync,
        "split-brain" => SplitBrain.RunAsync,
        "crash-safe-replica" => CrashedReplica.RunAsync,
        "broken-ring" => BrokenRing.RunAsync,
        "thundering-herd" => ThunderingHerd.RunAsync,
        "cache-stale" => StaleCache.RunAsync,
        "cache-penetration" => CachePenetration.RunAsync,
        "cache-avalanche" => CacheAvalanche.RunAsync,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such scenario"),
    };
}
