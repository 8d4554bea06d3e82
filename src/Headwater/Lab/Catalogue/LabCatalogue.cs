using System.Collections.Immutable;

namespace Headwater.Lab.Catalogue;

/// <summary>All scenarios, in the order in which they are best read.</summary>
static class LabCatalogue
{
    public static readonly ImmutableArray<Scenario> All =
    [
        LoadScenarios.Analysts,
        ReadScenarios.MyCommentIsGone,
        ReadScenarios.TimeRunsBackwards,
        ReadScenarios.AnswerBeforeQuestion,
        FailureScenarios.PhantomRead,
        FailureScenarios.ReplicaDies,
        FailureScenarios.PrimaryDies,
        FailureScenarios.LostTail,
        FailureScenarios.SplitBrain,
        ReplicaScenarios.CrashSafeReplica,
        ReplicaScenarios.BrokenRing,
        CacheScenarios.ThunderingHerd,
        CacheScenarios.StaleCache,
        CacheScenarios.Penetration,
        CacheScenarios.Avalanche,
    ];

    public static Scenario? Find(string name) => All.FirstOrDefault(scenario => scenario.Name == name);
}
