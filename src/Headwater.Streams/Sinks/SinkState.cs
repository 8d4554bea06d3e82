using Headwater.Core.Consumers;

namespace Headwater.Streams.Sinks;

/// <summary>How a sink does. Numbers are since the start.</summary>
/// <param name="Runs">False while it is tried again.</param>
/// <param name="Sentence">What it does, or why it does not.</param>
/// <param name="Place">What it has handed on for certain; null before it began.</param>
/// <param name="Sent">Changes that are safe on the other side.</param>
/// <param name="Failures">Times it had to begin anew from its place.</param>
public sealed record SinkState(string Name, SinkKind Kind, bool Runs, string Sentence, FeedPlace? Place, long Sent, long Failures)
{
    /// <summary>Transactions in the store that it has not handed on; null where it has not begun.</summary>
    public ulong? LagTransactions { get; init; }
    public double? LagSeconds { get; init; }
    public long? LagBytes { get; init; }
}
