namespace Headwater.Core.Statements;

/// <summary>SET in all its forms (https://mariadb.com/kb/en/set/). The word SET has been read.</summary>
internal static class SetForms
{
    const Needs Writes = Needs.Primary | Needs.EndsTransaction;

    public static void Read(ref TokenReader reader, Findings found)
    {
        found.Kind = StatementKind.Set;
        if (Forbidden(ref reader, found))
            return;
        do
            Item(ref reader, found);
        while (reader.TakeSymbol(','));
        if (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon))
        {
            found.Need(Needs.Primary | Needs.Opaque, "a form of SET that is not known");
            ExpressionScan.SkipStatement(ref reader);
        }
    }

    // SET PASSWORD, ROLE, DEFAULT ROLE are no variables.
    static bool Forbidden(ref TokenReader reader, Findings found)
    {
        var ahead = reader;
        var first = ahead.Next();
        var second = ahead.Peek();
        var assigned = ahead.IsSymbol(second, '=') || ahead.IsAssign(second) || ahead.IsSymbol(second, '.');
        if (reader.Is(first, "password"u8) || (reader.Is(first, "default"u8) && !assigned))
            found.Need(Writes, "SET PASSWORD and SET DEFAULT ROLE write accounts");
        else if (reader.Is(first, "role"u8) && !assigned)
            found.Need(Needs.Primary | Needs.ChangesSession | Needs.SetsRole, "SET ROLE changes what the connection may do, and no tracker tells");
        else
            return false;
        ExpressionScan.SkipStatement(ref reader);
        return true;
    }

    static void Item(ref TokenReader reader, Findings found)
    {
        var token = reader.Peek();
        if (token.Kind == TokenKind.UserVariable)
        {
            reader.Next();
            found.AssignedVariable(reader.NameOf(token));
            found.Need(Needs.AssignsUserVariables, $"assigns @{reader.NameOf(token)}");
            Value(ref reader, found);
            return;
        }

        var system = token.Kind == TokenKind.SystemVariable;
        if (system)
            reader.Next();
        var scope = Scope(ref reader, system);
        if (!system)
        {
            if (reader.Take("transaction"u8))
            {
                Transaction(ref reader, found, scope);
                return;
            }
            if (scope.Length == 0 && (reader.Take("names"u8) || reader.Take("charset"u8)))
            {
                CharacterSet(ref reader, found);
                return;
            }
            var ahead = reader;
            if (scope.Length == 0 && (ahead.Take("character"u8) || ahead.Take("char"u8)) && ahead.Take("set"u8))
            {
                reader = ahead;
                CharacterSet(ref reader, found);
                return;
            }
        }

        var first = reader.Peek();
        if (!first.IsName)
        {
            found.Need(Needs.Primary | Needs.Opaque, "a form of SET that is not known");
            return;
        }
        reader.Next();
        var (owner, name) = ExpressionScan.QualifiedName(ref reader, first);
        if (owner == "headwater" && scope != "global")
        {
            ForGateway(ref reader, found, name);
            return;
        }
        Variable(ref reader, found, scope, owner is null ? name : owner + "." + name);
    }

    // session | local | global before a name, with a point after @@.
    static string Scope(ref TokenReader reader, bool system)
    {
        var ahead = reader;
        string scope;
        if (ahead.Take("session"u8) || ahead.Take("local"u8))
            scope = "session";
        else if (ahead.Take("global"u8))
            scope = "global";
        else
            return "";
        if (system != ahead.TakeSymbol('.'))
            return "";
        reader = ahead;
        return scope;
    }

    static void Variable(ref TokenReader reader, Findings found, string scope, string name)
    {
        if (scope == "global")
        {
            found.Need(Needs.Primary, "SET GLOBAL changes the server");
            Value(ref reader, found);
            return;
        }
        switch (name)
        {
            case "autocommit":
                Autocommit(ref reader, found);
                return;
            case "insert_id" or "gtid_seq_no" or "rand_seed1" or "rand_seed2":
                found.Need(Needs.Primary | Needs.NextStatement | Needs.ChangesSession, $"{name} is used up by the next statement");
                break;
            case "last_insert_id" or "identity":
                found.Need(Needs.SetsLastInsertId | Needs.ChangesSession, "sets LAST_INSERT_ID()");
                break;
            case "tx_isolation" or "transaction_isolation" or "tx_read_only" or "transaction_read_only" when scope.Length == 0:
                // without a scope it holds for the next transaction only (sys_vars.cc, Sys_var_tx_isolation::session_update)
                found.Need(Needs.NextTransaction | Needs.ChangesSession, $"sets {name}, for the next transaction or the session");
                break;
            case "timestamp":
                var ahead = reader;
                ahead.Next();
                found.Need(Needs.ChangesSession | (ahead.Take("default"u8) ? Needs.StartsClock : Needs.StopsClock), "sets the session's clock");
                break;
            default:
                found.Need(Needs.ChangesSession, $"sets {name} for the session");
                break;
        }
        Value(ref reader, found);
    }

    static void Autocommit(ref TokenReader reader, Findings found)
    {
        found.WantsLiterals = true;
        var ahead = reader;
        ahead.Next();
        var value = ahead.Next();
        var last = ahead.Peek();
        var text = value.Kind == TokenKind.String ? Names.StringValue(reader[value]).ToLowerInvariant() : reader.NameOf(value);
        var off = text is "0" or "off" or "false" && (last.Kind is TokenKind.End or TokenKind.Semicolon || ahead.IsSymbol(last, ','));
        found.Need(off ? Needs.ChangesSession : Needs.ChangesSession | Needs.EndsTransaction,
            off ? "switches autocommit off for the session" : "switches autocommit on, which commits an open transaction");
        Value(ref reader, found);
    }

    static void Transaction(ref TokenReader reader, Findings found, string scope)
    {
        if (scope == "global")
            found.Need(Needs.Primary, "SET GLOBAL changes the server");
        else if (scope == "session")
            found.Need(Needs.ChangesSession, "sets the transactions' characteristics for the session");
        else
            found.Need(Needs.NextTransaction, "sets the next transaction's characteristics");
        ExpressionScan.SkipStatement(ref reader);
    }

    static void CharacterSet(ref TokenReader reader, Findings found)
    {
        found.Need(Needs.ChangesSession, "sets the connection's character set");
        ExpressionScan.Scan(ref reader, found, read: true, stopAtComma: true);
    }

    // = or :=, and an expression up to the next comma.
    static void Value(ref TokenReader reader, Findings found)
    {
        if (!reader.IsAssign(reader.Peek()) && !reader.IsSymbol(reader.Peek(), '='))
        {
            found.Need(Needs.Primary | Needs.Opaque, "a form of SET that is not known");
            return;
        }
        reader.Next();
        ExpressionScan.Scan(ref reader, found, read: true, stopAtComma: true);
    }

    static void ForGateway(ref TokenReader reader, Findings found, string name)
    {
        var assign = reader.Next();
        if (!reader.IsAssign(assign) && !reader.IsSymbol(assign, '='))
        {
            found.Need(Needs.Primary, "a form of SET that is not known");
            return;
        }
        var value = reader.Peek();
        var start = value.Start;
        var stop = start;
        var tokens = 0;
        while (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon))
        {
            stop = reader.Next().Stop;
            tokens++;
        }
        var text = tokens == 1 && value.Kind is TokenKind.String or TokenKind.QuotedName
            ? Names.StringValue(reader[value])
            : Names.Ascii(reader.Text[start..stop]);
        found.ForGateway(GatewayStatement.Set, name + "=" + text, "sets the gateway's own variable");
    }

    /// <summary>SET STATEMENT name = value, … FOR: leaves the reader before the statement; false when there is none.</summary>
    public static bool ReadStatementScope(ref TokenReader reader, Findings found)
    {
        while (true)
        {
            var first = reader.Peek();
            if (!first.IsName)
                return false;
            reader.Next();
            var (_, name) = ExpressionScan.QualifiedName(ref reader, first);
            if (!HarmlessForStatement(name))
                found.Need(Needs.Primary, $"SET STATEMENT {name} may change what the statement does");
            if (!reader.TakeSymbol('='))
                return false;
            for (var isFirst = true; isFirst || !reader.IsSymbol(reader.Peek(), ',') && !reader.Is(reader.Peek(), "for"u8); isFirst = false)
            {
                var token = reader.Next();
                if (token.Kind is TokenKind.End or TokenKind.Semicolon)
                    return false;
                if (token.Kind is TokenKind.UserVariable or TokenKind.SystemVariable || reader.IsSymbol(token, '('))
                    found.Need(Needs.Primary | Needs.Opaque, "SET STATEMENT with a value that is not a literal");
            }
            if (reader.Take("for"u8))
                return true;
            reader.Next();
        }
    }

    static bool HarmlessForStatement(string name) => name is
        "max_statement_time" or "optimizer_switch" or "join_buffer_size" or "sort_buffer_size" or "tmp_table_size" or "max_heap_table_size"
        or "read_buffer_size" or "read_rnd_buffer_size" or "join_cache_level" or "optimizer_search_depth" or "optimizer_use_condition_selectivity"
        or "group_concat_max_len" or "lock_wait_timeout" or "innodb_lock_wait_timeout" or "net_read_timeout" or "net_write_timeout"
        or "min_examined_row_limit" or "long_query_time" or "max_length_for_sort_data" or "mrr_buffer_size" or "sql_select_limit" or "max_sort_length"
        or "tmp_memory_table_size" or "max_recursive_iterations" or "query_cache_type" or "log_slow_verbosity" or "slow_query_log";
}
