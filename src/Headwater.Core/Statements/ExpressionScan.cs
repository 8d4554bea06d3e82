namespace Headwater.Core.Statements;

/// <summary>
/// Goes over the tokens of a statement and finds what is not pure in it. It need not know the whole grammar: a text that the
/// server would accept can write, lock or depend on state only by the words looked for here, a call, or a name in the catalogue;
/// a text that the server refuses does nothing wherever it runs.
/// </summary>
internal static class ExpressionScan
{
    const int MaxDepth = 200;

    // State of one level of parentheses.
    const byte InFrom = 1, TableNext = 2, ArgumentClauses = 4, InWith = 8, CommonTableNext = 16;

    /// <param name="read">The statement may turn out a plain read, so INTO, FOR UPDATE and the words of DML decide; else only calls and variables matter.</param>
    /// <param name="startInFrom">The text starts with table names: UPDATE t, DESCRIBE t, TABLE t.</param>
    /// <param name="stopAtComma">Stop before a comma outside parentheses: one value of a SET.</param>
    /// <param name="stopAtFor">Stop after FOR outside parentheses: SET STATEMENT … FOR.</param>
    public static void Scan(ref TokenReader reader, Findings found, bool read, bool startInFrom = false, bool stopAtComma = false, bool stopAtFor = false)
    {
        Span<byte> levels = stackalloc byte[MaxDepth];
        levels.Clear();
        levels[0] = startInFrom ? (byte)(InFrom | TableNext) : (byte)0;
        var depth = 0;
        var intoVariables = false;
        var afterPoint = false;
        var argumentClauses = false;

        while (true)
        {
            var token = reader.Peek();
            if (token.Kind is TokenKind.End or TokenKind.Semicolon)
                return;
            if (depth == 0 && stopAtComma && reader.IsSymbol(token, ','))
                return;
            reader.Next();
            ref var level = ref levels[depth];

            switch (token.Kind)
            {
                case TokenKind.Symbol:
                    switch (reader.Text[token.Start])
                    {
                        case (byte)'(':
                            if (++depth >= MaxDepth)
                            {
                                found.Need(Needs.Primary | Needs.Opaque, "nested too deeply to be understood");
                                SkipStatement(ref reader);
                                return;
                            }
                            levels[depth] = argumentClauses ? ArgumentClauses : (level & TableNext) != 0 ? (byte)(InFrom | TableNext) : (byte)0;
                            level &= unchecked((byte)~TableNext);
                            argumentClauses = false;
                            break;
                        case (byte)')':
                            if (depth > 0)
                                depth--;
                            break;
                        case (byte)',':
                            if ((level & InFrom) != 0)
                                level |= TableNext;
                            if ((level & InWith) != 0)
                                level |= CommonTableNext;
                            break;
                        case (byte)'.':
                            afterPoint = reader.IsSymbol(token, '.') && reader.Peek().Start == token.Stop;
                            continue;
                        case (byte)':':
                            found.Need(Needs.Primary, "assigns a variable");
                            break;
                        case (byte)'@':
                            found.Need(Needs.Primary, "holds a lone @");
                            break;
                    }
                    break;

                case TokenKind.UserVariable:
                    UserVariable(ref reader, found, token, intoVariables);
                    continue;

                case TokenKind.SystemVariable:
                    SystemVariable(ref reader, found);
                    break;

                case TokenKind.Word when !afterPoint:
                    if (depth == 0 && stopAtFor && reader.Is(token, "for"u8))
                        return;
                    intoVariables = false;
                    argumentClauses = Word(ref reader, found, token, ref level, read);
                    if (read && reader.Is(token, "into"u8))
                        intoVariables = true;
                    else if (!read && reader.Is(token, "into"u8) && reader.Peek().Kind == TokenKind.UserVariable)
                        intoVariables = true;
                    break;

                case TokenKind.Word:
                case TokenKind.QuotedName:
                    Name(ref reader, found, token, ref level, afterPoint);
                    break;
            }
            afterPoint = false;
        }
    }

    public static void SkipStatement(ref TokenReader reader)
    {
        while (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon))
            reader.Next();
    }

    // Returns whether the parenthesis that follows holds arguments with FROM and FOR.
    static bool Word(ref TokenReader reader, Findings found, Token token, ref byte level, bool read)
    {
        var word = reader[token];
        if ((level & CommonTableNext) != 0)
        {
            if (!word.SequenceEqual("recursive"u8))
            {
                found.CommonTable(reader.NameOf(token));
                level &= unchecked((byte)~CommonTableNext);
            }
            return false;
        }
        if (IsSuspicious(word))
        {
            found.Need(Needs.Primary | Needs.Opaque, "holds a name that some character sets would read as several words");
            return false;
        }
        if ((level & TableNext) != 0 && StartsTableName(word))
        {
            if (reader.IsSymbol(reader.Peek(), '(') && word.SequenceEqual("json_table"u8))
            {
                level &= unchecked((byte)~TableNext);
                Call(ref reader, found, token);
                return false;
            }
            Table(ref reader, found, token, ref level);
            return false;
        }

        var next = reader.Peek();
        switch (word.Length)
        {
            case 2 when word.SequenceEqual("on"u8):
                level &= unchecked((byte)~TableNext);
                return false;
            case 3 when word.SequenceEqual("for"u8):
                For(ref reader, found, level, read);
                return false;
            case 3 when word.SequenceEqual("set"u8):
            case 5 when word.SequenceEqual("where"u8) || word.SequenceEqual("group"u8) || word.SequenceEqual("order"u8) || word.SequenceEqual("limit"u8) || word.SequenceEqual("union"u8):
            case 6 when word.SequenceEqual("having"u8) || word.SequenceEqual("except"u8) || word.SequenceEqual("window"u8):
            case 9 when word.SequenceEqual("intersect"u8):
                level &= unchecked((byte)~(InFrom | TableNext));
                break;
            case 4 when word.SequenceEqual("from"u8):
                if ((level & ArgumentClauses) == 0)
                    level = InFrom | TableNext;
                return false;
            case 4 when word.SequenceEqual("join"u8):
            case 13 when word.SequenceEqual("straight_join"u8) && (level & InFrom) != 0:
                level |= InFrom | TableNext;
                return false;
            case 4 when word.SequenceEqual("with"u8):
                if (reader.Is(next, "rollup"u8) || reader.Is(next, "ties"u8) || reader.Is(next, "cube"u8) || reader.Is(next, "system"u8) || reader.Is(next, "query"u8))
                    return false;
                level = (byte)((level & ~TableNext) | InWith | CommonTableNext);
                return false;
            case 4 when word.SequenceEqual("into"u8):
                if (read)
                    found.Need(Needs.Primary, "SELECT … INTO writes a file or assigns variables");
                else
                    level |= TableNext;
                return false;
            case 5 when word.SequenceEqual("table"u8):
                // TABLE t is SELECT * FROM t
                level = InFrom | TableNext;
                return false;
            case 6 when word.SequenceEqual("select"u8):
                level = 0;
                return false;
            case 6 when word.SequenceEqual("values"u8):
                level &= unchecked((byte)~(InFrom | TableNext | InWith));
                break;
            case 4 when read && word.SequenceEqual("lock"u8):
                found.Need(Needs.Primary, "LOCK IN SHARE MODE locks rows");
                return false;
            case 4 when word.SequenceEqual("next"u8) && reader.Is(next, "value"u8):
            case 8 when word.SequenceEqual("previous"u8) && reader.Is(next, "value"u8):
                found.Need(Needs.Primary, "takes a value of a sequence");
                return false;
            case 9 when read && word.SequenceEqual("procedure"u8):
                found.Need(Needs.Primary, "calls a procedure on the result");
                return false;
            case 19 when word.SequenceEqual("sql_calc_found_rows"u8):
                found.Note(Needs.CalculatesFoundRows, "plain read that counts rows for a later FOUND_ROWS()");
                return false;
        }
        if (reader.IsSymbol(next, '('))
            return Call(ref reader, found, token);
        if (read && IsWritingWord(word))
            found.Need(Needs.Primary, $"{System.Text.Encoding.ASCII.GetString(word).ToUpperInvariant()} inside a query");
        else
            CheckCatalogue(found, token, reader);
        return false;
    }

    static bool Call(ref TokenReader reader, Findings found, Token token)
    {
        var word = reader[token];
        var rule = Functions.Rule(word);
        var adjacent = reader.Peek().Start == token.Stop;
        switch (rule)
        {
            case FunctionRule.Native:
            case FunctionRule.Construct:
                break;
            case FunctionRule.Adjacent when adjacent:
                break;
            case FunctionRule.Adjacent:
            case FunctionRule.UnlessRoutine:
                if (found.Catalogue.Routines.Count > 0 && found.Catalogue.Routines.Contains(reader.NameOf(token)))
                    goto default;
                break;
            case FunctionRule.LastInsertId:
                var argument = reader;
                argument.Next();
                if (argument.IsSymbol(argument.Peek(), ')'))
                    found.Need(Needs.LastInsertId, "asks for LAST_INSERT_ID()");
                else
                    found.Need(Needs.LastInsertId | Needs.SetsLastInsertId, "sets LAST_INSERT_ID()");
                break;
            case FunctionRule.LastOutcome:
                found.Need(Needs.LastOutcome | (reader.Is(token, "row_count"u8) ? Needs.AsksRowCount : Needs.AsksFoundRows), $"{reader.NameOf(token).ToUpperInvariant()}() tells about the statement before");
                break;
            case FunctionRule.TakesLock:
            case FunctionRule.ReleasesLock:
                found.WantsLiterals = true;
                found.Need(Needs.Primary | (rule == FunctionRule.TakesLock ? Needs.TakesAdvisoryLock : Needs.ReleasesAdvisoryLock),
                    $"{reader.NameOf(token).ToUpperInvariant()}(): the lock lives in the server and its connection");
                var lockName = reader;
                lockName.Next();
                if (lockName.Peek().Kind == TokenKind.String)
                {
                    var name = lockName.Next();
                    if (lockName.IsSymbol(lockName.Peek(), ',') || lockName.IsSymbol(lockName.Peek(), ')'))
                        found.Name(Names.StringValue(lockName[name]).ToLowerInvariant());
                }
                break;
            case FunctionRule.ReleasesAllLocks:
                found.Need(Needs.Primary | Needs.ReleasesAllAdvisoryLocks, "RELEASE_ALL_LOCKS(): the locks live in the server and its connection");
                break;
            case FunctionRule.ConnectionId:
                found.Need(Needs.ConnectionId, "CONNECTION_ID() is about this very connection");
                break;
            case FunctionRule.ServerLocal:
                found.Need(Needs.Primary, $"{reader.NameOf(token).ToUpperInvariant()}() differs from server to server");
                break;
            case FunctionRule.Impure:
                found.Need(Needs.Primary, $"{reader.NameOf(token).ToUpperInvariant()}() is not a pure function");
                break;
            default:
                Routine(found, reader.NameOf(token));
                break;
        }
        return Functions.HasArgumentClauses(word);
    }

    // One that no server knows is native in a newer version or loadable, and leaves nothing.
    static void Routine(Findings found, string name)
    {
        var leaves = found.Catalogue.Routines.Contains(name) && !found.Catalogue.QuietRoutines.Contains(name);
        found.Need(Needs.Primary | Needs.Opaque | (leaves ? Needs.LeavesUnseen : 0), $"calls {name}(), which may do anything");
    }

    static void For(ref TokenReader reader, Findings found, byte level, bool read)
    {
        var next = reader.Peek();
        if (!read || reader.Is(next, "system_time"u8) || reader.Is(next, "join"u8) || reader.Is(next, "order"u8) || reader.Is(next, "group"u8))
            return;
        if ((level & ArgumentClauses) != 0 && !reader.Is(next, "update"u8) && !reader.Is(next, "share"u8))
            return;
        if (reader.Is(next, "ordinality"u8))
            return;
        found.Need(Needs.Primary, "FOR UPDATE or FOR SHARE locks rows");
    }

    static void Name(ref TokenReader reader, Findings found, Token token, ref byte level, bool afterPoint)
    {
        if ((level & CommonTableNext) != 0)
        {
            found.CommonTable(reader.NameOf(token));
            level &= unchecked((byte)~CommonTableNext);
            return;
        }
        // FROM .t is FROM t
        if ((level & TableNext) != 0)
        {
            Table(ref reader, found, token, ref level);
            return;
        }
        if (afterPoint && token.Kind == TokenKind.Word && (reader.Is(token, "nextval"u8) || reader.Is(token, "currval"u8)))
            found.Need(Needs.Primary, "takes a value of a sequence");
        if (reader.IsSymbol(reader.Peek(), '('))
        {
            Routine(found, reader.NameOf(token));
            return;
        }
        CheckCatalogue(found, token, reader);
    }

    static void CheckCatalogue(Findings found, Token token, TokenReader reader)
    {
        if (found.Catalogue.ImpureViews.Count > 0 && found.Catalogue.ImpureViews.Contains(reader.NameOf(token)))
            found.Need(Needs.Primary | Needs.Opaque, $"{reader.NameOf(token)} is a view that is not a plain read");
    }

    static void Table(ref TokenReader reader, Findings found, Token token, ref byte level)
    {
        level &= unchecked((byte)~TableNext);
        var (schema, table) = QualifiedName(ref reader, token);
        if (schema is null && table == "dual")
            return;
        found.Table(schema, table);
        if (ServerLocal.Table(schema, table))
            found.Need(Needs.Primary, $"{table} shows the server itself, not the data");
        if (found.Catalogue.IsUnknown)
            found.Need(Needs.Primary, "the servers' views are not known yet");
        if (found.Catalogue.ImpureViews.Contains(table))
            found.Need(Needs.Primary | Needs.Opaque, $"{table} is a view that is not a plain read");
    }

    /// <summary>Reads the rest of <c>[schema.]name</c> after its first name.</summary>
    public static (string? Schema, string Table) QualifiedName(ref TokenReader reader, Token first)
    {
        string? schema = null;
        var table = reader.NameOf(first);
        while (reader.IsSymbol(reader.Peek(), '.'))
        {
            reader.Next();
            var next = reader.Peek();
            if (!next.IsName && next.Kind != TokenKind.Number)
                break;
            reader.Next();
            schema = table;
            table = reader.NameOf(next);
        }
        return (schema, table);
    }

    static void UserVariable(ref TokenReader reader, Findings found, Token token, bool into)
    {
        var name = reader.NameOf(token);
        if (into || (reader.IsAssign(reader.Peek()) && reader.Next().Kind == TokenKind.Symbol))
        {
            found.AssignedVariable(name);
            found.Need(Needs.AssignsUserVariables, $"assigns @{name}");
        }
        else
        {
            found.ReadVariable(name);
            found.Note(Needs.ReadsUserVariables, $"plain read of data and of @{name}");
        }
    }

    static void SystemVariable(ref TokenReader reader, Findings found)
    {
        var name = reader.Peek();
        if (!name.IsName)
        {
            found.Need(Needs.Primary, "reads a server variable");
            return;
        }
        reader.Next();
        var text = reader.NameOf(name);
        while (reader.TakeSymbol('.') && reader.Peek().IsName)
            text = reader.NameOf(reader.Next());
        switch (text)
        {
            case "identity" or "last_insert_id":
                found.Need(Needs.LastInsertId, $"asks for @@{text}");
                break;
            case "warning_count" or "error_count":
                found.Need(Needs.LastOutcome, $"@@{text} tells about the statement before");
                break;
            default:
                found.Need(Needs.Primary, $"reads @@{text}, which may differ from server to server");
                break;
        }
    }

    // A name may follow FROM, unless one of these words does.
    static bool StartsTableName(ReadOnlySpan<byte> word) =>
        !word.SequenceEqual("select"u8) && !word.SequenceEqual("lateral"u8) && !word.SequenceEqual("with"u8) && !word.SequenceEqual("values"u8)
        && !word.SequenceEqual("table"u8) && !word.SequenceEqual("low_priority"u8) && !word.SequenceEqual("ignore"u8) && !word.SequenceEqual("delayed"u8)
        && !word.SequenceEqual("high_priority"u8) && !word.SequenceEqual("outfile"u8) && !word.SequenceEqual("dumpfile"u8) && !word.SequenceEqual("into"u8)
        && !word.SequenceEqual("quick"u8) && !word.SequenceEqual("only"u8) && !word.SequenceEqual("from"u8) && !word.SequenceEqual("set"u8);

    // Reserved words that cannot stand in a query that only reads.
    static bool IsWritingWord(ReadOnlySpan<byte> word) =>
        word.SequenceEqual("update"u8) || word.SequenceEqual("delete"u8) || word.SequenceEqual("insert"u8) || word.SequenceEqual("replace"u8)
        || word.SequenceEqual("load"u8) || word.SequenceEqual("call"u8) || word.SequenceEqual("returning"u8) || word.SequenceEqual("alter"u8)
        || word.SequenceEqual("drop"u8) || word.SequenceEqual("create"u8) || word.SequenceEqual("outfile"u8) || word.SequenceEqual("infile"u8);

    // Bytes above ASCII are letters in most character sets, but white space in some (A0 in latin1): a word with them must not hide one of ours.
    // "1e5for" is a number and FOR.
    static bool IsSuspicious(ReadOnlySpan<byte> word)
    {
        if (SqlBytes.IsDigit(word[0]))
        {
            var digits = word.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            return digits > 0 && word[digits] == 'e' && digits + 1 < word.Length && SqlBytes.IsDigit(word[digits + 1]);
        }
        if (!word.ContainsAnyExceptInRange((byte)0, (byte)127))
            return false;
        for (var i = 0; i < word.Length;)
        {
            if (word[i] >= 128)
            {
                i++;
                continue;
            }
            var end = word[i..].IndexOfAnyExceptInRange((byte)0, (byte)127);
            end = end < 0 ? word.Length : i + end;
            var run = word[i..end];
            if (run.Length > 1 && (Functions.Rule(run) == FunctionRule.Construct || IsWritingWord(run) || run.SequenceEqual("lock"u8) || run.SequenceEqual("procedure"u8)
                || run.SequenceEqual("next"u8) || run.SequenceEqual("previous"u8) || run.SequenceEqual("sql_calc_found_rows"u8)))
                return true;
            i = end;
        }
        return false;
    }
}
