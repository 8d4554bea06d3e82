using System.Collections.Immutable;

namespace Headwater.Lab.Catalogue;

/// <summary>All scenarios, in the order in which they are best read.</summary>
static class LabCatalogue
{
    public static readonly ImmutableArray<Scenario> All =
    [
        ReadScenarios.MyCommentIsGone,
        ReadScenarios.TimeRunsBackwards,
        ReadScenarios.AnswerBeforeQuestion,
    ];

    public static Scenario? Find(string name) => All.FirstOrDefault(scenario => scenario.Name == name);
}
