using System.Collections.Frozen;
using System.Text;

namespace Headwater.Core.Statements;

/// <summary>One row of information_schema.ROUTINES: a procedure, function or package body. An empty body is one that may not be seen.</summary>
public readonly record struct CatalogueRoutine(string Name, string Body);

/// <summary>
/// What code that runs in the server may leave in the connection, read off its words: a lock (GET_LOCK), a temporary table, a prepared text
/// or anything at all (dynamic SQL), or whatever the routines leave that it calls. A word in the wrong place costs a held backend, and nothing else.
/// </summary>
internal static class Leavings
{
    static readonly FrozenSet<string> Words = FrozenSet.ToFrozenSet(["get_lock", "temporary", "prepare", "execute"], StringComparer.Ordinal);

    /// <summary>The routines that are proven to leave nothing, themselves or through others. Lower case; a name that stands for several must be proven for all.</summary>
    public static FrozenSet<string> Quiet(IEnumerable<CatalogueRoutine> routines)
    {
        var words = new Dictionary<string, HashSet<string>?>(StringComparer.Ordinal);
        foreach (var routine in routines)
        {
            var name = routine.Name.ToLowerInvariant();
            var found = WordsOf(routine.Body);
            if (!words.TryGetValue(name, out var known)) words[name] = found;
            else if (known is not null && found is not null) known.UnionWith(found);
            else words[name] = null;
        }
        var quiet = new HashSet<string>(words.Where(routine => routine.Value is not null).Select(routine => routine.Key), StringComparer.Ordinal);
        // Each round finds another that calls one which is not quiet, or ends. What CALL names must be a routine that is known.
        while (quiet.RemoveWhere(name => words[name]!.Any(word => word.StartsWith(Called, StringComparison.Ordinal) ? !quiet.Contains(word[1..]) : words.ContainsKey(word) && !quiet.Contains(word))) > 0)
        {
        }
        return quiet.ToFrozenSet(StringComparer.Ordinal);
    }

    const string Called = "(";

    /// <summary>Whether a trigger's statement, or the text of a compound one, may leave something. The rest of the text is read.</summary>
    public static bool In(ref TokenReader reader, FrozenSet<string> quiet, FrozenSet<string> routines)
    {
        var leaves = false;
        Read(ref reader, word => leaves |= word.StartsWith(Called, StringComparison.Ordinal) ? !quiet.Contains(word[1..]) : Words.Contains(word) || (routines.Contains(word) && !quiet.Contains(word)));
        return leaves;
    }

    public static bool In(string text, FrozenSet<string> quiet, FrozenSet<string> routines)
    {
        var normal = new NormalText();
        if (!TryRead(normal, text)) return true;
        var reader = new TokenReader(normal.Span);
        return In(ref reader, quiet, routines);
    }

    // The body's own sql_mode is not known: a backslash may or may not hide what follows it.
    static bool TryRead(NormalText normal, string text)
    {
        if (text.Length == 0 || text.Contains('\\', StringComparison.Ordinal)) return false;
        normal.Read(Encoding.UTF8.GetBytes(text), SqlSyntax.Standard);
        return !normal.Broken;
    }

    // Null: leaves something by itself, or cannot be read.
    static HashSet<string>? WordsOf(string body)
    {
        var normal = new NormalText();
        if (!TryRead(normal, body)) return null;
        var words = new HashSet<string>(StringComparer.Ordinal);
        var reader = new TokenReader(normal.Span);
        Read(ref reader, word => words.Add(word));
        return words.Overlaps(Words) ? null : words;
    }

    // Every name, and what CALL names once more with a mark; of a qualified one each part.
    static void Read(ref TokenReader reader, Action<string> found)
    {
        while (reader.Peek().Kind != TokenKind.End)
        {
            var token = reader.Next();
            if (!token.IsName) continue;
            found(reader.NameOf(token));
            if (!reader.Is(token, "call"u8) || !reader.Peek().IsName) continue;
            var (_, name) = ExpressionScan.QualifiedName(ref reader, reader.Next());
            found(Called + name);
        }
    }
}
