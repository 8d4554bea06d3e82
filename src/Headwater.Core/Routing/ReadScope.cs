using Headwater.Core.Consumers;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Core.Topology;

namespace Headwater.Core.Routing;

/// <summary>A read's text, and who knows what has changed: from these a copy below the floor may be proven as good as one that covers it. Worked out only when it is needed.</summary>
/// <param name="changes">What the log says; null: nothing is known of it.</param>
/// <param name="facts">The statement's.</param>
/// <param name="schema">The session's schema; empty when it has none.</param>
/// <param name="sql">Its text with its literals; empty when they are elsewhere, as those of a prepared statement.</param>
public readonly ref struct ReadScope(LastChanges? changes, StatementFacts facts, string schema, ReadOnlySpan<byte> sql, SqlSyntax syntax)
{
    readonly ReadOnlySpan<byte> _sql = sql;

    /// <summary>Nothing is known: only copies that cover the floor may answer.</summary>
    public static ReadScope None => default;

    public bool IsNone => changes is null;

    /// <summary>What is known of it now under this view; <see cref="Unchanged.IsKnown"/> is false when nothing is.</summary>
    public Unchanged Take(ClusterView view)
    {
        if (changes is null) return default;
        var extent = changes.Extent;
        // The text must have been understood by what is true of the tables where the log stands; and a log that has a lost branch in it proves nothing.
        if (extent.Dictionary is null || !facts.IsReadBy(extent.Dictionary) || Lineage.IsForeign(view, extent.Position, out _)) return default;
        var reads = facts.FootprintIn(schema);
        if (reads.IsEverything) return default;
        long? key = reads.Key is { } lookup && !_sql.IsEmpty && lookup.TryKey(_sql, syntax, out var value) ? value : null;
        return new Unchanged(changes, extent, reads, key);
    }
}

/// <summary>What the log proves about one read: up to where, and since when nothing that it touches has changed.</summary>
public readonly struct Unchanged(LastChanges changes, Extent extent, Footprint reads, long? key)
{
    public bool IsKnown => reads is not null;

    /// <summary>The log is known up to here.</summary>
    public Position Extent => extent.Position;

    /// <summary>What the read touches, in a sentence.</summary>
    public string Reads => key is { } value ? $"{reads.Reason}, {value}" : reads.Reason;

    /// <summary>What is known reaches as far as is needed.</summary>
    public bool Reaches(in Position needed) => extent.Position.Covers(in needed);

    /// <summary>Nothing that the read touches has changed between where the server stands and the extent, so it answers as one that covers the extent.</summary>
    public bool On(ServerState server) => changes.OrdinalOf(server.Timeline.Applied, extent) is { } since && changes.IsUnchanged(reads, key, since);
}
