using Headwater.Configuration;
using Headwater.Streams;

namespace Headwater.Http;

/// <summary>The log as it is followed, kept and handed on, as metrics.</summary>
static class FeedMetrics
{
    public static void Write(PrometheusText text, Feed feed)
    {
        text.Gauge("headwater_feed_following", "1 while the primary's log comes, else 0.");
        text.Sample(feed.State.IsFollowing ? 1 : 0);
        text.Gauge("headwater_feed_bytes", "Bytes of the log that are kept here.");
        text.Sample(feed.Store.Bytes);
        text.Gauge("headwater_feed_proves", "1 while the log proves what has not changed; 0 while what it knows of the tables is not that of the log.");
        text.Sample(feed.Changes.Extent.Dictionary is null ? 0 : 1);
        if (feed.Sinks is not { Count: > 0 } sinks) return;
        text.Gauge("headwater_sink_up", "1 while the sink hands changes on, 0 while it is tried again.");
        foreach (var sink in sinks) text.Sample(sink.Runs ? 1 : 0, ("sink", sink.Name), ("kind", Notations.NameOf(sink.Kind)));
        text.Gauge("headwater_sink_lag_transactions", "Transactions in the log's copy here that the sink has not handed on.");
        foreach (var sink in sinks)
            if (sink.LagTransactions is { } transactions) text.Sample(transactions, ("sink", sink.Name));
        text.Gauge("headwater_sink_lag_seconds", "How long ago the first of them came.");
        foreach (var sink in sinks)
            if (sink.LagSeconds is { } seconds) text.Sample(seconds, ("sink", sink.Name));
        text.Gauge("headwater_sink_lag_bytes", "Bytes of the log's copy that the sink has not read.");
        foreach (var sink in sinks)
            if (sink.LagBytes is { } bytes) text.Sample(bytes, ("sink", sink.Name));
        text.Counter("headwater_sink_sent_total", "Changes that the other side has confirmed.");
        foreach (var sink in sinks) text.Sample(sink.Sent, ("sink", sink.Name));
        text.Counter("headwater_sink_failures_total", "Times the sink began anew from its place.");
        foreach (var sink in sinks) text.Sample(sink.Failures, ("sink", sink.Name));
    }
}
