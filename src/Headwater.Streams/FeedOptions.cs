using Headwater.Streams.Follow;
using Headwater.Streams.Store;

namespace Headwater.Streams;

/// <summary>How the cluster's log is followed and kept.</summary>
public sealed record FeedOptions(LogStoreOptions Store, FollowerOptions Follower);
