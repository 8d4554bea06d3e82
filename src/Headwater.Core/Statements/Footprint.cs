using System.Collections.Immutable;

namespace Headwater.Core.Statements;

/// <summary>
/// What the result of a plain read depends on, for one default schema: a superset of the tables that it reads, or everything.
///
/// It holds for the catalogue that it was made from. Who goes by it must take for a change of everything whatever the log tells otherwise than as rows of
/// named tables: definitions (a table may have become a view), rights, statements (their triggers write elsewhere); and goes by it only while the log has
/// no definition behind the catalogue's <see cref="Catalogue.AsOf"/>. A change of a table is a change of its <see cref="DataDictionary.Cascades"/> too. A session that has temporary tables has no footprints.
/// </summary>
public sealed class Footprint
{
    Footprint(ImmutableArray<ulong> tables, KeyLookup? key, string reason, string notRepeatable, string chosenByPlan) =>
        (Tables, Key, Reason, NotRepeatable, ChosenByPlan) = (tables, key, reason, notRepeatable, chosenByPlan);

    public static Footprint Everything(string reason) => new(default, null, reason, reason, reason);

    internal static Footprint Of(IEnumerable<ulong> tables, KeyLookup? key, string? notRepeatable, string? chosenByPlan = null)
    {
        ImmutableArray<ulong> sorted = [.. tables.Distinct().Order()];
        var reason = key is not null ? $"the rows of one table whose {key.Column} is one value" : sorted.Length switch
        {
            0 => "no table",
            1 => "one table",
            _ => $"{sorted.Length} tables",
        };
        return new Footprint(sorted, key, reason, notRepeatable ?? "", chosenByPlan ?? "");
    }

    /// <summary>Any change may change the result.</summary>
    public bool IsEverything => Tables.IsDefault;

    /// <summary>Keys (<see cref="TableKey"/>) of base tables, sorted and distinct; default when it is everything, empty when nothing is read.</summary>
    public ImmutableArray<ulong> Tables { get; }

    /// <summary>Set when the result depends only on the rows of the one table in <see cref="Tables"/> that have one value in one column.</summary>
    public KeyLookup? Key { get; }

    /// <summary>Why it is everything, or what it is, in a sentence.</summary>
    public string Reason { get; }

    /// <summary>The same statement on the same data, by the same user with the same session settings and schema, has the same bytes for an answer, or any of those that the server might give.</summary>
    public bool IsRepeatable => NotRepeatable.Length == 0;

    /// <summary>Why it is not repeatable, in a sentence; empty when it is.</summary>
    public string NotRepeatable { get; }

    /// <summary>Why two servers with the same data may answer with other rows, each by its plan, in a sentence; empty when the data alone decide.</summary>
    public string ChosenByPlan { get; }

    public bool Touches(ulong table) => IsEverything || Tables.AsSpan().BinarySearch(table) >= 0;
}
