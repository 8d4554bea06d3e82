using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Headwater.Core.Statements;

/// <summary>
/// The normal form of a statement's text, in a buffer that is reused. This is the only place where text is scanned as the
/// server's lexer does; the classifier reads the normal form. So statements with the same normal form have the same facts by
/// construction, and the normal form can be a cache's key and the digest at once.
///
/// Normal form: literals are <c>?</c>; a list of literals is <c>(?,...)</c>; groups that repeat, as rows of VALUES do, are <c>(…),...</c>;
/// names outside quotes are lower-cased, quoted names stay as written; white space and comments are gone except where they
/// change the meaning (between a name and a parenthesis; after a point); executable comments keep their markers and their
/// contents are ordinary text; a <c>/* headwater: … */</c> comment stays. With literals kept, strings are <c>'…'</c>, unescaped, quotes doubled.
/// </summary>
internal sealed class NormalText
{
    const int MaxName = 1024, Slack = 4 * MaxName, MaxNesting = 64;

    readonly int[] _groups = new int[MaxNesting];
    byte[] _buffer = new byte[2 * Slack];
    int _length;
    bool _many;

    public ReadOnlySpan<byte> Span => _buffer.AsSpan(0, _length);

    /// <summary>
    /// Not to be trusted: unterminated, or holding bytes that the server's lexer would not take or might take otherwise.
    /// Nothing is derived from such a text.
    /// </summary>
    public bool Broken { get; private set; }

    /// <summary>A buffer that grew for one huge statement is not kept for ever.</summary>
    public void Shrink(int keepBytes)
    {
        if (_buffer.Length > keepBytes)
            _buffer = new byte[2 * Slack];
        _length = 0;
    }

    public void Read(ReadOnlySpan<byte> sql, SqlSyntax syntax, bool keepLiterals = false)
    {
        Broken = false;
        _many = false;
        _length = 0;
        if (syntax != SqlSyntax.Standard
            && ((syntax & SqlSyntax.Foreign) != 0 || ((syntax & SqlSyntax.UnsafeCharset) != 0 && sql.ContainsAnyExceptInRange((byte)0, (byte)127))))
            Broken = true;
        var o = 0;
        if (!Scan(sql, syntax, keepLiterals, ref o))
            Broken = true;
        _length = o;
    }

    bool Scan(ReadOnlySpan<byte> sql, SqlSyntax syntax, bool keepLiterals, ref int length)
    {
        ref var classes = ref MemoryMarshal.GetArrayDataReference(SqlBytes.ClassTable);
        ref var lower = ref MemoryMarshal.GetArrayDataReference(SqlBytes.LowerTable);
        ref var source = ref MemoryMarshal.GetReference(sql);
        var buffer = _buffer;
        ref var target = ref MemoryMarshal.GetArrayDataReference(buffer);
        int n = sql.Length, i = 0, o = 0, depth = 0;
        var limit = buffer.Length - Slack;
        bool gap = false, executable = false, afterPoint = false;

        while (i < n)
        {
            if (o > limit)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
                buffer = _buffer;
                target = ref MemoryMarshal.GetArrayDataReference(buffer);
                limit = buffer.Length - Slack;
            }

            var b = Unsafe.Add(ref source, i);
            int c = Unsafe.Add(ref classes, b) & SqlBytes.ClassMask;
            switch (c)
            {
                case SqlBytes.Space:
                    gap = true;
                    i++;
                    continue;

                case SqlBytes.Letter:
                    // x'41', b'01', n'text': the prefix belongs to the literal
                    if (i + 1 < n && Unsafe.Add(ref source, i + 1) == '\'' && !afterPoint && (b | 32) is ('x' or 'b' or 'n'))
                    {
                        i++;
                        goto case SqlBytes.Quote;
                    }
                word:
                    {
                        if (o > 0 && (Unsafe.Add(ref classes, Unsafe.Add(ref target, o - 1)) & SqlBytes.Tight) == 0)
                            Unsafe.Add(ref target, o++) = (byte)' ';
                        var start = o;
                        var last = Math.Min(n, i + MaxName);
                        do
                        {
                            Unsafe.Add(ref target, o++) = Unsafe.Add(ref lower, b);
                            if (++i >= last)
                                break;
                            b = Unsafe.Add(ref source, i);
                        }
                        while ((Unsafe.Add(ref classes, b) & SqlBytes.InName) != 0);
                        if (o - start >= MaxName)
                            return End(ref length, o);
                        gap = afterPoint = false;
                        // _utf8mb4'text': the introducer belongs to the literal
                        if (Unsafe.Add(ref target, start) != '_' || i >= n)
                            continue;
                        var next = i < n - 1 && sql[i] == ' ' ? i + 1 : i;
                        if (sql[next] == '\'' || (sql[next] == '"' && (syntax & SqlSyntax.AnsiQuotes) == 0))
                        {
                            o = start > 0 && Unsafe.Add(ref target, start - 1) == ' ' ? start - 1 : start;
                            i = next;
                        }
                        continue;
                    }

                case SqlBytes.Digit:
                    {
                        if (afterPoint)
                            goto word;
                        var end = NumberEnd(sql, i);
                        if (end < 0)
                            return End(ref length, o);
                        if (end == 0)
                            goto word;
                        o = Literal(buffer, o, keepLiterals ? sql[i..Math.Min(end, i + MaxName)] : default);
                        i = end;
                        gap = false;
                        continue;
                    }

                case SqlBytes.Question:
                    o = Literal(buffer, o, keepLiterals ? "?"u8 : default);
                    i++;
                    gap = afterPoint = false;
                    continue;

                case SqlBytes.DoubleQuote when (syntax & SqlSyntax.AnsiQuotes) != 0:
                case SqlBytes.Backtick:
                    {
                        var end = QuotedNameEnd(sql, i, b);
                        if (end < 0 || end - i > MaxName)
                            return End(ref length, o);
                        if (o > 0 && (SqlBytes.ClassTable[buffer[o - 1]] & SqlBytes.Tight) == 0)
                            buffer[o++] = (byte)' ';
                        sql[i..end].CopyTo(buffer.AsSpan(o));
                        o += end - i;
                        i = end;
                        // `t`.1: a number for the server, a name for the eye
                        if (i + 1 < n && sql[i] == '.' && SqlBytes.IsDigit(sql[i + 1]))
                            return End(ref length, o);
                        gap = afterPoint = false;
                        continue;
                    }

                case SqlBytes.DoubleQuote:
                case SqlBytes.Quote:
                    {
                        var end = StringEnd(sql, i, (syntax & SqlSyntax.NoBackslashEscapes) == 0);
                        if (end < 0)
                            return End(ref length, o);
                        if (keepLiterals)
                        {
                            o = KeepString(sql[i..end], o, (syntax & SqlSyntax.NoBackslashEscapes) == 0);
                            buffer = _buffer;
                            target = ref MemoryMarshal.GetArrayDataReference(buffer);
                            limit = buffer.Length - Slack;
                        }
                        else
                        {
                            o = Literal(buffer, o, default);
                        }
                        i = end;
                        gap = afterPoint = false;
                        continue;
                    }

                case SqlBytes.Minus:
                    if (i + 1 < n && sql[i + 1] == '-' && (i + 2 >= n || SqlBytes.IsSpace(sql[i + 2]) || sql[i + 2] is < 32 or 127))
                        goto case SqlBytes.Hash;
                    goto default;

                case SqlBytes.Hash:
                    {
                        var end = sql[i..].IndexOfAny((byte)'\n', (byte)0);
                        if (end >= 0 && sql[i + end] == 0)
                            return End(ref length, o);
                        i = end < 0 ? n : i + end + 1;
                        gap = true;
                        continue;
                    }

                case SqlBytes.Slash:
                    {
                        if (i + 1 >= n || sql[i + 1] != '*')
                            goto default;
                        var marker = ExecutableMarker(sql, i);
                        if (marker > 0)
                        {
                            if (o > 0)
                                buffer[o++] = (byte)' ';
                            sql.Slice(i, marker).CopyTo(buffer.AsSpan(o));
                            o += marker;
                            i += marker;
                            buffer[o++] = (byte)' ';
                            executable = gap = true;
                            continue;
                        }
                        var end = sql[(i + 2)..].IndexOf("*/"u8);
                        if (end < 0)
                            return End(ref length, o);
                        var comment = sql.Slice(i + 2, end).Trim(" \t\r\n"u8);
                        if (comment.Length is > 10 and < MaxName && comment.StartsWith("headwater:"u8))
                        {
                            "/*"u8.CopyTo(buffer.AsSpan(o));
                            comment.CopyTo(buffer.AsSpan(o + 2));
                            "*/"u8.CopyTo(buffer.AsSpan(o + 2 + comment.Length));
                            o += comment.Length + 4;
                        }
                        i += end + 4;
                        gap = true;
                        continue;
                    }

                case SqlBytes.Star:
                    if (i + 1 < n && sql[i + 1] == '/' && executable)
                    {
                        executable = false;
                        if (o > 0 && buffer[o - 1] != ' ')
                            buffer[o++] = (byte)' ';
                        buffer[o++] = (byte)'*';
                        buffer[o++] = (byte)'/';
                        buffer[o++] = (byte)' ';
                        i += 2;
                        gap = true;
                        continue;
                    }
                    if (o > 0 && (SqlBytes.ClassTable[buffer[o - 1]] & SqlBytes.InName) != 0)
                        buffer[o++] = (byte)' ';
                    goto default;

                case SqlBytes.At:
                    {
                        var end = UserVariable(sql, i, (syntax & SqlSyntax.NoBackslashEscapes) == 0, ref o);
                        if (end < 0)
                            return End(ref length, o);
                        buffer = _buffer;
                        target = ref MemoryMarshal.GetArrayDataReference(buffer);
                        limit = buffer.Length - Slack;
                        i = end;
                        gap = afterPoint = false;
                        continue;
                    }

                case SqlBytes.Open:
                    // whether white space stands before a parenthesis decides between native and stored functions
                    if (gap && o > 0 && (SqlBytes.ClassTable[buffer[o - 1]] & SqlBytes.Tight) == 0 && buffer[o - 1] != ' ')
                        buffer[o++] = (byte)' ';
                    if (depth < MaxNesting)
                        _groups[depth] = o;
                    depth++;
                    _many = false;
                    buffer[o++] = b;
                    i++;
                    gap = afterPoint = false;
                    continue;

                case SqlBytes.Close:
                    if (_many && o >= 2 && buffer[o - 1] == '?' && buffer[o - 2] == '(')
                    {
                        ",..."u8.CopyTo(buffer.AsSpan(o));
                        o += 4;
                    }
                    _many = false;
                    buffer[o++] = b;
                    if (depth > 0 && --depth < MaxNesting && !keepLiterals)
                        o = Collapse(buffer, _groups[depth], o);
                    i++;
                    gap = afterPoint = false;
                    continue;

                case SqlBytes.Dot:
                    {
                        var joined = i > 0 && SqlBytes.IsName(sql[i - 1]);
                        if (!joined && i + 1 < n && SqlBytes.IsDigit(sql[i + 1]))
                        {
                            var end = NumberEnd(sql, i);
                            if (end <= 0)
                                return End(ref length, o);
                            o = Literal(buffer, o, keepLiterals ? sql[i..Math.Min(end, i + MaxName)] : default);
                            i = end;
                            gap = false;
                            continue;
                        }
                        buffer[o++] = b;
                        i++;
                        gap = false;
                        afterPoint = i < n && SqlBytes.IsName(sql[i]);
                        if (i < n && SqlBytes.IsSpace(sql[i]))
                            buffer[o++] = (byte)' ';
                        continue;
                    }

                case SqlBytes.Illegal:
                    return End(ref length, o);

                default:
                    Unsafe.Add(ref target, o++) = b;
                    i++;
                    gap = afterPoint = false;
                    continue;
            }
        }
        length = o;
        return !executable;
    }

    static bool End(ref int length, int o)
    {
        length = o;
        return false;
    }

    // Writes ?, or the literal itself, or nothing where it continues a list of literals: "(?," + literal stays "(?" until the list ends.
    int Literal(byte[] buffer, int o, ReadOnlySpan<byte> kept)
    {
        if (kept.IsEmpty)
        {
            if (o >= 2 && buffer[o - 1] is (byte)'-' or (byte)'+' && buffer[o - 2] is (byte)'(' or (byte)',' or (byte)'=')
                o--;
            if (o >= 3 && buffer[o - 1] == ',' && buffer[o - 2] == '?' && buffer[o - 3] == '(')
            {
                _many = true;
                return o - 1;
            }
        }
        if (o > 0 && (SqlBytes.ClassTable[buffer[o - 1]] & SqlBytes.Tight) == 0)
            buffer[o++] = (byte)' ';
        if (kept.IsEmpty)
        {
            buffer[o] = (byte)'?';
            return o + 1;
        }
        kept.CopyTo(buffer.AsSpan(o));
        return o + kept.Length;
    }

    // Drops a group in parentheses that repeats the one before it.
    static int Collapse(byte[] buffer, int group, int o)
    {
        if (group < 2 || buffer[group - 1] != ',')
            return o;
        var size = o - group;
        var repeated = group >= 5 && buffer.AsSpan(group - 5, 4).SequenceEqual(",..."u8);
        var before = repeated ? group - 5 : group - 1;
        if (before < size || !buffer.AsSpan(before - size, size).SequenceEqual(buffer.AsSpan(group, size)))
            return o;
        if (repeated)
            return group - 1;
        ",..."u8.CopyTo(buffer.AsSpan(group - 1));
        return group + 3;
    }

    // End of a number that starts at i; 0 when this is a name that starts with digits; -1 when the lexer's answer is not clear.
    static int NumberEnd(ReadOnlySpan<byte> sql, int i)
    {
        int n = sql.Length, j = i;
        while (j < n && SqlBytes.IsDigit(sql[j]))
            j++;
        if (j < n && sql[j] == '.')
        {
            j++;
            while (j < n && SqlBytes.IsDigit(sql[j]))
                j++;
            if (j < n && (sql[j] | 32) == 'e')
                return Exponent(sql, j);
            return j;
        }
        if (j >= n || !SqlBytes.IsName(sql[j]))
            return j;
        if ((sql[j] | 32) == 'e')
        {
            var end = Exponent(sql, j);
            if (end > 0)
                return end < n && SqlBytes.IsName(sql[end]) ? -1 : end;
            return 0;
        }
        if (j == i + 1 && sql[i] == '0' && sql[j] is (byte)'x' or (byte)'b')
        {
            var digits = sql[j] == 'x' ? "0123456789abcdefABCDEF"u8 : "01"u8;
            var k = j + 1;
            while (k < n && SqlBytes.IsName(sql[k]))
            {
                if (!digits.Contains(sql[k]))
                    return 0;
                k++;
            }
            return k > j + 1 ? k : 0;
        }
        return 0;
    }

    static int Exponent(ReadOnlySpan<byte> sql, int e)
    {
        var j = e + 1;
        if (j < sql.Length && sql[j] is (byte)'+' or (byte)'-')
            j++;
        var digits = j;
        while (j < sql.Length && SqlBytes.IsDigit(sql[j]))
            j++;
        return j > digits ? j : -1;
    }

    internal static int StringEnd(ReadOnlySpan<byte> sql, int i, bool backslash)
    {
        var quote = sql[i++];
        while (true)
        {
            var rest = sql[i..];
            var at = backslash ? rest.IndexOfAny(quote, (byte)'\\') : rest.IndexOf(quote);
            if (at < 0)
                return -1;
            i += at;
            if (sql[i] == quote)
            {
                if (i + 1 >= sql.Length || sql[i + 1] != quote)
                    return i + 1;
            }
            else if (i + 1 >= sql.Length)
            {
                return -1;
            }
            i += 2;
        }
    }

    static int QuotedNameEnd(ReadOnlySpan<byte> sql, int i, byte quote)
    {
        i++;
        while (true)
        {
            var at = sql[i..].IndexOf(quote);
            if (at < 0)
                return -1;
            i += at + 1;
            if (i >= sql.Length || sql[i] != quote)
                return i;
            i++;
        }
    }

    // Length of /*!, /*M!, with the version's five or six digits; 0 for an ordinary comment.
    static int ExecutableMarker(ReadOnlySpan<byte> sql, int i)
    {
        var j = i + 2;
        if (j < sql.Length && sql[j] == 'M')
            j++;
        if (j >= sql.Length || sql[j] != '!')
            return 0;
        j++;
        var digits = 0;
        while (digits < 6 && j + digits < sql.Length && SqlBytes.IsDigit(sql[j + digits]))
            digits++;
        return j - i + (digits >= 5 ? digits : 0);
    }

    // @name, @`name`, @'name', @"name" become one form; @@ is written as it is.
    int UserVariable(ReadOnlySpan<byte> sql, int i, bool backslash, ref int o)
    {
        if (o > 0 && (SqlBytes.ClassTable[_buffer[o - 1]] & SqlBytes.Tight) == 0)
            _buffer[o++] = (byte)' ';
        _buffer[o++] = (byte)'@';
        i++;
        if (i >= sql.Length)
            return i;
        var b = sql[i];
        if (b == '@')
        {
            _buffer[o++] = b;
            return i + 1;
        }
        if (b is (byte)'\'' or (byte)'"')
        {
            var end = StringEnd(sql, i, backslash);
            if (end < 0 || end - i > MaxName)
                return -1;
            _buffer[o++] = (byte)'`';
            o = Unescape(sql[i..end], _buffer, o, backslash, (byte)'`');
            _buffer[o++] = (byte)'`';
            return end;
        }
        if (b == '`')
        {
            var end = QuotedNameEnd(sql, i, b);
            if (end < 0 || end - i > MaxName)
                return -1;
            sql[i..end].CopyTo(_buffer.AsSpan(o));
            o += end - i;
            return end;
        }
        var start = i;
        while (i < sql.Length && i - start < MaxName && (sql[i] == '.' || (sql[i] < 128 && SqlBytes.IsName(sql[i]))))
            _buffer[o++] = SqlBytes.LowerTable[sql[i++]];
        return i < sql.Length && SqlBytes.IsName(sql[i]) ? -1 : i;
    }

    int KeepString(ReadOnlySpan<byte> quoted, int o, bool backslash)
    {
        while (_buffer.Length - o < quoted.Length * 2 + Slack)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        if (o > 0 && (SqlBytes.ClassTable[_buffer[o - 1]] & SqlBytes.Tight) == 0)
            _buffer[o++] = (byte)' ';
        _buffer[o++] = (byte)'\'';
        o = Unescape(quoted, _buffer, o, backslash, (byte)'\'');
        _buffer[o++] = (byte)'\'';
        return o;
    }

    static int Unescape(ReadOnlySpan<byte> quoted, byte[] target, int o, bool backslash, byte doubled)
    {
        var quote = quoted[0];
        for (var i = 1; i < quoted.Length - 1; i++)
        {
            var b = quoted[i];
            if (b == quote)
                i++;
            else if (b == '\\' && backslash)
            {
                b = quoted[++i] switch
                {
                    (byte)'n' => (byte)'\n',
                    (byte)'t' => (byte)'\t',
                    (byte)'r' => (byte)'\r',
                    (byte)'b' => (byte)'\b',
                    (byte)'0' => 0,
                    (byte)'Z' => 26,
                    var other => other,
                };
            }
            target[o++] = b;
            if (b == doubled)
                target[o++] = b;
        }
        return o;
    }
}
