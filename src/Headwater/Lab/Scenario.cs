using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Headwater.Lab;

/// <summary>A problem of replicated databases and its cure, as plain values: what is shown, told, and demanded of the outcome.</summary>
sealed record Scenario
{
    public const int Sentences = 5;

    /// <summary>As it is named on the command line.</summary>
    public required string Name { get; init; }
    public required LabText Title { get; init; }
    public required LabText Question { get; init; }

    /// <summary>What is counted or measured, as a heading.</summary>
    public required LabText Anomaly { get; init; }

    /// <summary>What the protection off and on is here.</summary>
    public required LabText Without { get; init; }
    public required LabText With { get; init; }
    public required ImmutableArray<LabText> Explanation { get; init; }

    /// <summary>About how long both runs take on a small machine, for whoever waits.</summary>
    public required int Seconds { get; init; }
    public Demand Demand { get; init; } = Demand.Gone(10);
}

/// <summary>
/// What the two runs must show for a scenario to be right: without the protection the anomaly is seen, and with it at most <paramref name="MostShare"/> of that.
/// A run that hardly tried shows nothing.
/// </summary>
sealed record Demand(long LeastTries, double MostShare, string Unit)
{
    public static Demand Gone(long leastTries) => new(leastTries, 0, "");

    public static Demand AtMost(double share, string unit, long leastTries) => new(leastTries, share, unit);

    [JsonIgnore]
    public bool IsGone => MostShare == 0;
}
