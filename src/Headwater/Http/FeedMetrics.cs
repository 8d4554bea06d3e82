using Headwater.Configuration;
using Headwater.Streams;

namespace Headwater.Http;

/// <summary>The log as it is followed, kept and handed on, as metrics.</summary>
static class FeedMetrics
{
    public static void Write(PrometheusText text, Feed feed)
    {
        text.Begin("headwater_feed_following");
        text.Sample(feed.State.IsFollowing ? 1 : 0);
        text.Begin("headwater_feed_bytes");
        text.Sample(feed.Store.Bytes);
        text.Begin("headwater_feed_proves");
        text.Sample(feed.Changes.Extent.Dictionary is null ? 0 : 1);
        if (feed.Sinks is not { Count: > 0 } sinks) return;
        text.Begin("headwater_sink_up");
        foreach (var sink in sinks) text.Sample(sink.Runs ? 1 : 0, ("sink", sink.Name), ("kind", Notations.NameOf(sink.Kind)));
        text.Begin("headwater_sink_lag_transactions");
        foreach (var sink in sinks)
            if (sink.LagTransactions is { } transactions) text.Sample(transactions, ("sink", sink.Name));
        text.Begin("headwater_sink_lag_seconds");
        foreach (var sink in sinks)
            if (sink.LagSeconds is { } seconds) text.Sample(seconds, ("sink", sink.Name));
        text.Begin("headwater_sink_lag_bytes");
        foreach (var sink in sinks)
            if (sink.LagBytes is { } bytes) text.Sample(bytes, ("sink", sink.Name));
        text.Begin("headwater_sink_sent_total");
        foreach (var sink in sinks) text.Sample(sink.Sent, ("sink", sink.Name));
        text.Begin("headwater_sink_failures_total");
        foreach (var sink in sinks) text.Sample(sink.Failures, ("sink", sink.Name));
    }
}
