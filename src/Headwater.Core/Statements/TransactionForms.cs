namespace Headwater.Core.Statements;

/// <summary>Transactions, savepoints, XA and compound statements (https://mariadb.com/kb/en/transactions/).</summary>
internal static class TransactionForms
{
    public static bool Read(ref TokenReader reader, Findings found, string word)
    {
        switch (word)
        {
            case "begin":
                reader.Next();
                reader.Take("work"u8);
                if (AtEnd(ref reader))
                    Opens(found, Needs.OpensTransaction, "opens a transaction");
                else
                    Compound(ref reader, found);
                return true;
            case "start":
                reader.Next();
                if (reader.Take("transaction"u8))
                    Start(ref reader, found);
                else
                    found.Need(Needs.Primary | Needs.EndsTransaction, "starts replication or another part of the server");
                return true;
            case "commit" or "rollback":
                reader.Next();
                End(ref reader, found, word == "rollback");
                return true;
            case "savepoint":
                found.Kind = StatementKind.Transaction;
                found.Need(Needs.Savepoint, "a savepoint belongs to the open transaction");
                return true;
            case "release":
                reader.Next();
                if (!reader.Take("savepoint"u8))
                    return false;
                found.Kind = StatementKind.Transaction;
                found.Need(Needs.Savepoint, "a savepoint belongs to the open transaction");
                return true;
            case "xa":
                reader.Next();
                Xa(ref reader, found);
                return true;
            case "if" or "case" or "loop" or "repeat" or "while" or "for" or "declare" or "open" or "fetch" or "close" or "return" or "signal" or "resignal" or "leave" or "iterate":
                Compound(ref reader, found);
                return true;
            default:
                return false;
        }
    }

    static bool AtEnd(ref TokenReader reader) => reader.Peek().Kind is TokenKind.End or TokenKind.Semicolon;

    static void Opens(Findings found, Needs opens, string reason)
    {
        found.Kind = StatementKind.Transaction;
        found.Need(opens | Needs.EndsTransaction, reason);
    }

    // Semicolons are inside: where the statement ends is not found out, and what follows may do anything.
    internal static void Compound(ref TokenReader reader, Findings found)
    {
        found.Need(Needs.Primary | Needs.Opaque, "a compound statement may do anything");
        var ahead = reader;
        if (Leavings.In(ref ahead, found.Catalogue.QuietRoutines, found.Catalogue.Routines))
            found.Need(Needs.LeavesUnseen, "");
        while (reader.Peek().Kind != TokenKind.End)
        {
            StatementForms.Variables(ref reader, found);
            reader.Next();
        }
    }

    // START TRANSACTION [characteristic [, characteristic]…]
    static void Start(ref TokenReader reader, Findings found)
    {
        var readOnly = false;
        var known = true;
        while (!AtEnd(ref reader))
        {
            if (reader.Take("read"u8))
            {
                if (reader.Take("only"u8))
                    readOnly = true;
                else
                    known &= reader.Take("write"u8);
            }
            else
            {
                known &= reader.Take("with"u8) && reader.Take("consistent"u8) && reader.Take("snapshot"u8);
            }
            if (!known)
                break;
            reader.TakeSymbol(',');
        }
        if (readOnly && known)
            Opens(found, Needs.OpensReadOnlyTransaction, "opens a transaction that only reads");
        else
            Opens(found, Needs.OpensTransaction, "opens a transaction");
    }

    // COMMIT | ROLLBACK [WORK] [AND [NO] CHAIN] [[NO] RELEASE], ROLLBACK [WORK] TO [SAVEPOINT] name
    static void End(ref TokenReader reader, Findings found, bool rollback)
    {
        found.Kind = StatementKind.Transaction;
        reader.Take("work"u8);
        if (rollback && reader.Take("to"u8))
        {
            found.Need(Needs.Savepoint, "a savepoint belongs to the open transaction");
            return;
        }
        found.Need(Needs.EndsTransaction, "ends the transaction");
        if (reader.Take("and"u8))
        {
            if (reader.Take("no"u8))
                reader.Take("chain"u8);
            else if (reader.Take("chain"u8))
                found.Need(Needs.OpensTransaction, "");
        }
        if (reader.Take("release"u8))
            found.Need(Needs.ClosesConnection, "");
    }

    static void Xa(ref TokenReader reader, Findings found)
    {
        found.Kind = StatementKind.Transaction;
        if (reader.Take("start"u8) || reader.Take("begin"u8))
            found.Need(Needs.Primary | Needs.OpensTransaction, "opens an XA transaction");
        else if (reader.Take("commit"u8) || reader.Take("rollback"u8))
            found.Need(Needs.Primary | Needs.EndsTransaction, "ends an XA transaction");
        else
            found.Need(Needs.Primary, "XA is the primary's");
    }
}
