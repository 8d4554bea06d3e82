using Headwater.Core.Consumers;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Core.Topology;

namespace Headwater.Core.Caching;

/// <summary>Where and when a result was read: what is known of its position.</summary>
/// <param name="Server">Who answered.</param>
/// <param name="Epoch">In which epoch.</param>
/// <param name="From">What the server was known to show before it was asked.</param>
/// <param name="Since">The number of the last transaction such that it and all before it are in <paramref name="From"/>: <see cref="LastChanges.OrdinalOf(in Position)"/>.</param>
/// <param name="FinishedAt">When its last byte had come.</param>
public sealed record ReadMoment(ServerState Server, Epoch Epoch, Position From, long Since, Instant FinishedAt)
{
    /// <summary>What is known before the server is asked; null when nothing could be told of the answer.</summary>
    /// <param name="extent">Taken from <paramref name="changes"/> before.</param>
    /// <param name="session">Who asks: what it knows the server to show is known.</param>
    public static ReadMoment? Before(ClusterView view, LastChanges changes, Extent extent, ServerState server, in SessionPosition session)
    {
        var from = server.Timeline.Applied;
        // What was not judged in this epoch may be of a lost branch, and others will take it for seen.
        if (session.JudgedIn == view.Epoch && server.Shows(session.Floor)) from = from.Merge(session.Floor);
        return changes.OrdinalOf(in from, extent) is { } since ? new ReadMoment(server, view.Epoch, from, since, Instant.Zero) : null;
    }
}

public enum ResultValidity : byte
{
    /// <summary>It is what the primary's history has at the extent.</summary>
    Valid,

    /// <summary>It cannot be told yet: the log is not known as far as the read may have seen.</summary>
    NotYet,

    /// <summary>Something that it depends on has changed, or may have.</summary>
    Invalid,
}

/// <summary>
/// A server's answer, kept. It was read at an unknown position between <see cref="ReadMoment.From"/> and whatever the primary had logged by its end. Once the log is known
/// to there and has touched nothing of the footprint since From, it is the result at From, at every position up to there, and on from there for as
/// long as the log touches nothing of it. No clock and no message decides that; when the log is not known further, it is claimed of nothing further.
/// </summary>
public sealed class CachedResult(ulong hash, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> answer, Footprint reads, long? keyValue, ReadMoment moment, int surroundings)
    : CacheResident(hash, key.Length + answer.Length + surroundings)
{
    bool _settled;

    public ReadOnlyMemory<byte> Key => key;

    /// <summary>The packets of the answer, from sequence number 1.</summary>
    public ReadOnlyMemory<byte> Answer => answer;
    public ReadMoment Moment => moment;
    public required string Digest { get; init; }
    public required long Rows { get; init; }

    /// <summary>How long the server took, for judging what waiting is worth.</summary>
    public required TimeSpan Cost { get; init; }

    long _hits;

    /// <summary>About how often it was served: two threads at once may count as one.</summary>
    public long Hits => Volatile.Read(ref _hits);

    public void CountHit() => Volatile.Write(ref _hits, Volatile.Read(ref _hits) + 1);

    /// <param name="extent">Taken from <paramref name="changes"/> before: what is looked at afterwards may be newer, never older.</param>
    public ResultValidity Judge(ClusterView view, LastChanges changes, Extent extent)
    {
        if (!changes.IsUnchanged(reads, keyValue, moment.Since)) return ResultValidity.Invalid;
        // A log that has a lost branch in it proves nothing; it is cut back in moments.
        if (Lineage.IsForeign(view, extent.Position, out _)) return ResultValidity.NotYet;
        if (Volatile.Read(ref _settled)) return ResultValidity.Valid;
        // What a former primary may have shown is bounded by its own numbers, which its successor gives out again.
        if (view.Epoch != moment.Epoch) return ResultValidity.Invalid;
        if ((moment.Server.Timeline.FirstAskedSince(moment.FinishedAt) ?? view.BoundOf(moment.FinishedAt)) is not { } since || !extent.Position.Covers(since.Logged)) return ResultValidity.NotYet;
        Volatile.Write(ref _settled, true);
        return ResultValidity.Valid;
    }
}
