using System.Text;

namespace Headwater.Core.Statements;

/// <summary>The kinds of statements by their first words. What is not listed here goes to the primary.</summary>
internal static class StatementForms
{
    const Needs Defines = Needs.Primary | Needs.EndsTransaction;

    /// <summary>Reads one statement, up to its semicolon or the end; the caller skips what is left.</summary>
    public static void Read(ref TokenReader reader, Findings found, ReadOnlySpan<byte> sql, bool nested = false)
    {
        var first = reader.Peek();
        if (reader.IsSymbol(first, '('))
        {
            found.Kind = StatementKind.Select;
            ExpressionScan.Scan(ref reader, found, read: true);
            return;
        }
        if (first.Kind != TokenKind.Word)
        {
            Unknown(ref reader, found);
            return;
        }
        var word = Encoding.Latin1.GetString(reader[first]);
        switch (word)
        {
            case "select":
                found.Kind = StatementKind.Select;
                if (!TakeToken(ref reader, found, sql))
                    ExpressionScan.Scan(ref reader, found, read: true);
                return;
            case "with" or "values" or "table":
                found.Kind = StatementKind.Select;
                ExpressionScan.Scan(ref reader, found, read: true);
                return;
            case "do":
                reader.Next();
                ExpressionScan.Scan(ref reader, found, read: true);
                return;
            case "insert":
                Write(ref reader, found, StatementKind.Insert, "writes rows", startInFrom: false);
                return;
            case "replace":
                Write(ref reader, found, StatementKind.Replace, "writes rows", startInFrom: false);
                return;
            case "update":
                Write(ref reader, found, StatementKind.Update, "writes rows", startInFrom: true);
                return;
            case "delete":
                Write(ref reader, found, StatementKind.Delete, "deletes rows", startInFrom: false);
                return;
            case "load":
                Load(ref reader, found);
                return;
            case "call":
                Write(ref reader, found, StatementKind.Call, "CALL may do anything", startInFrom: false, Needs.Opaque);
                return;
            case "set":
                reader.Next();
                Set(ref reader, found, sql, nested);
                return;
            case "show":
                reader.Next();
                ShowForms.Read(ref reader, found, sql);
                return;
            case "explain" or "describe" or "desc" or "analyze":
                reader.Next();
                ShowForms.Explain(ref reader, found, sql, word, nested);
                return;
            case "use":
                found.Kind = StatementKind.Set;
                found.Need(Needs.ChangesSession, "changes the session's schema");
                return;
            case "kill":
                reader.Next();
                Kill(ref reader, found);
                return;
            case "checksum":
                found.Kind = StatementKind.Administration;
                ExpressionScan.Scan(ref reader, found, read: true);
                return;
            case "help":
                found.Need(Needs.Primary, "HELP reads the server's own tables");
                return;
            case "get":
                found.Need(Needs.Primary | Needs.LastOutcome, "GET DIAGNOSTICS tells about the statement before");
                Variables(ref reader, found);
                return;
            default:
                if (TransactionForms.Read(ref reader, found, word) || DefinitionForms.Read(ref reader, found, word) || PreparedForms.Read(ref reader, found, word))
                    return;
                Unknown(ref reader, found);
                return;
        }
    }

    static void Unknown(ref TokenReader reader, Findings found)
    {
        found.Need(Needs.Primary | Needs.Opaque, "not a statement that is known");
        Variables(ref reader, found);
    }

    // Any user variable named may be an OUT parameter or be assigned.
    internal static void Variables(ref TokenReader reader, Findings found)
    {
        while (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon))
        {
            var token = reader.Next();
            if (token.Kind != TokenKind.UserVariable)
                continue;
            found.AssignedVariable(reader.NameOf(token));
            found.ReadVariable(reader.NameOf(token));
            found.Need(Needs.AssignsUserVariables | Needs.ReadsUserVariables, "may assign user variables");
        }
    }

    static void Write(ref TokenReader reader, Findings found, StatementKind kind, string reason, bool startInFrom, Needs more = Needs.None)
    {
        found.Kind = kind;
        found.Need(Needs.Primary | more, reason);
        reader.Next();
        if (kind == StatementKind.Call)
        {
            var (schema, routine) = reader.Peek().IsName ? ExpressionScan.QualifiedName(ref reader, reader.Next()) : (null, "");
            // A package's procedure is found as the package's own.
            if (!found.Catalogue.QuietRoutines.Contains(routine) || (schema is not null && found.Catalogue.Routines.Contains(schema)))
                found.Need(Needs.LeavesUnseen, "");
            Variables(ref reader, found);
            return;
        }
        if (kind is StatementKind.Insert or StatementKind.Replace)
        {
            // INTO may be left out: INSERT t VALUES …
            while (reader.Take("low_priority"u8) || reader.Take("high_priority"u8) || reader.Take("delayed"u8) || reader.Take("ignore"u8) || reader.Take("into"u8))
            {
            }
            var table = reader.Peek();
            if (table.IsName)
            {
                reader.Next();
                var (schema, name) = ExpressionScan.QualifiedName(ref reader, table);
                found.Table(schema is null ? name : schema + "." + name);
            }
        }
        ExpressionScan.Scan(ref reader, found, read: false, startInFrom);
    }

    static void Load(ref TokenReader reader, Findings found)
    {
        found.Kind = StatementKind.Load;
        found.Need(Needs.Primary, "loads rows");
        reader.Next();
        if (reader.Take("index"u8))
        {
            found.Kind = StatementKind.Administration;
            return;
        }
        while (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon))
        {
            var token = reader.Next();
            if (reader.Is(token, "local"u8))
                found.Need(Needs.ReadsClientFile, "");
            else if (reader.Is(token, "table"u8) && reader.Peek().IsName)
            {
                var (schema, name) = ExpressionScan.QualifiedName(ref reader, reader.Next());
                found.Table(schema is null ? name : schema + "." + name);
            }
            else if (token.Kind == TokenKind.UserVariable)
            {
                found.AssignedVariable(reader.NameOf(token));
                found.Need(Needs.AssignsUserVariables, "");
            }
        }
    }

    static void Set(ref TokenReader reader, Findings found, ReadOnlySpan<byte> sql, bool nested)
    {
        if (!reader.Is(reader.Peek(), "statement"u8))
        {
            SetForms.Read(ref reader, found);
            return;
        }
        reader.Next();
        if (!nested && SetForms.ReadStatementScope(ref reader, found))
        {
            found.Note(Needs.SetsForStatement, "plain read with settings of its own");
            Read(ref reader, found, sql, nested: true);
            return;
        }
        found.Need(Needs.Primary | Needs.Opaque, "a form of SET STATEMENT that is not known");
    }

    // SELECT headwater_token() [[AS] alias] and nothing else.
    static bool TakeToken(ref TokenReader reader, Findings found, ReadOnlySpan<byte> sql)
    {
        var ahead = reader;
        ahead.Next();
        if (!ahead.Take("headwater_token"u8) || !ahead.TakeSymbol('(') || !ahead.TakeSymbol(')'))
            return false;
        ahead.Take("as"u8);
        var column = "headwater_token()";
        if (ahead.Peek().Kind is TokenKind.Word or TokenKind.QuotedName or TokenKind.String or TokenKind.Literal)
        {
            var alias = ahead.Next();
            column = OriginalName(ahead, alias, sql);
        }
        if (ahead.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon))
            return false;
        reader = ahead;
        found.ForGateway(GatewayStatement.Token, column, "asks for the session's token, which the gateway keeps");
        return true;
    }

    // The normal form has words in lower case: an alias is shown as it was written.
    static string OriginalName(TokenReader reader, Token alias, ReadOnlySpan<byte> sql)
    {
        if (alias.Kind != TokenKind.Word)
            return Names.StringValue(reader[alias]);
        var text = Encoding.UTF8.GetString(reader[alias]);
        var at = Encoding.UTF8.GetString(sql).LastIndexOf(text, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? text : Encoding.UTF8.GetString(sql).Substring(at, text.Length);
    }

    // KILL [HARD | SOFT] [CONNECTION | QUERY [ID]] n (https://mariadb.com/kb/en/kill/)
    static void Kill(ref TokenReader reader, Findings found)
    {
        found.Kind = StatementKind.Administration;
        _ = reader.Take("hard"u8) || reader.Take("soft"u8);
        var what = "connection";
        if (reader.Take("query"u8))
            what = reader.Take("id"u8) ? "query id" : "query";
        else
            reader.Take("connection"u8);
        if (reader.Take("user"u8))
        {
            found.Need(Needs.Primary, "KILL USER is the server's own");
            return;
        }
        var start = reader.Peek().Start;
        var stop = start;
        while (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon))
            stop = reader.Next().Stop;
        found.ForGateway(GatewayStatement.Kill, $"{what} {Names.Ascii(reader.Text[start..stop])}", "names a session of the gateway, not of a server");
    }
}
