using System.Text;

namespace Headwater.Core.Statements;

/// <summary>SHOW, EXPLAIN, DESCRIBE, ANALYZE. What shows the schema is a read of the data dictionary; what shows the server is the primary's.</summary>
internal static class ShowForms
{
    public static void Read(ref TokenReader reader, Findings found, ReadOnlySpan<byte> sql)
    {
        found.Kind = StatementKind.Show;
        if (reader.Take("headwater"u8))
        {
            var start = reader.Peek().Start;
            var stop = start;
            while (reader.Peek().Kind is not (TokenKind.End or TokenKind.Semicolon))
                stop = reader.Next().Stop;
            found.ForGateway(GatewayStatement.Show, Encoding.UTF8.GetString(reader.Text[start..stop]), "the gateway shows itself");
            return;
        }
        if (reader.Take("warnings"u8) || reader.Take("errors"u8) || (reader.Take("count"u8) && reader.TakeSymbol('(')))
        {
            found.Need(Needs.LastOutcome, "tells about the statement before");
            return;
        }
        _ = reader.Take("full"u8) || reader.Take("extended"u8);
        var what = reader.Next();
        if (what.Kind != TokenKind.Word || !ShowsSchema(ref reader, reader[what]))
        {
            found.Need(Needs.Primary, "shows the server itself, not the data");
            return;
        }
        var ahead = reader;
        for (var token = ahead.Next(); token.Kind is not (TokenKind.End or TokenKind.Semicolon); token = ahead.Next())
            if (ahead.Is(token, "select"u8)) found.Need(Needs.Primary, "a query within SHOW locks the rows that it reads (seen on MariaDB 10.11)");
        ExpressionScan.Scan(ref reader, found, read: true);
    }

    static bool ShowsSchema(ref TokenReader reader, ReadOnlySpan<byte> what)
    {
        switch (Encoding.Latin1.GetString(what))
        {
            // SHOW INDEX and SHOW TABLE STATUS tell each server's own estimates and times
            case "databases" or "schemas" or "tables" or "columns" or "fields" or "triggers" or "charset" or "collation":
                return true;
            case "character":
                return reader.Take("set"u8);
            case "procedure" or "function":
                return reader.Take("status"u8);
            case "create":
                // SHOW CREATE EVENT tells SLAVESIDE_DISABLED on a replica; SHOW CREATE USER is about accounts
                return reader.Take("table"u8) || reader.Take("view"u8) || reader.Take("database"u8) || reader.Take("schema"u8) || reader.Take("procedure"u8)
                    || reader.Take("function"u8) || reader.Take("trigger"u8) || reader.Take("sequence"u8);
            default:
                return false;
        }
    }

    public static void Explain(ref TokenReader reader, Findings found, ReadOnlySpan<byte> sql, string word, bool nested)
    {
        found.Kind = StatementKind.Show;
        if (word != "analyze" && reader.Is(reader.Peek(), "route"u8))
        {
            var ahead = reader;
            ahead.Next();
            if (StartsStatement(ref ahead))
            {
                ExpressionScan.SkipStatement(ref reader);
                found.ForGateway(GatewayStatement.ExplainRoute, AfterRoute(sql), "asks where a statement would go");
                return;
            }
        }
        if (word == "analyze")
        {
            if (reader.Take("no_write_to_binlog"u8) || reader.Take("local"u8) || reader.Is(reader.Peek(), "table"u8) || reader.Is(reader.Peek(), "tables"u8))
            {
                found.Kind = StatementKind.Administration;
                found.Need(Needs.Primary | Needs.EndsTransaction, "ANALYZE TABLE writes statistics");
                return;
            }
        }
        while (reader.Take("extended"u8) || reader.Take("partitions"u8))
        {
        }
        if (reader.Take("format"u8))
        {
            reader.TakeSymbol('=');
            reader.Next();
        }
        if (reader.Take("for"u8))
        {
            found.Need(Needs.Primary, "EXPLAIN FOR CONNECTION is about a connection of the server");
            return;
        }
        if (StartsStatement(ref reader))
        {
            if (nested)
            {
                found.Need(Needs.Primary | Needs.Opaque, "a statement inside a statement inside a statement");
                return;
            }
            StatementForms.Read(ref reader, found, sql, nested: true);
            found.Kind = StatementKind.Show;
            return;
        }
        // DESCRIBE table [column]
        ExpressionScan.Scan(ref reader, found, read: true, startInFrom: true);
    }

    static bool StartsStatement(ref TokenReader reader)
    {
        var token = reader.Peek();
        if (reader.IsSymbol(token, '('))
            return true;
        return token.Kind == TokenKind.Word && Encoding.Latin1.GetString(reader[token]) is
            "select" or "with" or "values" or "table" or "insert" or "replace" or "update" or "delete" or "set" or "show" or "explain" or "describe" or "desc" or "analyze"
            or "call" or "do" or "load" or "begin" or "start" or "commit" or "rollback" or "use" or "create" or "drop" or "alter" or "truncate" or "rename"
            or "lock" or "unlock" or "flush" or "prepare" or "execute" or "deallocate" or "handler" or "kill" or "grant" or "revoke" or "xa" or "savepoint"
            or "release" or "checksum" or "optimize" or "repair" or "check" or "help" or "get" or "signal";
    }

    // The statement as it was written: what follows the words EXPLAIN ROUTE.
    static string AfterRoute(ReadOnlySpan<byte> sql)
    {
        var text = Encoding.UTF8.GetString(sql);
        var at = 0;
        foreach (var word in (ReadOnlySpan<string>)["route"])
            at = text.IndexOf(word, at, StringComparison.OrdinalIgnoreCase) + word.Length;
        return text[at..].Trim().TrimEnd(';').TrimEnd();
    }
}
