using Headwater.Core.Topology;

namespace Headwater.Streams.Follow;

/// <summary>Where a follower of the log stands.</summary>
/// <param name="Source">The server that it reads, or wants to read.</param>
/// <param name="IsFollowing">Its log comes.</param>
/// <param name="Sentence">Why it is as it is.</param>
/// <param name="Code">The error that a server would tell for it: 0 for none, 2003 for a source that cannot be reached.</param>
public sealed record FollowerState(ServerId? Source, bool IsFollowing, string Sentence, int Code = 0);
