using System.Collections.Immutable;
using Headwater.Streams.Consumers;

namespace Headwater.Streams.Sinks;

public enum SinkKind : byte
{
    Rabbitmq,
    Http,
}

public enum QueueKind : byte
{
    /// <summary>Replicated, each message taken once.</summary>
    Quorum,

    /// <summary>Kept and read as a log.</summary>
    Stream,
}

public enum PushFormat : byte
{
    /// <summary>One request for many events: application/cloudevents-batch+json.</summary>
    Batch,

    /// <summary>One request for each event: application/cloudevents+json.</summary>
    Structured,
}

public sealed record SinkOptions
{
    public required string Name { get; init; }
    public required SinkKind Kind { get; init; }

    /// <summary>May hold a password: never shown.</summary>
    public required Uri Url { get; init; }

    /// <summary>Where a sink without a place of its own begins: not at a place.</summary>
    public BeginKind From { get; init; } = BeginKind.Now;

    /// <summary>Patterns of schema.table; none: all.</summary>
    public ImmutableArray<string> Tables { get; init; } = [];
    public string Exchange { get; init; } = "headwater";
    public string? Queue { get; init; }
    public QueueKind QueueKind { get; init; }
    public PushFormat Format { get; init; }

    /// <summary>How many changes are under way at once: as many may come twice after a failure.</summary>
    public int Batch { get; init; } = 500;

    public override string ToString() => $"{Name} ({Kind})";
}
