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

        var facts = Read(text.Span, sql, catalogue, digest, literals: false);
        if (facts.Cacheable)
            return facts;
        // A value decides: read again with the literals kept.
        var kept = new NormalText();
        kept.Read(sql, syntax, keepLiterals: true);
        return kept.Broken ? Unreadable(digest, syntax) : Read(kept.Span, sql, catalogue, digest, literals: true);
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

    static StatementFacts Read(ReadOnlySpan<byte> text, ReadOnlySpan<byte> sql, Catalogue catalogue, string digest, bool literals)
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
        return found.Facts(digest, reader.Hint);
    }

    static string Digest(ReadOnlySpan<byte> normal)
    {
        if (normal.Length <= DigestBytes)
            return Encoding.UTF8.GetString(normal);
        return Encoding.UTF8.GetString(normal[..(DigestBytes - 3)]) + "…";
    }
}
