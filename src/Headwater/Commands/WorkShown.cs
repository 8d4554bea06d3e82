using Headwater.Core;
using Headwater.Http;

namespace Headwater.Commands;

/// <summary>What a person who waits is shown.</summary>
sealed record WorkShown(string Doing, Progress? Progress)
{
    public static WorkShown Of(FindingJson finding) => new(finding.Doing ?? finding.Sentence, finding.Progress);

    public static WorkShown Of(Underway at, Instant now) => new(at.Doing, at.Pace?.Seen(now));

    /// <summary>For a log.</summary>
    public string Line => Progress is { } progress ? $"{Doing}: {progress}" : Doing;
}
