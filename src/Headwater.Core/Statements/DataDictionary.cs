using System.Collections.Immutable;

namespace Headwater.Core.Statements;

/// <summary>
/// The tables and views of all schemas, with what must be known of them to tell what a statement's result depends on. All names are in lower case;
/// what differs in case only is one entry, which says of each what is true of any.
/// </summary>
public sealed class DataDictionary
{
    /// <summary>Not read: every statement may depend on anything.</summary>
    public static readonly DataDictionary Unknown = new([], []) { IsUnknown = true };

    readonly Dictionary<string, DictionaryTable[]> _byName;
    readonly Dictionary<string, DictionaryTable[]>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    readonly Dictionary<ulong, ImmutableArray<ulong>> _cascades;
    readonly Dictionary<ulong, IntegerKey> _keys = [];

    internal DataDictionary(Dictionary<string, DictionaryTable[]> byName, Dictionary<ulong, ImmutableArray<ulong>> cascades)
    {
        (_byName, _cascades) = (byName, cascades);
        _bySpan = byName.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var tables in byName.Values)
            foreach (var table in tables)
                if (table is { Key: { } key, Tables: [var only] }) _keys[only] = key;
    }

    public bool IsUnknown { get; private init; }

    /// <summary>Tables and views.</summary>
    public int Count => _byName.Values.Sum(static tables => tables.Length);

    /// <summary>
    /// Every table that a change of this one may change without the log saying so, through foreign keys that cascade; through others too, and itself
    /// when it refers to itself. Any row of them, whatever its key.
    /// </summary>
    public ImmutableArray<ulong> Cascades(ulong parentTable) => _cascades.TryGetValue(parentTable, out var children) ? children : [];

    /// <summary>The first column of the table's primary key, when that is an integer; by it rows are told apart.</summary>
    internal IntegerKey? KeyOf(ulong table) => _keys.GetValueOrDefault(table);

    internal static bool IsSystem(string schema) => schema == "information_schema" || ServerLocal.Schema(schema);

    /// <summary>The name as it is kept here, if any schema has a table or view of it.</summary>
    internal string? Known(ReadOnlySpan<char> lowerName) => _bySpan.TryGetValue(lowerName, out var kept, out _) ? kept : null;

    internal DictionaryTable? Find(string lowerSchema, string lowerName)
    {
        if (_byName.TryGetValue(lowerName, out var tables))
            foreach (var table in tables)
                if (table.Schema == lowerSchema) return table;
        return null;
    }

    public bool SaysTheSameAs(DataDictionary other)
    {
        if (IsUnknown != other.IsUnknown || _byName.Count != other._byName.Count || _cascades.Count != other._cascades.Count) return false;
        foreach (var (name, tables) in _byName)
        {
            if (!other._byName.TryGetValue(name, out var others) || tables.Length != others.Length) return false;
            foreach (var table in tables)
                if (other.Find(table.Schema, name) is not { } counterpart || !table.SaysTheSameAs(counterpart)) return false;
        }
        foreach (var (parent, children) in _cascades)
            if (!other._cascades.TryGetValue(parent, out var others) || !children.AsSpan().SequenceEqual(others.AsSpan())) return false;
        return true;
    }
}

/// <summary>The first column of a primary key, when it is an integer.</summary>
/// <param name="Ordinal">From 0.</param>
/// <param name="IsWhole">The key has no other column: one value is one row at most.</param>
internal sealed record IntegerKey(string Column, int Ordinal, bool IsUnsigned, bool IsWhole);

/// <summary>A table or view. Names in lower case.</summary>
internal sealed record DictionaryTable(string Schema, string Name)
{
    /// <summary>Why reading it may depend on anything; null when it does not.</summary>
    public string? Everything { get; init; }

    /// <summary>Why reading it may give another answer each time, in a sentence; null when nothing of it does.</summary>
    public string? NotRepeatable { get; init; }

    /// <summary>Of a view: why the plan decides which rows it has; null when the data do.</summary>
    public string? ChosenByPlan { get; init; }

    /// <summary>The base tables' keys: its own, or those that a view reads.</summary>
    public ImmutableArray<ulong> Tables { get; init; } = [];

    /// <summary>Of base tables only.</summary>
    public IntegerKey? Key { get; init; }

    public bool SaysTheSameAs(DictionaryTable other) =>
        Everything == other.Everything && NotRepeatable == other.NotRepeatable && ChosenByPlan == other.ChosenByPlan && Key == other.Key && Tables.AsSpan().SequenceEqual(other.Tables.AsSpan());
}
