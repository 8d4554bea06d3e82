using Headwater.Core.Statements;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Sessions;

/// <summary>Why a session keeps its backend between statements. Each has an end, and the backend is let go at the last one.</summary>
[Flags]
internal enum Hold : ushort
{
    None = 0,
    Transaction = 1 << 0,
    TemporaryTable = 1 << 1,
    AdvisoryLock = 1 << 2,
    TableLock = 1 << 3,
    Handler = 1 << 4,
    Cursor = 1 << 5,
    LongData = 1 << 6,
    TextStatement = 1 << 7,
    NextTransaction = 1 << 8,
    NextStatement = 1 << 9,
    Timestamp = 1 << 10,
    Role = 1 << 11,

    /// <summary>What a CALL or a dynamic statement may have left: ends with the session or its reset, for nobody can tell when.</summary>
    Unseen = 1 << 12,
}

/// <summary>Works out from each statement that ran what the session still holds on its backend.</summary>
internal sealed class Holds
{
    readonly HashSet<string> _temporaryTables = new(StringComparer.Ordinal);
    readonly Dictionary<string, int> _locks = new(StringComparer.Ordinal); // a lock may be taken several times over
    readonly HashSet<string> _handlers = new(StringComparer.Ordinal);
    readonly HashSet<string> _textStatements = new(StringComparer.Ordinal);
    int _unnamedLocks;

    bool _serverLocked;

    public Hold Reasons { get; private set; }

    const Needs Begins = Needs.OpensTransaction | Needs.OpensReadOnlyTransaction;

    /// <summary>Statements that touch nothing of this take the short way.</summary>
    const Needs Relevant =
        Needs.CreatesTemporaryTable | Needs.DropsTable | Needs.TakesAdvisoryLock | Needs.ReleasesAdvisoryLock | Needs.ReleasesAllAdvisoryLocks
        | Needs.LocksTables | Needs.UnlocksTables | Needs.OpensHandler | Needs.ClosesHandler | Needs.PreparesText | Needs.DeallocatesText
        | Needs.NextTransaction | Needs.NextStatement;

    public void Set(Hold hold) => Reasons |= hold;
    public void Clear(Hold hold) => Reasons &= ~hold;

    const ushort ParseError = 1064, NoSuchRoutine = 1305, WrongArguments = 1318, MayNotExecute = 1370;

    /// <param name="error">The server's code when the statement failed, else 0.</param>
    public void After(StatementFacts facts, ServerStatus status, ushort error)
    {
        var failed = error != 0;
        var inTransaction = (status & (ServerStatus.InTransaction | ServerStatus.InTransactionReadOnly)) != 0;
        // One-shot settings are used up by the statement or transaction that follows them.
        if ((Reasons & Hold.NextStatement) != 0 && (facts.Needs & Needs.NextStatement) == 0) Reasons &= ~Hold.NextStatement;
        if ((Reasons & Hold.NextTransaction) != 0 && (facts.Needs & Needs.NextTransaction) == 0 && !inTransaction) Reasons &= ~Hold.NextTransaction;
        Reasons = inTransaction ? Reasons | Hold.Transaction : Reasons & ~Hold.Transaction;
        var relevant = (Reasons & Hold.TableLock) != 0 ? Relevant | Begins : Relevant;
        // One that fails midway has done what stands before; one that is refused as a whole leaves nothing.
        if ((facts.Needs & Needs.LeavesUnseen) != 0 && error is not (ParseError or NoSuchRoutine or WrongArguments or MayNotExecute)) Reasons |= Hold.Unseen;
        if (failed && (facts.Needs & Needs.Multiple) != 0 && (facts.Needs & Relevant) != 0 && error != ParseError) Reasons |= Hold.Unseen;
        if (((facts.Needs & relevant) != 0 || !facts.RenamedTables.IsEmpty) && !failed) Follow(facts);
    }

    void Follow(StatementFacts facts)
    {
        var needs = facts.Needs;
        if ((needs & Needs.CreatesTemporaryTable) != 0)
        {
            foreach (var table in facts.CreatedTemporaryTables) _temporaryTables.Add(table);
            Reasons |= Hold.TemporaryTable;
        }
        if ((needs & Needs.DropsTable) != 0 && (Reasons & Hold.TemporaryTable) != 0)
        {
            foreach (var table in facts.DroppedTables) _temporaryTables.Remove(table);
            if (_temporaryTables.Count == 0) Reasons &= ~Hold.TemporaryTable;
        }
        for (var i = 0; i + 1 < facts.RenamedTables.Length; i += 2)
            if (_temporaryTables.Remove(facts.RenamedTables[i])) _temporaryTables.Add(facts.RenamedTables[i + 1]);
        if ((needs & Needs.ReleasesAllAdvisoryLocks) != 0)
        {
            _locks.Clear();
            _unnamedLocks = 0;
        }
        if ((needs & Needs.ReleasesAdvisoryLock) != 0) foreach (var name in facts.Names)
            if (_locks.TryGetValue(name, out var times) && times > 1) _locks[name] = times - 1;
            else _locks.Remove(name);
        if ((needs & Needs.TakesAdvisoryLock) != 0)
        {
            foreach (var name in facts.Names) _locks[name] = _locks.GetValueOrDefault(name) + 1;
            if (facts.Names.IsEmpty) _unnamedLocks++;
        }
        Set(Hold.AdvisoryLock, _locks.Count + _unnamedLocks > 0);
        // A transaction that begins releases what LOCK TABLES has locked, and no lock on the server: https://mariadb.com/kb/en/start-transaction/ .
        // XA START does neither, and commits nothing before.
        if ((needs & Needs.UnlocksTables) != 0 || ((needs & Begins) != 0 && (needs & Needs.EndsTransaction) != 0 && !_serverLocked))
        {
            Reasons &= ~Hold.TableLock;
            _serverLocked = false;
        }
        if ((needs & Needs.LocksTables) != 0) Reasons |= Hold.TableLock;
        if ((needs & Needs.LocksServer) != 0) _serverLocked = true;
        Named(_handlers, facts, Needs.OpensHandler, Needs.ClosesHandler, Hold.Handler);
        // One whose text stands in the statement is known to the session (TextStatements); one from a variable only to the backend.
        if (!TextStatements.HasItsText(facts)) Named(_textStatements, facts, Needs.PreparesText, Needs.DeallocatesText, Hold.TextStatement);
        else
        {
            foreach (var name in facts.Names) _textStatements.Remove(name);
            Set(Hold.TextStatement, _textStatements.Count > 0);
        }
        if ((needs & Needs.NextTransaction) != 0) Reasons |= Hold.NextTransaction;
        if ((needs & Needs.NextStatement) != 0) Reasons |= Hold.NextStatement;
    }

    void Named(HashSet<string> open, StatementFacts facts, Needs opens, Needs closes, Hold hold)
    {
        if ((facts.Needs & opens) != 0) foreach (var name in facts.Names) open.Add(name);
        if ((facts.Needs & closes) != 0) foreach (var name in facts.Names) open.Remove(name);
        if ((facts.Needs & (opens | closes)) != 0) Set(hold, open.Count > 0);
    }

    public void Set(Hold hold, bool on) => Reasons = on ? Reasons | hold : Reasons & ~hold;

    public void Forget()
    {
        _temporaryTables.Clear();
        _locks.Clear();
        _handlers.Clear();
        _textStatements.Clear();
        _unnamedLocks = 0;
        _serverLocked = false;
        Reasons = Hold.None;
    }

    /// <summary>In words, for SHOW HEADWATER SESSIONS.</summary>
    public string Describe()
    {
        if (Reasons == Hold.None) return "";
        var words = new List<string>();
        if ((Reasons & Hold.Transaction) != 0) words.Add("an open transaction");
        if ((Reasons & Hold.TemporaryTable) != 0) words.Add($"temporary table {string.Join(", ", _temporaryTables.Take(3))}");
        if ((Reasons & Hold.AdvisoryLock) != 0) words.Add("a GET_LOCK");
        if ((Reasons & Hold.TableLock) != 0) words.Add("locked tables");
        if ((Reasons & Hold.Handler) != 0) words.Add("an open HANDLER");
        if ((Reasons & Hold.Cursor) != 0) words.Add("an open cursor");
        if ((Reasons & Hold.LongData) != 0) words.Add("parameter data being sent");
        if ((Reasons & Hold.TextStatement) != 0) words.Add("a text-prepared statement");
        if ((Reasons & Hold.NextTransaction) != 0) words.Add("SET TRANSACTION for the next one");
        if ((Reasons & Hold.NextStatement) != 0) words.Add("a setting for the next statement");
        if ((Reasons & Hold.Timestamp) != 0) words.Add("SET timestamp");
        if ((Reasons & Hold.Role) != 0) words.Add("SET ROLE");
        if ((Reasons & Hold.Unseen) != 0) words.Add("what a CALL or dynamic statement may have left (a lock, a temporary table, a prepared text), until the session is reset");
        return string.Join(", ", words);
    }
}
