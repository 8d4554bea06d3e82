namespace Headwater.Core.Statements;

/// <summary>DDL and administration: the primary, and the open transaction is committed (https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/).</summary>
internal static class DefinitionForms
{
    const Needs Defines = Needs.Primary | Needs.EndsTransaction;

    public static bool Read(ref TokenReader reader, Findings found, string word)
    {
        switch (word)
        {
            case "create":
                reader.Next();
                Create(ref reader, found);
                return true;
            case "drop":
                reader.Next();
                Drop(ref reader, found);
                return true;
            case "alter":
                reader.Next();
                Alter(ref reader, found);
                return true;
            case "rename":
                reader.Next();
                Rename(ref reader, found);
                return true;
            case "truncate":
                reader.Next();
                reader.Take("table"u8);
                Definition(found, "empties a table");
                if (reader.Peek().IsName)
                    found.Table(TableName(ref reader));
                return true;
            case "grant" or "revoke" or "install" or "uninstall":
                Definition(found, $"{word.ToUpperInvariant()} changes the server");
                return true;
            case "optimize" or "repair" or "check" or "cache" or "reset" or "change" or "stop" or "purge" or "shutdown" or "binlog" or "restart":
                found.Kind = StatementKind.Administration;
                found.Need(Defines, $"{word.ToUpperInvariant()} acts on the server");
                return true;
            default:
                return false;
        }
    }

    static void Definition(Findings found, string reason)
    {
        found.Kind = StatementKind.Definition;
        found.Need(Defines, reason);
    }

    static string TableName(ref TokenReader reader)
    {
        var (schema, name) = ExpressionScan.QualifiedName(ref reader, reader.Next());
        return schema is null ? name : schema + "." + name;
    }

    static void Create(ref TokenReader reader, Findings found)
    {
        found.Kind = StatementKind.Definition;
        if (reader.Take("or"u8))
            reader.Take("replace"u8);
        if (reader.Take("temporary"u8))
        {
            found.Need(Needs.Primary | Needs.CreatesTemporaryTable, "a temporary table lives in the connection");
            _ = reader.Take("table"u8) || reader.Take("sequence"u8);
            if (reader.Take("if"u8) && reader.Take("not"u8))
                reader.Take("exists"u8);
            if (reader.Peek().IsName)
                found.CreatedTemporary(TableName(ref reader));
            return;
        }
        Definition(found, "defines an object");
        while (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon))
        {
            var token = reader.Next();
            if (reader.Is(token, "procedure"u8) || reader.Is(token, "function"u8) || reader.Is(token, "trigger"u8) || reader.Is(token, "event"u8) || reader.Is(token, "package"u8))
            {
                // The body may hold semicolons: everything to the end is taken as the body, and what may follow it is not known.
                SkipBody(ref reader, found);
                return;
            }
            if (reader.Is(token, "table"u8) || reader.Is(token, "sequence"u8) || reader.Is(token, "view"u8))
            {
                if (reader.Take("if"u8) && reader.Take("not"u8))
                    reader.Take("exists"u8);
                if (reader.Peek().IsName)
                    found.Table(TableName(ref reader));
                return;
            }
        }
    }

    static void SkipBody(ref TokenReader reader, Findings found)
    {
        while (reader.Peek().Kind != TokenKind.End)
        {
            if (reader.Next().Kind == TokenKind.Semicolon && reader.Peek().Kind != TokenKind.End)
                found.Need(Needs.Opaque, "");
        }
    }

    static void Drop(ref TokenReader reader, Findings found)
    {
        if (reader.Take("prepare"u8))
        {
            if (reader.Peek().IsName)
                found.Name(reader.NameOf(reader.Next()));
            found.Need(Needs.Primary | Needs.DeallocatesText, "the prepared text lives in the connection");
            return;
        }
        var temporary = reader.Take("temporary"u8);
        if (reader.Take("table"u8) || reader.Take("tables"u8) || reader.Take("sequence"u8))
        {
            found.Kind = StatementKind.Definition;
            found.Need(temporary ? Needs.Primary | Needs.DropsTable : Defines | Needs.DropsTable, temporary ? "drops a temporary table" : "drops a table");
            if (reader.Take("if"u8))
                reader.Take("exists"u8);
            do
            {
                if (!reader.Peek().IsName)
                    return;
                var name = TableName(ref reader);
                found.Dropped(name);
                found.Table(name);
            }
            while (reader.TakeSymbol(','));
            return;
        }
        Definition(found, "drops an object");
        // DROP DATABASE takes the temporary tables of that schema along
        if (reader.Is(reader.Peek(), "database"u8) || reader.Is(reader.Peek(), "schema"u8))
            found.Need(Needs.DropsTable, "");
    }

    static void Alter(ref TokenReader reader, Findings found)
    {
        Definition(found, "alters an object");
        if (reader.Take("event"u8) || reader.Take("procedure"u8) || reader.Take("function"u8))
        {
            SkipBody(ref reader, found);
            return;
        }
        while (reader.Take("online"u8) || reader.Take("ignore"u8))
        {
        }
        if (!reader.Take("table"u8))
            return;
        if (reader.Take("if"u8))
            reader.Take("exists"u8);
        if (!reader.Peek().IsName)
            return;
        var table = TableName(ref reader);
        found.Table(table);
        var depth = 0;
        while (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon))
        {
            var token = reader.Next();
            depth += reader.IsSymbol(token, '(') ? 1 : reader.IsSymbol(token, ')') ? -1 : 0;
            if (depth != 0 || !reader.Is(token, "rename"u8))
                continue;
            if (reader.Is(reader.Peek(), "column"u8) || reader.Is(reader.Peek(), "index"u8) || reader.Is(reader.Peek(), "key"u8))
                continue;
            _ = reader.Take("to"u8) || reader.Take("as"u8) || reader.TakeSymbol('=');
            if (reader.Peek().IsName)
                found.Renamed(table, TableName(ref reader));
        }
    }

    // RENAME TABLE a TO b [, c TO d]… | RENAME USER …
    static void Rename(ref TokenReader reader, Findings found)
    {
        Definition(found, "renames objects");
        if (!reader.Take("table"u8) && !reader.Take("tables"u8))
            return;
        do
        {
            if (reader.Take("if"u8))
                reader.Take("exists"u8);
            if (!reader.Peek().IsName)
                return;
            var from = TableName(ref reader);
            found.Table(from);
            while (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon) && !reader.Is(reader.Peek(), "to"u8))
                reader.Next();
            reader.Take("to"u8);
            if (!reader.Peek().IsName)
                return;
            found.Renamed(from, TableName(ref reader));
        }
        while (reader.TakeSymbol(','));
    }
}
