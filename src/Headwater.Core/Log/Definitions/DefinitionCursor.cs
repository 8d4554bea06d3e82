namespace Headwater.Core.Log.Definitions;

/// <summary>The definition is not one that is understood here.</summary>
sealed class NotUnderstoodException : Exception;

/// <summary>Walks over a definition's tokens. One owner.</summary>
sealed class DefinitionCursor(IReadOnlyList<DefinitionToken> tokens, string schema)
{
    int _at;

    public string Schema => schema;
    public bool AtEnd => _at >= tokens.Count;
    public DefinitionToken Peek(int ahead = 0) => _at + ahead < tokens.Count ? tokens[_at + ahead] : default(DefinitionToken) with { Kind = TokenKind.Symbol, Text = "\0" };
    public DefinitionToken Next() => _at < tokens.Count ? tokens[_at++] : throw new NotUnderstoodException();

    public bool Take(string word)
    {
        if (!Peek().Is(word)) return false;
        _at++;
        return true;
    }

    public bool TakeSymbol(char symbol)
    {
        if (!Peek().IsSymbol(symbol)) return false;
        _at++;
        return true;
    }

    /// <summary>Anywhere in the definition.</summary>
    public bool Has(string word) => tokens.Any(token => token.Is(word));

    /// <summary>All of them, or none.</summary>
    public bool TakeWords(params ReadOnlySpan<string> words)
    {
        for (var i = 0; i < words.Length; i++)
            if (!Peek(i).Is(words[i])) return false;
        _at += words.Length;
        return true;
    }

    public void Expect(string word)
    {
        if (!Take(word)) throw new NotUnderstoodException();
    }

    public void ExpectSymbol(char symbol)
    {
        if (!TakeSymbol(symbol)) throw new NotUnderstoodException();
    }

    public string Name()
    {
        var token = Next();
        return token.IsName ? token.Text : throw new NotUnderstoodException();
    }

    public TableName Table()
    {
        var name = Name();
        return TakeSymbol('.') ? new TableName(name, Name()) : schema.Length > 0 ? new TableName(schema, name) : throw new NotUnderstoodException();
    }

    /// <summary>Passes over (…), from its opening parenthesis.</summary>
    public void SkipGroup()
    {
        ExpectSymbol('(');
        for (var depth = 1; depth > 0;)
        {
            var token = Next();
            depth += token.IsSymbol('(') ? 1 : token.IsSymbol(')') ? -1 : 0;
        }
    }

    public bool AtPartEnd => AtEnd || Peek().IsSymbol(',') || Peek().IsSymbol(')');

    /// <summary>The character set that is named here, behind CHARACTER SET or CHARSET.</summary>
    public string? TakeCharset()
    {
        if (!TakeWords("character", "set") && !Take("charset")) return null;
        TakeSymbol('=');
        return Value();
    }

    /// <summary>The character set of the collation that is named here, behind COLLATE.</summary>
    public string? TakeCollation()
    {
        if (!Take("collate")) return null;
        TakeSymbol('=');
        var collation = Value();
        // A collation of UCA 14 may be named without its character set, which is then another's.
        if (collation.StartsWith("uca1400", StringComparison.Ordinal) || collation == "default") throw new NotUnderstoodException();
        var end = collation.IndexOf('_', StringComparison.Ordinal);
        return end < 0 ? collation : collation[..end];
    }

    string Value()
    {
        var token = Next();
        return token.Kind is TokenKind.Word or TokenKind.QuotedName or TokenKind.Text ? token.Text.ToLowerInvariant() : throw new NotUnderstoodException();
    }
}
