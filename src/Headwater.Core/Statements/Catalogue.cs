using System.Collections.Frozen;
using System.Text;

namespace Headwater.Core.Statements;

/// <summary>
/// What the servers know that a statement's text does not show: which names are views that are not plain reads, and which are routines.
/// By name in any schema: a name that is dangerous anywhere is taken as dangerous everywhere.
/// </summary>
public sealed record Catalogue
{
    /// <summary>Nothing there: no views, routines, UDFs.</summary>
    public static readonly Catalogue Empty = new();

    /// <summary>Not loaded yet: whatever names a table is not proven to be a plain read.</summary>
    public static readonly Catalogue Unknown = new() { IsUnknown = true };

    public bool IsUnknown { get; private init; }

    /// <summary>Views that call what is not pure, directly or through other views. Lower case, without schema.</summary>
    public FrozenSet<string> ImpureViews { get; private init; } = FrozenSet<string>.Empty;

    /// <summary>Stored functions, packages and UDFs. Lower case, without schema.</summary>
    public FrozenSet<string> Routines { get; private init; } = FrozenSet<string>.Empty;

    public static Catalogue Build(IEnumerable<CatalogueView> views, IEnumerable<string> routines, IEnumerable<string> udfs)
    {
        var catalogue = new Catalogue
        {
            Routines = routines.Concat(udfs).Select(name => name.ToLowerInvariant()).ToFrozenSet(StringComparer.Ordinal),
        };
        var open = views.ToList();
        var impure = new HashSet<string>(StringComparer.Ordinal);
        // A view over an impure view is impure: repeat until nothing more is found. Each round finds one or ends.
        while (true)
        {
            var found = open.Where(view => !IsPure(view, catalogue)).ToList();
            if (found.Count == 0)
                return catalogue;
            foreach (var view in found)
            {
                impure.Add(view.Name.ToLowerInvariant());
                open.Remove(view);
            }
            catalogue = catalogue with { ImpureViews = impure.ToFrozenSet(StringComparer.Ordinal) };
        }
    }

    // An empty definition is what the server shows to a user without SHOW VIEW on it: unknown, so not pure.
    static bool IsPure(CatalogueView view, Catalogue catalogue) =>
        view.Definition.Length > 0
        && Classifier.Classify(Encoding.UTF8.GetBytes(view.Definition), SqlSyntax.Standard, catalogue).IsPlainRead;
}

/// <summary>One row of information_schema.VIEWS.</summary>
public readonly record struct CatalogueView(string Schema, string Name, string Definition);
