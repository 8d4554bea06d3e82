using Headwater.Configuration;
using Headwater.Streams;

namespace Headwater.Http;

/// <summary>The log as it is followed, kept and handed on. Begin is left out while nothing is kept.</summary>
sealed record FeedJson(bool Following, string Sentence, string? Begin, string End, IReadOnlyList<SinkJson> Sinks)
{
    public static FeedJson Of(Feed feed) => new(feed.State.IsFollowing, feed.State.Sentence, feed.Store.Begin?.ToString(), feed.Store.End.Position.ToString(),
        [.. feed.Sinks.Select(static sink => new SinkJson(sink.Name, Notations.NameOf(sink.Kind), sink.Runs, sink.Sentence, sink.Place?.ToString(), sink.LagTransactions, sink.LagSeconds, sink.LagBytes, sink.Sent, sink.Failures))]);
}

/// <summary>A sink. Position and lags are left out before it has begun.</summary>
sealed record SinkJson(string Name, string Kind, bool Runs, string Sentence, string? Position, ulong? LagTransactions, double? LagSeconds, long? LagBytes, long Sent, long Failures);
