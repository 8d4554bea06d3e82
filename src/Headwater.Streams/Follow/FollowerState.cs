using Headwater.Core.Topology;

namespace Headwater.Streams.Follow;

/// <summary>Where a follower of the log stands.</summary>
/// <param name="Source">The server that it reads, or wants to read.</param>
/// <param name="IsFollowing">Its log comes.</param>
/// <param name="Sentence">Why it is as it is.</param>
public sealed record FollowerState(ServerId? Source, bool IsFollowing, string Sentence);
