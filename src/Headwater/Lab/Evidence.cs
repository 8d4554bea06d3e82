using System.Collections.Immutable;

namespace Headwater.Lab;

enum SeriesKind
{
    /// <summary>A value that stays until the next one: where a copy stood.</summary>
    Steps,

    /// <summary>One value each time that somebody looked or wrote.</summary>
    Dots,
}

/// <summary>A value at a time after the beginning, null where nobody answered; bad is what must not be.</summary>
readonly record struct SeriesPoint(double Seconds, double? Value, bool IsBad = false);

sealed record Series(LabText Name, SeriesKind Kind, ImmutableArray<SeriesPoint> Points);

sealed record LabEvent(double Seconds, LabText Text);

sealed record Figure(LabText Name, string Value);

/// <summary>What one run of a scenario has measured, with or without the protection.</summary>
sealed record Evidence
{
    /// <summary>What <see cref="Scenario.Anomaly"/> names: how many, or how much.</summary>
    public required double Anomaly { get; init; }

    /// <summary>How often the anomaly had a chance to show itself.</summary>
    public required long Tries { get; init; }

    /// <summary>What the values of the series are.</summary>
    public required LabText Axis { get; init; }
    public required double Seconds { get; init; }
    public ImmutableArray<Series> Series { get; init; } = [];
    public ImmutableArray<LabEvent> Events { get; init; } = [];
    public ImmutableArray<Figure> Figures { get; init; } = [];
}
