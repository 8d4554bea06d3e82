using System.Collections.Immutable;
using System.IO.Enumeration;

namespace Headwater.Core.Consumers;

/// <summary>Which tables a consumer wants: patterns of <c>schema.table</c> with <c>*</c> and <c>?</c>, of which one has to fit. None: all.</summary>
public sealed class TablePatterns(IEnumerable<string> patterns)
{
    public static readonly TablePatterns All = new([]);
    readonly ImmutableArray<string> _patterns = [.. patterns];

    public bool IsAll => _patterns.IsEmpty;

    public bool Fits(string schema, string table)
    {
        if (_patterns.IsEmpty) return true;
        var name = $"{schema}.{table}";
        foreach (var pattern in _patterns)
            if (FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)) return true;
        return false;
    }

    /// <summary>What is about no one table comes to all that want a table of its schema, or where it has none, to all: what it does is in its text.</summary>
    public bool FitsSchema(string schema)
    {
        if (_patterns.IsEmpty || schema.Length == 0) return true;
        foreach (var pattern in _patterns)
        {
            var dot = pattern.IndexOf('.', StringComparison.Ordinal);
            if (FileSystemName.MatchesSimpleExpression(dot < 0 ? pattern : pattern[..dot], schema, ignoreCase: false)) return true;
        }
        return false;
    }

    public override string ToString() => _patterns.IsEmpty ? "all tables" : string.Join(", ", _patterns);
}
