namespace Headwater.Core.Statements;

internal enum TokenKind : byte { End, Word, QuotedName, Literal, String, Number, UserVariable, SystemVariable, Semicolon, Symbol }

/// <summary>One token of a normal text: kind and place. A word is in lower case.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int Stop)
{
    public bool IsName => Kind is TokenKind.Word or TokenKind.QuotedName;
}

/// <summary>
/// Reads the tokens of a <see cref="NormalText"/>: one statement's end is a semicolon or the end. Executable comments are read as their contents;
/// whether all supported servers (MariaDB from 10.6) execute them is kept in <see cref="Uncertain"/>.
/// </summary>
internal ref struct TokenReader(ReadOnlySpan<byte> text)
{
    // Contents of /*!version */ run on MariaDB when version is at most the server's, and not in MySQL's range (sql_lex.cc, consume_comment;
    // https://mariadb.com/kb/en/comment-syntax/). What every server from 10.6 on runs is certain; the rest depends on the server.
    const int FirstMySqlOnly = 50700, FirstMariaDb = 100000, Oldest = 100600;

    readonly ReadOnlySpan<byte> _text = text;
    int _at;
    Token _peeked;
    bool _hasPeeked;

    /// <summary>Some of the text is executed by some servers only.</summary>
    public bool Uncertain { get; private set; }
    public string? Hint { get; private set; }

    public readonly ReadOnlySpan<byte> Text => _text;
    public readonly ReadOnlySpan<byte> this[Token token] => _text[token.Start..token.Stop];
    public readonly int Position => _hasPeeked ? _peeked.Start : _at;

    public readonly bool Is(Token token, ReadOnlySpan<byte> word) => token.Kind == TokenKind.Word && this[token].SequenceEqual(word);
    public readonly bool IsSymbol(Token token, char symbol) => token.Kind == TokenKind.Symbol && _text[token.Start] == symbol && token.Stop == token.Start + 1;
    public readonly bool IsAssign(Token token) => token.Kind == TokenKind.Symbol && token.Stop == token.Start + 2;

    /// <summary>The name without quotes, in lower case.</summary>
    public readonly string NameOf(Token token)
    {
        var span = this[token];
        if (token.Kind == TokenKind.UserVariable)
            span = span[1..];
        return Names.Unquoted(span);
    }

    public Token Peek()
    {
        if (!_hasPeeked)
        {
            _peeked = Scan();
            _hasPeeked = true;
        }
        return _peeked;
    }

    public Token Next()
    {
        if (_hasPeeked)
        {
            _hasPeeked = false;
            return _peeked;
        }
        return Scan();
    }

    /// <summary>Takes the next token if it is this word.</summary>
    public bool Take(ReadOnlySpan<byte> word)
    {
        if (!Is(Peek(), word))
            return false;
        _hasPeeked = false;
        return true;
    }

    public bool TakeSymbol(char symbol)
    {
        if (!IsSymbol(Peek(), symbol))
            return false;
        _hasPeeked = false;
        return true;
    }

    Token Scan()
    {
        while (true)
        {
            while (_at < _text.Length && _text[_at] == ' ')
                _at++;
            if (_at >= _text.Length)
                return new Token(TokenKind.End, _text.Length, _text.Length);
            if (!SkipMarker())
                break;
        }
        var start = _at;
        var b = _text[_at];
        if (SqlBytes.IsName(b))
            return ScanWord(start);
        _at++;
        switch (b)
        {
            case (byte)'?':
                return new Token(TokenKind.Literal, start, _at);
            case (byte)';':
                return new Token(TokenKind.Semicolon, start, _at);
            case (byte)'`':
            case (byte)'"':
                SkipQuoted(b);
                return new Token(TokenKind.QuotedName, start, _at);
            case (byte)'\'':
                SkipQuoted(b);
                return new Token(TokenKind.String, start, _at);
            case (byte)'@':
                return ScanVariable(start);
            case (byte)':' when _at < _text.Length && _text[_at] == '=':
                _at++;
                return new Token(TokenKind.Symbol, start, _at);
            case (byte)'.' when _text[_at..].StartsWith(".."u8):
                // what stands for the rest of a list
                _at += 2;
                return new Token(TokenKind.Symbol, start, _at);
            default:
                return new Token(TokenKind.Symbol, start, _at);
        }
    }

    Token ScanWord(int start)
    {
        var kind = SqlBytes.IsDigit(_text[start]) ? TokenKind.Number : TokenKind.Word;
        while (_at < _text.Length && SqlBytes.IsName(_text[_at]))
        {
            if (!SqlBytes.IsDigit(_text[_at]))
                kind = TokenKind.Word;
            _at++;
        }
        return new Token(kind, start, _at);
    }

    Token ScanVariable(int start)
    {
        if (_at >= _text.Length)
            return new Token(TokenKind.Symbol, start, _at);
        var b = _text[_at];
        if (b == '@')
        {
            _at++;
            return new Token(TokenKind.SystemVariable, start, _at);
        }
        if (b == '`')
        {
            _at++;
            SkipQuoted(b);
            return new Token(TokenKind.UserVariable, start, _at);
        }
        while (_at < _text.Length && (_text[_at] == '.' || SqlBytes.IsName(_text[_at])))
            _at++;
        return new Token(_at == start + 1 ? TokenKind.Symbol : TokenKind.UserVariable, start, _at);
    }

    void SkipQuoted(byte quote)
    {
        while (_at < _text.Length)
        {
            if (_text[_at++] != quote)
                continue;
            if (_at >= _text.Length || _text[_at] != quote)
                return;
            _at++;
        }
    }

    // /*!50001, */ and /*headwater: …*/ are no tokens.
    bool SkipMarker()
    {
        var rest = _text[_at..];
        if (rest.Length < 2)
            return false;
        if (rest[0] == '*' && rest[1] == '/')
        {
            _at += 2;
            return true;
        }
        if (rest[0] != '/' || rest[1] != '*' || rest.Length < 3)
            return false;
        if (rest.StartsWith("/*headwater:"u8))
        {
            var end = rest.IndexOf("*/"u8);
            if (end < 0)
                return false;
            Hint ??= Names.Ascii(rest["/*headwater:".Length..end].Trim((byte)' '));
            _at += end + 2;
            return true;
        }
        var at = rest[2] == 'M' ? 3 : 2;
        if (at >= rest.Length || rest[at] != '!')
            return false;
        at++;
        int version = 0, digits = 0;
        while (at < rest.Length && digits < 6 && SqlBytes.IsDigit(rest[at]))
        {
            version = version * 10 + rest[at++] - '0';
            digits++;
        }
        if (version >= FirstMySqlOnly && (version < FirstMariaDb ? rest[2] != 'M' : version > Oldest))
            Uncertain = true;
        _at += at;
        return true;
    }
}
