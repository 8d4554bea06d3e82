using System.Buffers.Text;
using System.Text;

namespace Headwater.Core.Statements;

/// <summary>
/// Recognizes <c>SELECT … FROM t [[AS] alias] WHERE … AND column = literal AND …</c> and nothing else: what is not understood is not recognized. Reads a
/// normal text with its literals folded (to see what a statement could be looked up by) as well as kept (to have the value).
///
/// A conjunct counts only if it is the comparison and nothing more, so that no operator can take part of it away (<c>id = 5 = 1</c>, <c>id = 5 + x</c>);
/// WHERE is split at AND only where nothing binds weaker than AND (OR, XOR, ||) or has an AND of its own (BETWEEN, CASE).
/// </summary>
internal ref struct KeyScan
{
    public const int MostTokens = 256;
    // The normal text may cut what is longer.
    const int LongestInteger = 64;
    const int MostNesting = 16;

    readonly ReadOnlySpan<byte> _text;
    readonly ReadOnlySpan<Token> _tokens;
    int _schema, _table, _where, _whereEnd;

    KeyScan(ReadOnlySpan<byte> text, ReadOnlySpan<Token> tokens)
    {
        _text = text;
        _tokens = tokens;
    }

    /// <summary>The one table of the statement, as its text names it.</summary>
    public readonly (string? Schema, string Name) Table => (_schema < 0 ? null : NameOf(_schema), NameOf(_table));

    public static bool TryRead(ReadOnlySpan<byte> normal, Span<Token> room, out KeyScan scan)
    {
        scan = default;
        var reader = new TokenReader(normal);
        var count = 0;
        while (reader.Peek().Kind is not TokenKind.End)
        {
            if (count == room.Length) return false;
            room[count++] = reader.Next();
        }
        while (count > 0 && room[count - 1].Kind == TokenKind.Semicolon) count--;
        scan = new KeyScan(normal, room[..count]);
        return scan.Read();
    }

    bool Read()
    {
        if (_tokens.Length == 0 || !Is(0, "select"u8)) return false;
        int depth = 0, from = -1;
        for (var i = 1; i < _tokens.Length; i++)
        {
            depth += Nesting(i);
            if (_tokens[i].Kind is TokenKind.Semicolon or TokenKind.UserVariable or TokenKind.SystemVariable) return false;
            if (_tokens[i].Kind != TokenKind.Word) continue;
            if (ReadsElsewhere(_text[_tokens[i].Start.._tokens[i].Stop])) return false;
            if (depth != 0 || !Is(i, "from"u8)) continue;
            if (from >= 0) return false;
            from = i;
        }
        return from >= 0 && depth == 0 && ReadFrom(from + 1);
    }

    bool ReadFrom(int i)
    {
        if (!IsName(i)) return false;
        (_schema, _table) = (-1, i++);
        if (IsSymbol(i, '.'))
        {
            if (!IsName(i + 1)) return false;
            (_schema, _table) = (_table, i + 1);
            i += 2;
        }
        if (!IsKeyword(i, "where"u8))
        {
            if (IsKeyword(i, "as"u8)) i++;
            if (!IsName(i++)) return false;
        }
        if (!IsKeyword(i, "where"u8)) return false;
        var start = i + 1;
        // To the end: a word that may end WHERE may also be a column in it, and then what follows counts.
        if (BindsWeaker(start, _tokens.Length)) return false;
        var stop = start;
        for (var depth = 0; stop < _tokens.Length; stop++)
        {
            depth += Nesting(stop);
            if (depth == 0 && EndsWhere(stop)) break;
        }
        (_where, _whereEnd) = (start, stop);
        return true;
    }

    /// <summary>The columns that are demanded to equal a literal.</summary>
    public readonly void Columns(List<string> columns) => Conjuncts(_where, _whereEnd, 0, "", columns, out _);

    /// <summary>Finds the literal that the column must equal.</summary>
    public readonly bool TryFind(string column, out int literal, out bool negative)
    {
        negative = false;
        if (!Conjuncts(_where, _whereEnd, 0, column, null, out literal)) return false;
        negative = IsSymbol(literal - 1, '-');
        return true;
    }

    public readonly bool TryInteger(int at, bool negative, out long value)
    {
        value = 0;
        if (_tokens[at].Kind != TokenKind.Number) return false;
        var digits = _text[_tokens[at].Start.._tokens[at].Stop];
        if (digits.Length > LongestInteger || !Utf8Parser.TryParse(digits, out ulong magnitude, out var read) || read != digits.Length) return false;
        if (negative && magnitude > 1ul << 63) return false;
        value = unchecked(negative ? -(long)magnitude : (long)magnitude);
        return true;
    }

    /// <summary>How many placeholders stand before this one; -1 when this is none. Only of a text with its literals.</summary>
    public readonly int Placeholder(int at)
    {
        if (_tokens[at].Kind != TokenKind.Literal) return -1;
        var before = 0;
        for (var i = 0; i < at; i++)
            if (_tokens[i].Kind == TokenKind.Literal) before++;
        return before;
    }

    readonly bool Conjuncts(int start, int stop, int nesting, string column, List<string>? columns, out int literal)
    {
        literal = -1;
        int depth = 0, betweens = 0, from = start;
        for (var i = start; i <= stop; i++)
        {
            if (i < stop)
            {
                depth += Nesting(i);
                if (depth != 0) continue;
                if (IsKeyword(i, "between"u8)) betweens++;
                if (!IsKeyword(i, "and"u8)) continue;
                if (betweens > 0)
                {
                    betweens--;
                    continue;
                }
            }
            if (Conjunct(from, i, nesting, column, columns, out literal)) return true;
            from = i + 1;
        }
        return false;
    }

    readonly bool Conjunct(int start, int stop, int nesting, string column, List<string>? columns, out int literal)
    {
        literal = -1;
        if (stop - start < 3) return false;
        if (IsSymbol(start, '('))
        {
            if (nesting == MostNesting || Closing(start) != stop - 1 || BindsWeaker(start + 1, stop - 1)) return false;
            return Conjuncts(start + 1, stop - 1, nesting + 1, column, columns, out literal);
        }
        // [[schema.]table.]column = [sign] literal
        var i = start;
        if (!IsName(i)) return false;
        for (var points = 0; IsSymbol(i + 1, '.') && IsName(i + 2); i += 2)
            if (++points > 2) return false;
        var name = i++;
        if (!IsSymbol(i++, '=')) return false;
        if (IsSymbol(i, '-') || IsSymbol(i, '+')) i++;
        if (i != stop - 1 || _tokens[i].Kind is not (TokenKind.Literal or TokenKind.Number or TokenKind.String)) return false;
        // TRUE = 5, CURRENT_DATE = 5: no columns, unless they are quoted or qualified
        if (name == start && _tokens[name].Kind == TokenKind.Word && Functions.Rule(_text[_tokens[name].Start.._tokens[name].Stop]) == FunctionRule.Construct) return false;
        if (columns is not null)
        {
            columns.Add(NameOf(name));
            return false;
        }
        if (!IsNamed(name, column)) return false;
        literal = i;
        return true;
    }

    readonly int Closing(int open)
    {
        var depth = 0;
        for (var i = open; i < _tokens.Length; i++)
        {
            depth += Nesting(i);
            if (depth == 0) return i;
        }
        return -1;
    }

    // OR, XOR, ||, :=, CASE … END outside parentheses. One | or & is no OR, but nobody looks anything up by it.
    readonly bool BindsWeaker(int start, int stop)
    {
        var depth = 0;
        for (var i = start; i < stop; i++)
        {
            depth += Nesting(i);
            if (depth < 0) return true;
            if (depth == 0 && (IsSymbol(i, '|') || IsSymbol(i, '&') || IsSymbol(i, ':') || _tokens[i].Kind == TokenKind.Symbol && _tokens[i].Stop != _tokens[i].Start + 1
                || IsKeyword(i, "or"u8) || IsKeyword(i, "xor"u8) || IsKeyword(i, "case"u8)))
                return true;
        }
        return depth != 0;
    }

    // Of a query without any of these words, all rows come from the table after its FROM, and the rows that WHERE leaves decide. MATCH weighs a row by all others.
    static bool ReadsElsewhere(ReadOnlySpan<byte> word) => word.Length switch
    {
        3 => word.SequenceEqual("for"u8),
        4 => word.SequenceEqual("with"u8) || word.SequenceEqual("join"u8) || word.SequenceEqual("into"u8) || word.SequenceEqual("lock"u8),
        5 => word.SequenceEqual("union"u8) || word.SequenceEqual("table"u8) || word.SequenceEqual("match"u8) || word.SequenceEqual("minus"u8),
        6 => word.SequenceEqual("select"u8) || word.SequenceEqual("except"u8) || word.SequenceEqual("values"u8) || word.SequenceEqual("rownum"u8),
        7 => word.SequenceEqual("lateral"u8) || word.SequenceEqual("against"u8),
        8 => word.SequenceEqual("examined"u8),
        9 => word.SequenceEqual("intersect"u8) || word.SequenceEqual("procedure"u8),
        10 => word.SequenceEqual("json_table"u8),
        11 => word.SequenceEqual("system_time"u8),
        13 => word.SequenceEqual("straight_join"u8),
        _ => false,
    };

    readonly bool EndsWhere(int i) =>
        IsKeyword(i, "group"u8) || IsKeyword(i, "having"u8) || IsKeyword(i, "order"u8) || IsKeyword(i, "limit"u8) || IsKeyword(i, "window"u8) || IsKeyword(i, "offset"u8) || IsKeyword(i, "fetch"u8);

    readonly int Nesting(int i) => IsSymbol(i, '(') ? 1 : IsSymbol(i, ')') ? -1 : 0;
    readonly bool IsName(int i) => i < _tokens.Length && _tokens[i].IsName;
    readonly bool Is(int i, ReadOnlySpan<byte> word) => i < _tokens.Length && _tokens[i].Kind == TokenKind.Word && _text[_tokens[i].Start.._tokens[i].Stop].SequenceEqual(word);

    // After a point any word is a name.
    readonly bool IsKeyword(int i, ReadOnlySpan<byte> word) => Is(i, word) && !IsSymbol(i - 1, '.');
    readonly bool IsSymbol(int i, char symbol) =>
        i >= 0 && i < _tokens.Length && _tokens[i].Kind == TokenKind.Symbol && _tokens[i].Stop == _tokens[i].Start + 1 && _text[_tokens[i].Start] == symbol;

    readonly bool IsNamed(int i, string lowerName)
    {
        var bytes = _text[_tokens[i].Start.._tokens[i].Stop];
        if (_tokens[i].Kind == TokenKind.QuotedName) bytes = bytes[1..^1];
        return Ascii.IsValid(bytes) && !bytes.ContainsAny("`\""u8) ? Ascii.EqualsIgnoreCase(bytes, lowerName) : NameOf(i) == lowerName;
    }

    readonly string NameOf(int i) => Names.Unquoted(_text[_tokens[i].Start.._tokens[i].Stop]);
}
