using System.Buffers.Binary;
using System.Collections.Concurrent;
using Headwater.Core.Caching;
using Headwater.Core.Consumers;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Gateway.Caching;

namespace Headwater.Bench.CacheCheck;

/// <summary>What is kept of answers, by any of the policies.</summary>
sealed class Kept(Policy policy, Plant plant, Feed feed)
{
    static readonly long TtlTicks = TimeSpan.FromMilliseconds(100).Ticks;
    const int Surroundings = 400;

    // Too small for all, so that some are always evicted.
    public readonly ResultCache Results = new(new CacheOptions { MemoryBytes = 512 << 10 });
    readonly ConcurrentDictionary<int, (long Value, long At)> _plain = new();

    public Policy Policy => policy;

    public static ulong HashOf(int statement) => ((ulong)statement + 1) * 0x9E3779B97F4A7C15;

    public static long ValueOf(CachedResult result) => BinaryPrimitives.ReadInt64LittleEndian(result.Answer.Span);

    public CachedResult? Find(int statement)
    {
        Span<byte> key = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(key, statement);
        return Results.Find(HashOf(statement), key);
    }

    public CachedResult Keep(Statement statement, Footprint reads, long? key, long value, ReadMoment moment)
    {
        var answer = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(answer, value);
        var name = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(name, statement.Number);
        var result = new CachedResult(HashOf(statement.Number), name, answer, reads, key, moment, Surroundings) { Digest = "", Rows = 1, Cost = TimeSpan.FromMilliseconds(5) };
        Results.Keep(result);
        return result;
    }

    public ResultValidity Judge(CachedResult result, ClusterView view, Extent extent)
    {
        var validity = result.Judge(view, feed.Changes, extent);
        if (plant == Plant.FillWithoutBound && validity == ResultValidity.NotYet) return ResultValidity.Valid;
        if (plant == Plant.OldNumbers && validity == ResultValidity.Invalid && result.Moment.Since < feed.BegunWith) return ResultValidity.Valid;
        return validity;
    }

    public long? FindPlain(int statement)
    {
        if (!_plain.TryGetValue(statement, out var found)) return null;
        return policy == Policy.DeleteOnWrite || Database.Ticks - found.At < TtlTicks ? found.Value : null;
    }

    public void KeepPlain(int statement, long value) => _plain[statement] = (value, Database.Ticks);

    /// <summary>Who committed says what it has changed, all of it.</summary>
    public void Written(Entry entry)
    {
        if (policy != Policy.DeleteOnWrite) return;
        foreach (var statement in entry.Changed) _plain.TryRemove(statement, out _);
    }
}
