using System.Collections.Immutable;

namespace Headwater.Core.Statements;

/// <summary>Makes a dictionary of the servers' rows: views are resolved to the base tables that they read, through views over views.</summary>
internal sealed class DictionaryBuilder
{
    readonly Catalogue _catalogue;
    readonly Dictionary<(string Schema, string Name), DictionaryTable> _tables = [];
    readonly Dictionary<(string Schema, string Name), string> _definitions = [];
    readonly HashSet<(string, string)> _shared = [], _open = [];

    DictionaryBuilder(Catalogue catalogue) => _catalogue = catalogue;

    /// <param name="catalogue">All but the dictionary.</param>
    public static DataDictionary Build(DictionaryRows rows, IEnumerable<CatalogueView> views, Catalogue catalogue)
    {
        var builder = new DictionaryBuilder(catalogue);
        builder.AddTables(rows);
        foreach (var view in views) builder.AddView(view);
        var cascades = Cascades(rows.ForeignKeys);
        builder.ResolveViews(catalogue with { Dictionary = Make(builder._tables.Values, cascades) });
        return Make(builder._tables.Values, cascades);
    }

    static DataDictionary Make(IEnumerable<DictionaryTable> tables, Dictionary<ulong, ImmutableArray<ulong>> cascades)
    {
        var byName = tables.GroupBy(static table => table.Name, StringComparer.Ordinal).ToDictionary(static group => group.Key, static group => group.ToArray(), StringComparer.Ordinal);
        return new DataDictionary(byName, cascades);
    }

    static (string, string) NameOf(string schema, string name) => (schema.ToLowerInvariant(), name.ToLowerInvariant());

    void AddTables(DictionaryRows rows)
    {
        var columns = rows.Columns.ToLookup(static column => NameOf(column.Schema, column.Table));
        var keys = rows.Keys.ToLookup(static key => NameOf(key.Schema, key.Table), static key => key);
        foreach (var row in rows.Tables)
        {
            var name = NameOf(row.Schema, row.Name);
            Add(new DictionaryTable(name.Item1, name.Item2)
            {
                Everything = WhyEverything(row),
                NotRepeatable = columns[name].Select(column => WhyNotRepeatable(row, column)).FirstOrDefault(static reason => reason is not null),
                Tables = [TableKey.Of(row.Schema, row.Name)],
                Key = keys[name].Where(static key => key.Place == 1).ToList() is [var first]
                    ? columns[name].Where(column => column.Name == first.Column).Select(column => Key(column, isWhole: keys[name].Count() == 1)).FirstOrDefault() : null,
            });
        }
    }

    // Names that differ in case only: what is true of either is said of both, and nothing is looked up by key.
    void Add(DictionaryTable table)
    {
        var name = (table.Schema, table.Name);
        if (!_tables.TryGetValue(name, out var other))
        {
            _tables[name] = table;
            return;
        }
        _shared.Add(name);
        _tables[name] = table with
        {
            Everything = other.Everything ?? table.Everything,
            NotRepeatable = other.NotRepeatable ?? table.NotRepeatable,
            Tables = [.. other.Tables.Union(table.Tables)],
            Key = null,
        };
    }

    static string? WhyEverything(CatalogueTable table) => table.Type switch
    {
        "BASE TABLE" or "SYSTEM VERSIONED" when string.Equals(table.Engine, "InnoDB", StringComparison.OrdinalIgnoreCase) => null,
        "BASE TABLE" or "SYSTEM VERSIONED" => $"{table.Schema}.{table.Name} is no InnoDB table",
        "SEQUENCE" => $"{table.Schema}.{table.Name} is a sequence",
        // Until its definition comes.
        "VIEW" => $"the definition of the view {table.Schema}.{table.Name} is not known",
        _ => $"{table.Schema}.{table.Name} is no table of the data",
    };

    string? WhyNotRepeatable(CatalogueTable table, CatalogueColumn column)
    {
        if (table.Type == "VIEW") return null;
        if (column.Type.StartsWith("time", StringComparison.OrdinalIgnoreCase) && !column.Type.StartsWith("timestamp", StringComparison.OrdinalIgnoreCase))
            return $"{table.Schema}.{table.Name} holds TIME values, which take today's date where a date is wanted";
        if (column.Expression.Length == 0) return null;
        var reads = Classifier.Reads("select " + column.Expression, _catalogue with { Dictionary = Nothing });
        return reads is { Everything: null, NotRepeatable: null } ? null : $"the column {column.Name} of {table.Schema}.{table.Name} is computed: {reads?.NotRepeatable ?? reads?.Everything ?? "its expression is not understood"}";
    }

    static readonly DataDictionary Nothing = new([], []);

    static IntegerKey? Key(CatalogueColumn column, bool isWhole)
    {
        var type = column.Type.ToLowerInvariant();
        var end = type.AsSpan().IndexOfAny('(', ' ');
        return (end < 0 ? type : type[..end]) is "tinyint" or "smallint" or "mediumint" or "int" or "bigint"
            ? new IntegerKey(column.Name.ToLowerInvariant(), column.Ordinal - 1, type.Contains("unsigned", StringComparison.Ordinal), isWhole)
            : null;
    }

    void AddView(CatalogueView view)
    {
        var name = NameOf(view.Schema, view.Name);
        if (_shared.Contains(name) || !_definitions.TryAdd(name, view.Definition))
        {
            _definitions.Remove(name);
            _tables[name] = new DictionaryTable(name.Item1, name.Item2) { Everything = $"{view.Schema}.{view.Name} is one of several that differ in case only" };
            return;
        }
        _tables[name] = new DictionaryTable(name.Item1, name.Item2) { Everything = $"the definition of the view {view.Schema}.{view.Name} is not known" };
    }

    void ResolveViews(Catalogue named)
    {
        foreach (var name in _definitions.Keys.ToList()) Resolve(name, named);
    }

    DictionaryTable Resolve((string Schema, string Name) name, Catalogue named)
    {
        if (!_definitions.TryGetValue(name, out var definition)) return _tables[name];
        if (!_open.Add(name)) return _tables[name];
        var view = _tables[name] with { };
        // A backslash hides what follows it, or not, by the sql_mode that the view was made in.
        var reads = definition.Length == 0 || definition.Contains('\\', StringComparison.Ordinal) ? null : Classifier.Reads(definition, named);
        if (reads is null) return view;
        _tables[name] = view = Over(view, reads, named);
        _definitions.Remove(name);
        return view;
    }

    // The server writes a view's definition with every table's schema, so that a name without one is a column or an alias.
    DictionaryTable Over(DictionaryTable view, StatementReads reads, Catalogue named)
    {
        var over = $"the view {view.Schema}.{view.Name}";
        if (reads.Everything is not null) return view with { Everything = $"{over} {reads.Everything}" };
        var tables = new HashSet<ulong>();
        var notRepeatable = reads.NotRepeatable is null ? null : $"{over}: {reads.NotRepeatable}";
        var chosenByPlan = reads.ChosenByPlan is null ? null : $"{over}: {reads.ChosenByPlan}";
        foreach (var read in reads.Names)
        {
            if (read.Schema is null && !read.FromClause) continue;
            if (read.Schema is null || !_tables.ContainsKey((read.Schema, read.Name)))
            {
                if (read.FromClause) return view with { Everything = $"{over} reads {read.Schema}.{read.Name}, which is not in the catalogue" };
                continue;
            }
            var table = Resolve((read.Schema, read.Name), named);
            if (table.Everything is not null) return view with { Everything = $"{over}: {table.Everything}" };
            tables.UnionWith(table.Tables);
            notRepeatable ??= table.NotRepeatable is null ? null : $"{over}: {table.NotRepeatable}";
            chosenByPlan ??= table.ChosenByPlan is null ? null : $"{over}: {table.ChosenByPlan}";
        }
        return view with { Everything = null, Tables = [.. tables.Order()], NotRepeatable = notRepeatable, ChosenByPlan = chosenByPlan };
    }

    static Dictionary<ulong, ImmutableArray<ulong>> Cascades(IEnumerable<CatalogueForeignKey> foreignKeys)
    {
        var children = foreignKeys.Where(static key => key.ChangesTheChild)
            .ToLookup(static key => TableKey.Of(key.ParentSchema, key.Parent), static key => TableKey.Of(key.Schema, key.Table));
        var all = new Dictionary<ulong, ImmutableArray<ulong>>();
        foreach (var parent in children.Select(static group => group.Key))
        {
            var reached = new HashSet<ulong>();
            var next = new Stack<ulong>([parent]);
            while (next.TryPop(out var table))
                foreach (var child in children[table])
                    if (reached.Add(child)) next.Push(child);
            all[parent] = [.. reached.Order()];
        }
        return all;
    }
}
