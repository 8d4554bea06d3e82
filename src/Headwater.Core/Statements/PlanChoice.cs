using System.Collections.Frozen;
using System.Text;

namespace Headwater.Core.Statements;

/// <summary>
/// What leaves it to the server's plan, and not to the data alone, which rows an answer has: where rows are chosen among equals (the first of a LIMIT, one for a group, one of two
/// spellings that a collation holds for the same), floating numbers are added up, or statistics are asked. Two servers with the same data may rightly answer otherwise.
/// Rather a word too many: what stands here is only not audited.
/// </summary>
internal static class PlanChoice
{
    /// <summary>The score counts rows by the storage engine's estimate: it may differ even where there is one row only.</summary>
    public const string Score = "MATCH scores by estimates";

    static readonly FrozenSet<string> Words =
        ("limit fetch offset group distinct distinctrow union intersect except over rownum procedure sql_small_result sql_buffer_result "
        + "min max sum avg std stddev stddev_pop stddev_samp variance var_pop var_samp bit_and bit_or bit_xor group_concat json_arrayagg json_objectagg")
        .Split(' ').ToFrozenSet(StringComparer.Ordinal);

    static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> WordsBySpan = Words.GetAlternateLookup<ReadOnlySpan<char>>();
    static readonly int Longest = Words.Max(static word => word.Length);

    /// <summary>Why the answer depends on the plan; null when this word says nothing of the kind.</summary>
    /// <param name="reader">Behind the word.</param>
    public static string? Of(ref TokenReader reader, Token token, Token previous)
    {
        var word = reader[token];
        if (word.SequenceEqual("match"u8)) return Score;
        if (word.SequenceEqual("count"u8)) return reader.IsSymbol(reader.Peek(), '(') && !IsWholeList(reader, previous) ? "COUNT stands beside columns, whose values are some row's" : null;
        if (word.Length > Longest) return null;
        Span<char> chars = stackalloc char[Longest];
        return WordsBySpan.Contains(chars[..Encoding.Latin1.GetChars(word, chars)]) ? $"{Encoding.Latin1.GetString(word).ToUpperInvariant()} leaves rows to the plan" : null;
    }

    /// <summary>SELECT COUNT(…) FROM: beside nothing else.</summary>
    static bool IsWholeList(TokenReader reader, Token previous)
    {
        if (!reader.Is(previous, "select"u8)) return false;
        var depth = 0;
        do
        {
            var token = reader.Next();
            if (token.Kind == TokenKind.End) return false;
            depth += reader.IsSymbol(token, '(') ? 1 : reader.IsSymbol(token, ')') ? -1 : 0;
        }
        while (depth > 0);
        var next = reader.Next();
        if (reader.Is(next, "as"u8))
        {
            reader.Next();
            next = reader.Next();
        }
        return reader.Is(next, "from"u8);
    }
}
