using System.Collections.Immutable;
using System.Text;

namespace Headwater.Core.Statements;

/// <summary>
/// Goes over the tokens of a plain read for what its result depends on. No grammar of FROM is needed: every identifier may be a table, and those that
/// the catalogue knows as one are kept. Too many cost an invalidation; a missing one would be a stale answer.
/// </summary>
internal static class ReadScan
{
    const int LongestName = 64;

    /// <param name="found">What the classifier has found in the text.</param>
    /// <param name="isUtf8">The text is known to be UTF-8, so that names beyond ASCII can be told.</param>
    public static StatementReads Of(ReadOnlySpan<byte> normal, Findings found, bool isUtf8 = false)
    {
        var dictionary = found.Catalogue.Dictionary;
        var names = new HashSet<ReadName>();
        string? everything = null, notRepeatable = null, chosenByPlan = null;
        if (dictionary.IsUnknown) everything = "the servers' tables are not known yet";
        else if (found.TooManyTables) everything = "reads too many tables to tell them apart";
        else if (found.Kind != StatementKind.Select) everything = "only a query is known by its tables";
        else if ((found.Needs & ~Needs.CalculatesFoundRows) != Needs.None) everything = "reads variables of the session";

        var reader = new TokenReader(normal);
        Token previous = default, before = default;
        while (everything is null && reader.Peek().Kind != TokenKind.End)
        {
            var token = reader.Next();
            if (token.IsName || token.Kind == TokenKind.Number)
            {
                var afterPoint = reader.IsSymbol(previous, '.');
                if (!isUtf8 && reader[token].ContainsAnyExceptInRange((byte)0, (byte)127)) everything = "holds a name beyond ASCII, and which characters it means depends on the session";
                else if (token.Kind == TokenKind.Word && !afterPoint)
                {
                    notRepeatable ??= WhyNotRepeatable(ref reader, token, previous, found);
                    // What matters even of one row is not hidden by what does not.
                    if (chosenByPlan != PlanChoice.Score) chosenByPlan = PlanChoice.Of(ref reader, token, previous) ?? chosenByPlan;
                }
                if (token.Kind == TokenKind.Word) everything ??= WhyEverything(reader[token]);
                if (afterPoint || token.Kind == TokenKind.QuotedName || !IsReserved(reader[token]))
                    everything ??= Add(ref reader, dictionary, names, token, afterPoint && before.IsName ? before : default, afterPoint);
                if (names.Count > StatementReads.MostNames) everything = "names too many tables";
            }
            (before, previous) = (previous, token);
        }
        if (everything is null) everything = Certain(found, dictionary, names);
        if (everything is not null) return new StatementReads { Dictionary = dictionary, Everything = everything };

        var reads = new StatementReads { Dictionary = dictionary, NotRepeatable = notRepeatable, ChosenByPlan = chosenByPlan, Names = [.. names] };
        return names.Count == 0 ? reads : Lookup(normal, reads);
    }

    static string? Add(ref TokenReader reader, DataDictionary dictionary, HashSet<ReadName> names, Token token, Token qualifier, bool afterPoint)
    {
        if (token.Kind == TokenKind.QuotedName && reader[token][1..].StartsWith("#mysql50#"u8)) return "names a table by its file";
        if (reader.IsSymbol(reader.Peek(), '.') && DataDictionary.IsSystem(reader.NameOf(token))) return $"reads {reader.NameOf(token)}, which is the server's own";
        if (Known(ref reader, dictionary, token) is not { } name) return null;
        if (qualifier.Kind != TokenKind.End && qualifier.Stop > 0) names.Add(new ReadName(reader.NameOf(qualifier), name, false));
        // a.b is table b of schema a or column b of table a; after a point with no name before it (FROM .t) the schema is the session's
        if (!afterPoint || qualifier.Stop == 0 || qualifier.Kind == TokenKind.Word && Functions.Rule(reader[qualifier]) == FunctionRule.Construct) names.Add(new ReadName(null, name, false));
        return null;
    }

    // Looked up without making a string of it: most names are columns'.
    static string? Known(ref TokenReader reader, DataDictionary dictionary, Token token)
    {
        var bytes = reader[token];
        if (token.Kind == TokenKind.QuotedName)
        {
            bytes = bytes[1..^1];
            if (bytes.ContainsAny("`\""u8) || bytes.ContainsAnyExceptInRange((byte)0, (byte)127)) return dictionary.Known(reader.NameOf(token));
        }
        else if (bytes.ContainsAnyExceptInRange((byte)0, (byte)127))
        {
            return dictionary.Known(reader.NameOf(token));
        }
        if (bytes.Length > LongestName) return null;
        Span<char> lower = stackalloc char[LongestName];
        Ascii.ToLower(bytes, lower, out var length);
        return dictionary.Known(lower[..length]);
    }

    // What the classifier took for a table: all of it must be known. The name of a common table expression need not be a table's.
    static string? Certain(Findings found, DataDictionary dictionary, HashSet<ReadName> names)
    {
        foreach (var (schema, name) in found.TableNames)
        {
            var isCommon = schema is null && found.IsCommonTable(name);
            if (schema is not null && DataDictionary.IsSystem(schema)) return $"reads {schema}, which is the server's own";
            if (dictionary.Known(name) is not { } known)
            {
                if (isCommon) continue;
                return $"{name} is not in the catalogue";
            }
            if (isCommon) continue;
            names.Remove(new ReadName(schema, known, false));
            names.Add(new ReadName(schema, known, true));
        }
        return null;
    }

    static StatementReads Lookup(ReadOnlySpan<byte> normal, StatementReads reads)
    {
        Span<Token> room = stackalloc Token[KeyScan.MostTokens];
        if (!KeyScan.TryRead(normal, room, out var scan)) return reads;
        var columns = new List<string>();
        scan.Columns(columns);
        return columns.Count == 0 ? reads : reads.Looking(scan.Table, [.. columns.Distinct()]);
    }

    static string? WhyEverything(ReadOnlySpan<byte> word)
    {
        if (word.SequenceEqual("system_time"u8)) return "reads the past of a table";
        return word.SequenceEqual("convert_tz"u8) ? "CONVERT_TZ() reads the server's time zones" : null;
    }

    static string? WhyNotRepeatable(ref TokenReader reader, Token token, Token previous, Findings found)
    {
        var word = reader[token];
        var next = reader.Peek();
        if (Repeatability.OfWord(word) is { } reason) return reason;
        if (word.SequenceEqual("time"u8) && (next.Kind is TokenKind.Literal or TokenKind.String || reader.IsSymbol(next, '(') || reader.IsSymbol(next, ')') || reader.Is(previous, "as"u8)))
            return Repeatability.TimeOfDay;
        if (!reader.IsSymbol(next, '(')) return null;
        if (word.SequenceEqual("unix_timestamp"u8))
        {
            var argument = reader;
            argument.Next();
            return argument.IsSymbol(argument.Peek(), ')') ? "UNIX_TIMESTAMP() is the time" : null;
        }
        return Repeatability.OfCall(word) is { } why && !found.IsCommonTable(reader.NameOf(token)) ? why : null;
    }

    // Words that cannot be names unless quoted or after a point, in any server from 10.6 on; the common ones only.
    static bool IsReserved(ReadOnlySpan<byte> word) => word.Length switch
    {
        2 => word.SequenceEqual("in"u8) || word.SequenceEqual("or"u8) || word.SequenceEqual("is"u8) || word.SequenceEqual("as"u8) || word.SequenceEqual("on"u8) || word.SequenceEqual("by"u8),
        3 => word.SequenceEqual("and"u8) || word.SequenceEqual("not"u8) || word.SequenceEqual("asc"u8),
        4 => word.SequenceEqual("from"u8) || word.SequenceEqual("join"u8) || word.SequenceEqual("left"u8) || word.SequenceEqual("null"u8) || word.SequenceEqual("desc"u8) || word.SequenceEqual("like"u8),
        5 => word.SequenceEqual("where"u8) || word.SequenceEqual("group"u8) || word.SequenceEqual("order"u8) || word.SequenceEqual("limit"u8) || word.SequenceEqual("inner"u8) || word.SequenceEqual("union"u8),
        6 => word.SequenceEqual("select"u8) || word.SequenceEqual("having"u8) || word.SequenceEqual("exists"u8),
        7 => word.SequenceEqual("between"u8),
        8 => word.SequenceEqual("distinct"u8),
        _ => false,
    };
}
