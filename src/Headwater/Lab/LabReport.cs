using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Headwater.Lab;

/// <summary>What a run of the lab came to, for whoever shows it.</summary>
sealed record LabReport
{
    public required string Version { get; init; }
    public required string Server { get; init; }
    public required DateTimeOffset Started { get; init; }
    public required double Seconds { get; init; }
    public required ImmutableArray<ScenarioResult> Results { get; init; }

    [JsonIgnore]
    public bool Passed => Results.All(static result => result.Passed);
}

/// <param name="Without">Null where the run came to no end.</param>
/// <param name="With">The same.</param>
sealed record ScenarioResult(Scenario Scenario, bool Passed, LabText Sentence, double Seconds, Evidence? Without, Evidence? With);

/// <summary>A line of <c>headwater lab run --lines</c>: what begins now, and in the end what it came to.</summary>
sealed record LabLine(LabStep? Step = null, LabReport? Report = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LabLine))]
sealed partial class LabLineJson : JsonSerializerContext;

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LabReport))]
[JsonSerializable(typeof(ImmutableArray<Scenario>))]
sealed partial class LabJson : JsonSerializerContext;
