namespace Headwater.Core.Statements;

/// <summary>Text-prepared statements, locks of tables, handlers: what stays in a connection until it is let go.</summary>
internal static class PreparedForms
{
    public static bool Read(ref TokenReader reader, Findings found, string word)
    {
        switch (word)
        {
            case "prepare":
                reader.Next();
                NameNext(ref reader, found);
                found.Need(Needs.Primary | Needs.PreparesText, "the prepared text lives in the connection");
                if (reader.Take("from"u8))
                    Text(reader, found, executed: false);
                ReadVariables(ref reader, found);
                return true;
            case "execute":
                reader.Next();
                if (reader.Take("immediate"u8))
                {
                    found.Need(Needs.Primary | Needs.Opaque, "EXECUTE IMMEDIATE may do anything");
                    if (!Text(reader, found, executed: true))
                        found.Need(Needs.LeavesUnseen, "");
                }
                else
                {
                    NameNext(ref reader, found);
                    found.Need(Needs.Primary | Needs.ExecutesText | Needs.Opaque, "executes a text that lives in the connection");
                }
                StatementForms.Variables(ref reader, found);
                return true;
            case "deallocate":
                reader.Next();
                reader.Take("prepare"u8);
                NameNext(ref reader, found);
                found.Need(Needs.Primary | Needs.DeallocatesText, "the prepared text lives in the connection");
                return true;
            case "lock":
                reader.Next();
                if (reader.Take("tables"u8) || reader.Take("table"u8))
                    Tables(ref reader, found);
                found.Need(Needs.Primary | Needs.LocksTables | Needs.EndsTransaction, "locks tables");
                return true;
            case "unlock":
                found.Need(Needs.Primary | Needs.UnlocksTables | Needs.EndsTransaction, "unlocks tables");
                return true;
            case "backup":
                reader.Next();
                Backup(ref reader, found);
                return true;
            case "flush":
                reader.Next();
                Flush(ref reader, found);
                return true;
            case "handler":
                reader.Next();
                Handler(ref reader, found);
                return true;
            default:
                return false;
        }
    }

    static void NameNext(ref TokenReader reader, Findings found)
    {
        if (reader.Peek().IsName)
            found.Name(reader.NameOf(reader.Next()));
    }

    // One literal, and nothing joined to it. Looks only: variables are looked for from here on.
    static bool Text(TokenReader reader, Findings found, bool executed)
    {
        var text = reader.Next();
        if (text.Kind is not (TokenKind.Literal or TokenKind.String) || (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon) && !reader.Is(reader.Peek(), "using"u8)))
            return false;
        found.WantsLiterals = true;
        found.InnerIsExecuted = executed;
        if (text.Kind == TokenKind.String)
            found.InnerText = Names.StringValue(reader[text]);
        return true;
    }

    static void ReadVariables(ref TokenReader reader, Findings found)
    {
        while (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon))
        {
            var token = reader.Next();
            if (token.Kind != TokenKind.UserVariable)
                continue;
            found.ReadVariable(reader.NameOf(token));
            found.Note(Needs.ReadsUserVariables, "");
        }
    }

    static void Tables(ref TokenReader reader, Findings found)
    {
        do
        {
            if (!reader.Peek().IsName)
                return;
            var (schema, name) = ExpressionScan.QualifiedName(ref reader, reader.Next());
            found.Table(schema is null ? name : schema + "." + name);
            while (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon) && !reader.IsSymbol(reader.Peek(), ','))
                reader.Next();
        }
        while (reader.TakeSymbol(','));
    }

    // BACKUP STAGE …, BACKUP LOCK t, BACKUP UNLOCK (https://mariadb.com/kb/en/backup-lock/)
    static void Backup(ref TokenReader reader, Findings found)
    {
        var ends = reader.Take("unlock"u8) || (reader.Take("stage"u8) && reader.Take("end"u8));
        found.Need(Needs.Primary | (ends ? Needs.UnlocksTables : Needs.LocksTables | Needs.LocksServer), "BACKUP locks the server");
    }

    static void Flush(ref TokenReader reader, Findings found)
    {
        found.Kind = StatementKind.Administration;
        found.Need(Needs.Primary | Needs.EndsTransaction, "FLUSH acts on the server");
        reader.Take("local"u8);
        reader.Take("no_write_to_binlog"u8);
        // FLUSH TABLES WITH READ LOCK is a lock on the server; FLUSH TABLES t WITH READ LOCK and t FOR EXPORT lock tables as LOCK TABLES does.
        var named = (reader.Take("tables"u8) || reader.Take("table"u8)) && !reader.Is(reader.Peek(), "with"u8);
        while (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon))
        {
            var token = reader.Next();
            if (reader.Is(token, "lock"u8) || reader.Is(token, "export"u8))
                found.Need(Needs.LocksTables | (named ? 0 : Needs.LocksServer), "");
        }
    }

    // HANDLER t OPEN [[AS] alias], HANDLER t READ …, HANDLER t CLOSE
    static void Handler(ref TokenReader reader, Findings found)
    {
        found.Need(Needs.Primary, "a handler lives in the connection");
        if (!reader.Peek().IsName)
            return;
        var (_, name) = ExpressionScan.QualifiedName(ref reader, reader.Next());
        if (reader.Take("open"u8))
        {
            reader.Take("as"u8);
            if (reader.Peek().IsName)
                name = reader.NameOf(reader.Next());
            found.Need(Needs.OpensHandler, "");
        }
        else if (reader.Take("close"u8))
        {
            found.Need(Needs.ClosesHandler, "");
        }
        else
        {
            ExpressionScan.Scan(ref reader, found, read: false);
        }
        found.Name(name);
    }
}
