using System.Collections.Immutable;
using Headwater.Servers;
using Headwater.Streams.Follow;
using Headwater.Streams.Sinks;
using Headwater.Streams.Store;

namespace Headwater.Streams;

/// <summary>How the cluster's log is followed, kept and handed on.</summary>
public sealed record FeedOptions(LogStoreOptions Store, FollowerOptions Follower)
{
    /// <summary>An account with SELECT on what is copied: for those who begin with a copy of the tables. Null: the follower's.</summary>
    public ServerLogin? Copier { get; init; }
    public ImmutableArray<SinkOptions> Sinks { get; init; } = [];
}
