namespace Headwater.Core.Log.Definitions;

enum TokenKind : byte { Word, QuotedName, Text, Number, Symbol }

/// <summary>One token of a definition. Names keep their case, which the classifier's normal text does not: columns are shown as they were declared.</summary>
readonly record struct DefinitionToken(TokenKind Kind, string Text)
{
    public bool Is(string word) => Kind == TokenKind.Word && string.Equals(Text, word, StringComparison.OrdinalIgnoreCase);
    public bool IsSymbol(char symbol) => Kind == TokenKind.Symbol && Text[0] == symbol;
    public bool IsName => Kind is TokenKind.Word or TokenKind.QuotedName or TokenKind.Number;
}

/// <summary>Takes a statement's text apart as the server's lexer does (sql/sql_lex.cc).</summary>
static class DefinitionLexer
{
    // What every server from 10.6 on executes of /*!NNNNNN … */; the rest depends on the server. As for statements: TokenReader.
    const int FirstMySqlOnly = 50700, FirstMariaDb = 100000, Oldest = 100600;

    /// <summary>Null for a text that is not whole, or means something else on another server.</summary>
    public static List<DefinitionToken>? Read(string sql, bool ansiQuotes, bool backslashIsPlain)
    {
        var tokens = new List<DefinitionToken>();
        var inExecutable = false;
        for (var at = 0; at < sql.Length;)
        {
            var c = sql[at];
            var next = at + 1 < sql.Length ? sql[at + 1] : '\0';
            if (char.IsWhiteSpace(c))
            {
                at++;
            }
            else if (c == '#' || c == '-' && next == '-' && (at + 2 == sql.Length || sql[at + 2] <= ' '))
            {
                var end = sql.IndexOf('\n', at);
                at = end < 0 ? sql.Length : end + 1;
            }
            else if (c == '/' && next == '*')
            {
                var marker = sql.AsSpan(at + 2);
                var isOurs = marker.StartsWith("M!");
                if (!isOurs && !marker.StartsWith("!"))
                {
                    var end = sql.IndexOf("*/", at + 2, StringComparison.Ordinal);
                    if (end < 0) return null;
                    at = end + 2;
                    continue;
                }
                at += isOurs ? 4 : 3;
                var (version, digits) = (0, 0);
                for (; digits < 6 && at < sql.Length && char.IsAsciiDigit(sql[at]); digits++) version = version * 10 + sql[at++] - '0';
                if (version > Oldest || version >= FirstMySqlOnly && version < FirstMariaDb) return null;
                inExecutable = true;
            }
            else if (c == '*' && next == '/' && inExecutable)
            {
                inExecutable = false;
                at += 2;
            }
            else if (c is '\'' or '"' or '`')
            {
                var isName = c == '`' || c == '"' && ansiQuotes;
                if (Quoted(sql, ref at, c, !isName && !backslashIsPlain) is not { } text) return null;
                tokens.Add(new DefinitionToken(isName ? TokenKind.QuotedName : TokenKind.Text, text));
            }
            else if (IsInName(c))
            {
                var start = at;
                while (at < sql.Length && IsInName(sql[at])) at++;
                var text = sql[start..at];
                tokens.Add(new DefinitionToken(text.AsSpan().ContainsAnyExceptInRange('0', '9') ? TokenKind.Word : TokenKind.Number, text));
            }
            else if (c is '\\' or '[' or ']' or '{' or '}' || c < ' ')
            {
                return null;
            }
            else
            {
                tokens.Add(new DefinitionToken(TokenKind.Symbol, c.ToString()));
                at++;
            }
        }
        while (tokens.Count > 0 && tokens[^1].IsSymbol(';')) tokens.RemoveAt(tokens.Count - 1);
        return inExecutable ? null : tokens;
    }

    static bool IsInName(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$' || c >= 0x80;

    static string? Quoted(string sql, ref int at, char quote, bool escapes)
    {
        var text = new System.Text.StringBuilder();
        for (at++; at < sql.Length; at++)
        {
            if (sql[at] == '\\' && escapes && at + 1 < sql.Length) text.Append(sql[++at]);
            else if (sql[at] != quote) text.Append(sql[at]);
            else if (at + 1 < sql.Length && sql[at + 1] == quote) text.Append(sql[++at]);
            else
            {
                at++;
                return text.ToString();
            }
        }
        return null;
    }
}
