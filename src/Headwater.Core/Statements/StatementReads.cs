using System.Collections.Immutable;

namespace Headwater.Core.Statements;

/// <summary>A name of a text that the catalogue knows as a table's or a view's in some schema. Without a schema it is the session's.</summary>
/// <param name="FromClause">The text reads it for certain: when it cannot be resolved, nothing can.</param>
internal readonly record struct ReadName(string? Schema, string Name, bool FromClause);

/// <summary>What a query may read, as far as its text and the catalogue tell; the session's schema tells the rest.</summary>
internal sealed class StatementReads
{
    /// <summary>The longest list: a statement that names more is taken to read everything.</summary>
    public const int MostNames = 256;

    sealed record Resolved(string Schema, Footprint Footprint);

    // The last one asked for: a session's schema rarely changes. Replaced whole.
    Resolved? _last;

    public required DataDictionary Dictionary { get; init; }

    /// <summary>Why the text alone tells that anything may be read; null when it does not.</summary>
    public string? Everything { get; init; }

    /// <summary>Why the answer may be another one each time; null when the text holds nothing of the kind.</summary>
    public string? NotRepeatable { get; init; }

    /// <summary>Why the plan decides which rows the answer has (<see cref="PlanChoice"/>); null when the data do.</summary>
    public string? ChosenByPlan { get; init; }
    public ImmutableArray<ReadName> Names { get; init; } = [];

    /// <summary>The only table of the text, and its columns that are demanded to equal a literal; empty when the text is no such query.</summary>
    public (string? Schema, string Name) LookupTable { get; init; }
    public ImmutableArray<string> LookupColumns { get; init; } = [];

    public StatementReads Looking((string? Schema, string Name) table, ImmutableArray<string> columns) => new()
    {
        Dictionary = Dictionary,
        Everything = Everything,
        NotRepeatable = NotRepeatable,
        ChosenByPlan = ChosenByPlan,
        Names = Names,
        LookupTable = table,
        LookupColumns = columns,
    };

    public Footprint In(string schema)
    {
        if (_last is { } last && string.Equals(last.Schema, schema, StringComparison.Ordinal)) return last.Footprint;
        var footprint = Resolve(schema.ToLowerInvariant());
        _last = new Resolved(schema, footprint);
        return footprint;
    }

    Footprint Resolve(string schema)
    {
        if (Everything is not null) return Footprint.Everything(Everything);
        if (ByKey(schema) is { } one) return one;
        var tables = new List<ulong>();
        var (notRepeatable, chosenByPlan) = (NotRepeatable, ChosenByPlan);
        foreach (var name in Names)
        {
            var within = name.Schema ?? schema;
            if (DataDictionary.IsSystem(within))
            {
                if (name.FromClause) return Footprint.Everything($"reads {within}, which is the server's own");
                continue;
            }
            if (Dictionary.Find(within, name.Name) is not { } table)
            {
                if (name.FromClause) return Footprint.Everything(within.Length == 0 ? $"{name.Name} is in no schema: the session has none" : $"{within}.{name.Name} is not in the catalogue");
                continue;
            }
            if (table.Everything is not null) return Footprint.Everything(table.Everything);
            tables.AddRange(table.Tables);
            notRepeatable ??= table.NotRepeatable;
            chosenByPlan ??= table.ChosenByPlan;
        }
        return Footprint.Of(tables, null, notRepeatable, chosenByPlan);
    }

    Footprint? ByKey(string schema)
    {
        if (LookupColumns.IsEmpty) return null;
        var within = LookupTable.Schema ?? schema;
        if (DataDictionary.IsSystem(within) || Dictionary.Find(within, LookupTable.Name) is not { Everything: null, Key: { } key } table || !LookupColumns.Contains(key.Column)) return null;
        return Footprint.Of(table.Tables, new KeyLookup(table.Tables[0], key.Column, key.Ordinal, key.IsUnsigned), NotRepeatable ?? table.NotRepeatable,
            // Of one row at most, there is nothing to choose.
            key.IsWhole && ChosenByPlan != PlanChoice.Score ? null : ChosenByPlan);
    }
}
