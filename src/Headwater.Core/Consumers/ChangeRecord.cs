using System.Globalization;
using Headwater.Core.Log;
using Headwater.Core.Positions;

namespace Headwater.Core.Consumers;

public enum ChangeKind : byte
{
    Insert,
    Update,
    Delete,

    /// <summary>CREATE, ALTER, GRANT and their like.</summary>
    Definition,

    /// <summary>A change of rows that was logged as its text: which rows, only a server knows.</summary>
    Statement,

    /// <summary>SAVEPOINT, ROLLBACK TO, XA COMMIT, XA ROLLBACK.</summary>
    Control,

    /// <summary>What the log has and SQL cannot say.</summary>
    Other,

    /// <summary>A row as it is at the position at which a copy begins.</summary>
    Snapshot,

    /// <summary>The rows of the copy are complete: the stream goes on behind its position.</summary>
    SnapshotEnd,
}

/// <summary>
/// One change as consumers get it. Its index counts the rows and statements of its transaction from 0, not the events that hold them: how rows are cut into events
/// differs between a server and its replica, so that the same change has the same <see cref="Id"/> whoever was asked, after a failover too.
/// </summary>
public sealed class ChangeRecord
{
    public required string Cluster { get; init; }

    /// <summary>Its transaction; null for a row of a copy.</summary>
    public Gtid? Gtid { get; init; }

    /// <summary>Counted over all of its transaction, also what this consumer did not ask for.</summary>
    public required long Index { get; init; }

    /// <summary>What the consumer has with this one: where it goes on from. Of a copy's rows, the position that they are true at.</summary>
    public required FeedPlace Place { get; init; }
    public required ChangeKind Kind { get; init; }
    public string Schema { get; init; } = "";

    /// <summary>Null for what is about no table.</summary>
    public string? Table { get; init; }

    /// <summary>Seconds since 1970 UTC, by the clock of the server that ran it first.</summary>
    public uint Seconds { get; init; }
    public int? Microseconds { get; init; }

    /// <summary>The first change of its transaction that this consumer gets.</summary>
    public bool IsFirst { get; init; }

    /// <summary>How many changes of its transaction this consumer got, at the last of them; else null.</summary>
    public long? Count { get; init; }

    /// <summary>How its transaction ended, at the last change.</summary>
    public TransactionEnd End { get; init; }
    public XaName? Xa { get; init; }

    /// <summary>For rows of the log.</summary>
    public LoggedRow? Row { get; init; }

    /// <summary>For a row of a copy.</summary>
    public CopiedRow? Copied { get; init; }
    public LoggedStatement? Statement { get; init; }
    public string? What { get; init; }

    /// <summary>Equal for the same change whenever and from whomever it comes: by it a consumer knows what it has.</summary>
    public string Id => Gtid is { } gtid ? string.Create(CultureInfo.InvariantCulture, $"{Cluster}/{gtid}/{Index}")
        : Table is null ? $"{Cluster}/{Place}/snapshot" : string.Create(CultureInfo.InvariantCulture, $"{Cluster}/{Place}/{Schema}.{Table}/{Index}");

    /// <summary>About how much memory it holds on to, for bounding a batch.</summary>
    public int Weight => 256 + (Statement?.Text.Length ?? 0) + (Copied?.Weight ?? 0) + (Row is { } row ? WeightOf(row.Before) + WeightOf(row.After) : 0);

    public override string ToString() => $"{Id} {Kind} {(Table is null ? Statement?.ToString() : $"{Schema}.{Table}")}";

    static int WeightOf(in RowImage image)
    {
        var weight = 0;
        for (var i = 0; i < image.Table.Columns.Count; i++)
            if (image.Has(i)) weight += 16 + image[i].Raw.Length;
        return weight;
    }
}

/// <summary>A row that was read from a table, as the text protocol gives it with time zone +00:00 and every text in its column's own character set.</summary>
/// <param name="Columns">What is known of its columns.</param>
/// <param name="Values">One a column; NULL is null.</param>
public sealed record CopiedRow(IReadOnlyList<ColumnShape> Columns, byte[]?[] Values)
{
    /// <inheritdoc cref="ValueJson.Selected"/>
    public static string Selected(ColumnShape column, string quoted) => ValueJson.Selected(column, quoted);

    public int Weight => Values.Sum(static value => 16 + (value?.Length ?? 0));
}
