using System.Text;

namespace Headwater.Core.Statements;

/// <summary>
/// What a statement is and needs, from its text. Never throws, takes time linear in the text, and calls nothing a plain read that is not proven one.
/// Prepared statements' texts are read the same way: their placeholders are literals.
/// </summary>
public static class Classifier
{
    const int DigestBytes = 4096, KeptBufferBytes = 1 << 20;

    // One per thread: the buffers are large enough for nearly every statement after the first few.
    [ThreadStatic] static NormalText? t_text;

    public static StatementFacts Classify(ReadOnlySpan<byte> sql, SqlSyntax syntax, Catalogue catalogue)
    {
        var text = t_text ??= new NormalText();
        text.Read(sql, syntax);
        var facts = Classify(text, sql, syntax, catalogue);
        text.Shrink(KeptBufferBytes);
        return facts;
    }

    internal static StatementFacts Classify(NormalText text, ReadOnlySpan<byte> sql, SqlSyntax syntax, Catalogue catalogue)
    {
        var digest = Digest(text.Span);
        if (text.Broken)
            return Unreadable(digest, syntax);

        var found = Read(text.Span, sql, catalogue, literals: false, out var hint);
        if (!found.WantsLiterals)
        {
            var read = found.Facts(digest, hint);
            return read.IsPlainRead ? read with { Reads = ReadScan.Of(text.Span, found) } : read;
        }
        // A value decides: read again with the literals kept.
        var kept = new NormalText();
        kept.Read(sql, syntax, keepLiterals: true);
        if (kept.Broken)
            return Unreadable(digest, syntax);
        found = Read(kept.Span, sql, catalogue, literals: true, out hint);
        var facts = found.Facts(digest, hint);
        return found.InnerText is { } inner ? WithInner(facts, inner, found.InnerIsExecuted, syntax, catalogue) : facts;
    }

    /// <summary>What a view or an expression reads; null when it is no plain read. The text is UTF-8, as the servers' own words are.</summary>
    internal static StatementReads? Reads(string definition, Catalogue catalogue)
    {
        var sql = Encoding.UTF8.GetBytes(definition);
        var text = new NormalText();
        text.Read(sql, SqlSyntax.Standard);
        if (text.Broken)
            return null;
        var found = Read(text.Span, sql, catalogue, literals: false, out _);
        return !found.WantsLiterals && found.Facts("", null).IsPlainRead ? ReadScan.Of(text.Span, found, isUtf8: true) : null;
    }

    // A text within a text: once. What stands in the inner one's own literals is not followed further.
    static StatementFacts WithInner(StatementFacts facts, string inner, bool executed, SqlSyntax syntax, Catalogue catalogue)
    {
        var sql = Encoding.UTF8.GetBytes(inner);
        var text = new NormalText();
        text.Read(sql, syntax);
        if (text.Broken)
            return executed ? facts with { Needs = facts.Needs | Needs.LeavesUnseen } : facts;
        var found = Read(text.Span, sql, catalogue, literals: false, out _);
        if (found.WantsLiterals)
        {
            text.Read(sql, syntax, keepLiterals: true);
            found = Read(text.Span, sql, catalogue, literals: true, out _);
        }
        if (found.InnerText is not null)
            found.Need(Needs.LeavesUnseen, "");
        found.NotForGateway();
        var does = found.Facts("", null);
        return executed ? facts.Executing(does) : facts with { Prepared = does };
    }

    static StatementFacts Unreadable(string digest, SqlSyntax syntax) => new()
    {
        Needs = Needs.Primary | Needs.Opaque,
        Reason = (syntax & SqlSyntax.Foreign) != 0
            ? "the session's sql_mode is another grammar than ours"
            : "the text is not complete or holds bytes that are not understood; the primary tells what is wrong with it",
        Digest = digest,
        Cacheable = false,
    };

    static Findings Read(ReadOnlySpan<byte> text, ReadOnlySpan<byte> sql, Catalogue catalogue, bool literals, out string? hint)
    {
        var found = new Findings(catalogue, literals);
        var reader = new TokenReader(text);
        var statements = 0;
        while (true)
        {
            while (reader.Peek().Kind == TokenKind.Semicolon)
                reader.Next();
            if (reader.Peek().Kind == TokenKind.End)
                break;
            var kind = found.Kind;
            StatementForms.Read(ref reader, found, sql);
            if (statements++ > 0)
                found.Kind = kind;
            // whatever is left of the statement has been judged; never stand still
            ExpressionScan.SkipStatement(ref reader);
        }
        if (statements > 1)
        {
            found.Need(Needs.Multiple, "several statements in one text");
            found.NotForGateway();
        }
        if (reader.Uncertain)
            found.Need(Needs.Primary | Needs.Opaque, "holds a comment that only some servers execute");
        hint = reader.Hint;
        return found;
    }

    static string Digest(ReadOnlySpan<byte> normal)
    {
        if (normal.Length <= DigestBytes)
            return Encoding.UTF8.GetString(normal);
        return Encoding.UTF8.GetString(normal[..(DigestBytes - 3)]) + "…";
    }
}
