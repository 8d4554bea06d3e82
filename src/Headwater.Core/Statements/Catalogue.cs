using System.Collections.Frozen;
using System.Text;

namespace Headwater.Core.Statements;

/// <summary>One row of information_schema.VIEWS.</summary>
public readonly record struct CatalogueView(string Schema, string Name, string Definition);

/// <summary>One row of information_schema.TRIGGERS.</summary>
public readonly record struct CatalogueTrigger(string Table, string Statement);

/// <summary>
/// What the servers know that a statement's text does not show: which views are not plain reads, which names are routines, and which
/// tables' triggers touch the session. By name in any schema: a name that is dangerous anywhere is taken as dangerous everywhere.
/// </summary>
public sealed record Catalogue
{
    /// <summary>Nothing there: no views, routines, UDFs.</summary>
    public static readonly Catalogue Empty = new();

    /// <summary>Not loaded yet: whatever names a table is not proven to be a plain read.</summary>
    public static readonly Catalogue Unknown = new() { IsUnknown = true };

    /// <summary>Columns as <see cref="CatalogueView"/>. The sys schema's views are left out: who names sys goes to the primary anyway.</summary>
    public const string ViewsQuery =
        "SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')";

    /// <summary>One column: names of stored functions and packages.</summary>
    public const string RoutinesQuery = "SELECT DISTINCT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_TYPE <> 'PROCEDURE'";

    /// <summary>Columns as <see cref="CatalogueRoutine"/>: what CALL and functions may leave behind is read off their bodies.</summary>
    public const string BodiesQuery = "SELECT ROUTINE_NAME, ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA <> 'sys'";

    /// <summary>One column: names of loadable functions. Needs SELECT on mysql.func; without it pass none, their names are unknown functions anyway.</summary>
    public const string LoadableFunctionsQuery = "SELECT name FROM mysql.func";

    /// <summary>Columns as <see cref="CatalogueTrigger"/>.</summary>
    public const string TriggersQuery = "SELECT EVENT_OBJECT_TABLE, ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA <> 'sys'";

    public bool IsUnknown { get; private init; }

    /// <summary>Views that are not plain reads, themselves or through other views. Lower case, without schema.</summary>
    public FrozenSet<string> ImpureViews { get; private init; } = FrozenSet<string>.Empty;

    /// <summary>Stored functions, packages and UDFs. Lower case, without schema.</summary>
    public FrozenSet<string> Routines { get; private init; } = FrozenSet<string>.Empty;

    /// <summary>Tables with a trigger that assigns user variables, calls a routine or takes a lock. Lower case, without schema.</summary>
    public FrozenSet<string> OpaqueTables { get; private init; } = FrozenSet<string>.Empty;

    /// <summary>Procedures and functions that are proven to leave nothing in the connection. Lower case, without schema.</summary>
    public FrozenSet<string> QuietRoutines { get; private init; } = FrozenSet<string>.Empty;

    /// <summary>Tables with a trigger that may leave something in the connection. Lower case, without schema.</summary>
    public FrozenSet<string> LeavingTables { get; private init; } = FrozenSet<string>.Empty;

    /// <summary>The tables, as far as statements' results depend on them.</summary>
    public DataDictionary Dictionary { get; internal init; } = DataDictionary.Unknown;

    public static Catalogue Build(
        IEnumerable<CatalogueView> views, IEnumerable<string> routines, IEnumerable<string> loadableFunctions, IEnumerable<CatalogueTrigger>? triggers = null,
        IEnumerable<CatalogueRoutine>? bodies = null, DictionaryRows? tables = null)
    {
        var (stored, loadable) = (Set(routines), Set(loadableFunctions));
        // Loadable functions know nothing of the session that they run in.
        var quiet = Leavings.Quiet(bodies ?? []).Concat(loadable.Where(name => !stored.Contains(name)));
        var catalogue = new Catalogue { Routines = Set(stored.Concat(loadable)), QuietRoutines = Set(quiet) };
        catalogue = catalogue with { LeavingTables = Set((triggers ?? []).Where(trigger => Leavings.In(trigger.Statement, catalogue.QuietRoutines, catalogue.Routines)).Select(trigger => trigger.Table)) };
        catalogue = catalogue with { OpaqueTables = Set((triggers ?? []).Where(trigger => TouchesSession(trigger.Statement, catalogue)).Select(trigger => trigger.Table)) };
        var all = views.ToList();
        var open = all.ToList();
        var impure = new HashSet<string>(StringComparer.Ordinal);
        // A view over an impure view is impure: repeat until nothing more is found. Each round finds one or ends.
        while (true)
        {
            var found = open.Where(view => !IsPure(view, catalogue)).ToList();
            if (found.Count == 0)
                return tables is null ? catalogue : catalogue with { Dictionary = DictionaryBuilder.Build(tables, all, catalogue) };
            foreach (var view in found)
            {
                impure.Add(view.Name.ToLowerInvariant());
                open.Remove(view);
            }
            catalogue = catalogue with { ImpureViews = Set(impure) };
        }
    }

    /// <summary>Equal contents, whenever they were read: publishing the new one would only empty the caches.</summary>
    public bool SaysTheSameAs(Catalogue other) =>
        IsUnknown == other.IsUnknown && ImpureViews.SetEquals(other.ImpureViews) && Routines.SetEquals(other.Routines) && OpaqueTables.SetEquals(other.OpaqueTables)
        && QuietRoutines.SetEquals(other.QuietRoutines) && LeavingTables.SetEquals(other.LeavingTables)
        && Dictionary.SaysTheSameAs(other.Dictionary);

    // An empty definition is what the server shows to a user without SHOW VIEW on it: unknown, so not pure.
    static bool IsPure(CatalogueView view, Catalogue catalogue) =>
        view.Definition.Length > 0
        && Classifier.Classify(Encoding.UTF8.GetBytes(view.Definition), SqlSyntax.Standard, catalogue).IsPlainRead;

    static bool TouchesSession(string statement, Catalogue catalogue)
    {
        var text = new NormalText();
        text.Read(Encoding.UTF8.GetBytes(statement), SqlSyntax.Standard);
        if (text.Broken)
            return true;
        var found = new Findings(catalogue, literals: false);
        var reader = new TokenReader(text.Span);
        while (reader.Peek().Kind != TokenKind.End)
        {
            ExpressionScan.Scan(ref reader, found, read: false);
            reader.Next();
        }
        const Needs touches = Needs.Opaque | Needs.AssignsUserVariables | Needs.ReadsUserVariables | Needs.TakesAdvisoryLock | Needs.ReleasesAdvisoryLock
            | Needs.ReleasesAllAdvisoryLocks | Needs.SetsLastInsertId;
        return (found.Needs & touches) != 0 || text.Span.IndexOf("call "u8) >= 0;
    }

    static FrozenSet<string> Set(IEnumerable<string> names) => names.Select(name => name.ToLowerInvariant()).ToFrozenSet(StringComparer.Ordinal);
}
