using System.Collections.Immutable;

namespace Headwater.Core.Statements;

/// <summary>What a statement needs from where it runs. Nothing set: proven to be a plain read, any covering copy may run it.</summary>
[Flags]
public enum Needs : ulong
{
    None = 0,

    /// <summary>May write, or is not proven not to. The only place is the primary.</summary>
    Primary = 1 << 0,

    /// <summary>Opens a transaction that may write (BEGIN, START TRANSACTION, XA START).</summary>
    OpensTransaction = 1 << 1,

    /// <summary>START TRANSACTION READ ONLY: the transaction may run as a whole on a replica.</summary>
    OpensReadOnlyTransaction = 1 << 2,

    /// <summary>Ends a transaction, by COMMIT or ROLLBACK or implicitly (DDL and the like).</summary>
    EndsTransaction = 1 << 3,

    /// <summary>Changes session variables, schema or character set; the server's trackers say to what.</summary>
    ChangesSession = 1 << 4,

    /// <summary>Assigns user variables; nobody tells to what, so they are read back before the backend is let go.</summary>
    AssignsUserVariables = 1 << 5,
    ReadsUserVariables = 1 << 6,

    /// <summary>Asks for the last statement's outcome: LAST_INSERT_ID() or @@identity.</summary>
    LastInsertId = 1 << 7,

    /// <summary>FOUND_ROWS() or ROW_COUNT() or SHOW WARNINGS/ERRORS/GET DIAGNOSTICS/@@warning_count: the very backend that ran the last statement.</summary>
    LastOutcome = 1 << 8,

    /// <summary>Computes SQL_CALC_FOUND_ROWS, so that FOUND_ROWS() will need this backend.</summary>
    CalculatesFoundRows = 1 << 9,
    CreatesTemporaryTable = 1 << 10,

    /// <summary>Drops tables that may be temporary ones (see <see cref="StatementFacts.DroppedTables"/>).</summary>
    DropsTable = 1 << 11,

    /// <summary>GET_LOCK and friends: the lock lives in the backend.</summary>
    TakesAdvisoryLock = 1 << 12,
    ReleasesAdvisoryLock = 1 << 13,
    ReleasesAllAdvisoryLocks = 1 << 14,

    /// <summary>LOCK TABLES, FLUSH TABLES WITH READ LOCK, BACKUP LOCK or STAGE.</summary>
    LocksTables = 1 << 15,
    UnlocksTables = 1 << 16,
    OpensHandler = 1 << 17,
    ClosesHandler = 1 << 18,

    /// <summary>PREPARE name FROM …: the text statement lives in the backend until DEALLOCATE PREPARE.</summary>
    PreparesText = 1 << 19,
    ExecutesText = 1 << 20,
    DeallocatesText = 1 << 21,

    /// <summary>SET TRANSACTION … without SESSION or GLOBAL: holds for the next transaction only.</summary>
    NextTransaction = 1 << 22,

    /// <summary>SET insert_id, gtid_seq_no, … : consumed by the next statement on this backend.</summary>
    NextStatement = 1 << 23,

    /// <summary>Several statements in one packet.</summary>
    Multiple = 1 << 24,

    /// <summary>Asks the server about this very connection: CONNECTION_ID().</summary>
    ConnectionId = 1 << 25,

    /// <summary>LOAD DATA LOCAL: the server will ask the client for a file.</summary>
    ReadsClientFile = 1 << 26,

    /// <summary>Is for the gateway itself: see <see cref="StatementFacts.Gateway"/>.</summary>
    Gateway = 1 << 27,

    /// <summary>Contains a CALL or an unknown function, so it may do any of the above unseen.</summary>
    Opaque = 1 << 28,

    /// <summary>LAST_INSERT_ID(expr) or SET last_insert_id: sets what LAST_INSERT_ID() will answer; an OK packet carries it, a result set does not.</summary>
    SetsLastInsertId = 1 << 29,

    /// <summary>COMMIT RELEASE, ROLLBACK RELEASE: the server closes the connection afterwards.</summary>
    ClosesConnection = 1 << 30,

    /// <summary>SAVEPOINT, ROLLBACK TO, RELEASE SAVEPOINT: means something only where the transaction is open.</summary>
    Savepoint = 1u << 31,

    /// <summary>SET STATEMENT … FOR: what the trackers report of variables is undone with the statement.</summary>
    SetsForStatement = 1ul << 32,

    /// <summary>SET ROLE: no tracker tells of it, and nothing but a reset takes it off the connection again.</summary>
    SetsRole = 1ul << 33,

    /// <summary>SET timestamp to a value: NOW() stands still on this connection …</summary>
    StopsClock = 1ul << 34,

    /// <summary>… until SET timestamp=DEFAULT.</summary>
    StartsClock = 1ul << 35,

    /// <summary>A lock on the server as a whole (FLUSH TABLES WITH READ LOCK, BACKUP): BEGIN does not release it as it does LOCK TABLES.</summary>
    LocksServer = 1ul << 36,

    /// <summary>
    /// May leave a GET_LOCK, a temporary table or a prepared text in the connection without its own text showing it. No server before 11.2 tells
    /// of temporary tables, and none of a session's locks, so it is proven from the text (see <see cref="Leavings"/>) or taken to be so.
    /// </summary>
    LeavesUnseen = 1ul << 37,

    /// <summary>With <see cref="LastOutcome"/>: ROW_COUNT(), FOUND_ROWS(). Without either it asks for warnings or diagnostics.</summary>
    AsksRowCount = 1ul << 38,
    AsksFoundRows = 1ul << 39,

    /// <summary>Locks and handlers are told apart by <see cref="StatementFacts.Names"/>.</summary>
    NamesThings = TakesAdvisoryLock | ReleasesAdvisoryLock | OpensHandler | ClosesHandler,
}

/// <summary>Statements that the gateway answers itself.</summary>
public enum GatewayStatement : byte
{
    None,

    /// <summary>SHOW HEADWATER SERVERS | SESSIONS | STATS | DIGESTS | CACHE | AUDIT; the word is in <see cref="StatementFacts.GatewayArgument"/>.</summary>
    Show,

    /// <summary>EXPLAIN ROUTE statement; the statement is the argument.</summary>
    ExplainRoute,

    /// <summary>SET headwater.name = value; the argument is <c>name=value</c>, unquoted.</summary>
    Set,

    /// <summary>SELECT headwater_token(), with an optional alias (the column's name is the argument).</summary>
    Token,

    /// <summary>KILL [HARD|SOFT] [CONNECTION|QUERY] [ID] n; the argument is <c>connection n</c>, <c>query n</c>.</summary>
    Kill,
}

public enum StatementKind : byte
{
    Other,
    Select,
    Insert,
    Update,
    Delete,
    Replace,
    Load,
    Call,
    Set,
    Show,
    Transaction,
    Definition,
    Administration,
}

/// <summary>What the classifier found out about a statement. Immutable and shared by all statements of one digest.</summary>
public sealed record StatementFacts
{
    public StatementKind Kind { get; init; }
    public Needs Needs { get; init; }

    /// <summary>One sentence: what was found that decides (or "plain read: nothing in it writes, locks or depends on the session").</summary>
    public required string Reason { get; init; }

    /// <summary>Normalized text, literals as ?, lists collapsed; at most 4 KiB.</summary>
    public required string Digest { get; init; }
    public GatewayStatement Gateway { get; init; }
    public string GatewayArgument { get; init; } = "";

    /// <summary>Lower-cased names as written, without quotes: <c>t</c> or <c>db.t</c>.</summary>
    public ImmutableArray<string> Tables { get; init; } = [];
    public ImmutableArray<string> CreatedTemporaryTables { get; init; } = [];
    public ImmutableArray<string> DroppedTables { get; init; } = [];

    /// <summary>RENAME TABLE and ALTER TABLE … RENAME: old and new names in turn, in the statement's order.</summary>
    public ImmutableArray<string> RenamedTables { get; init; } = [];

    /// <summary>User variables that the statement assigns, lower-cased, without @.</summary>
    public ImmutableArray<string> AssignedUserVariables { get; init; } = [];
    public ImmutableArray<string> ReadUserVariables { get; init; } = [];

    /// <summary>Names of text-prepared statements, advisory locks or handlers that this opens or closes; empty when not literal.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>What the text does that stands in a PREPARE … FROM '…'; null when it stands in a variable.</summary>
    public StatementFacts? Prepared { get; init; }

    /// <summary>Level, tag or server asked for by a comment hint <c>/* headwater: level=strong tag=analytics */</c>; used only where trusted.</summary>
    public string? Hint { get; init; }

    /// <summary>The same, understood; null when there is none.</summary>
    public RouteHint? Asks { get; init; }

    /// <summary>False when the values in the text decide the facts (a KILL, a SET headwater, a named lock): such facts are not kept by digest.</summary>
    public bool Cacheable { get; init; } = true;

    /// <summary>These facts of an EXECUTE, joined with those of the text that it executes.</summary>
    public StatementFacts Executing(StatementFacts inner) => this with
    {
        Needs = Needs | inner.Needs,
        CreatedTemporaryTables = inner.CreatedTemporaryTables,
        DroppedTables = inner.DroppedTables,
        RenamedTables = inner.RenamedTables,
        AssignedUserVariables = [.. AssignedUserVariables, .. inner.AssignedUserVariables],
        ReadUserVariables = [.. ReadUserVariables, .. inner.ReadUserVariables],
        Names = (inner.Needs & Needs.NamesThings) != 0 ? inner.Names : Names,
        Cacheable = false,
    };

    /// <summary>What it may read; null when it is no plain read.</summary>
    internal StatementReads? Reads { get; init; }

    /// <summary>True when it was read with this knowledge of the tables.</summary>
    public bool IsReadBy(DataDictionary dictionary) => ReferenceEquals(Reads?.Dictionary, dictionary);

    /// <summary>What its result depends on in a session whose schema this is (empty: it has none).</summary>
    public Footprint FootprintIn(string schema) => Reads is null ? Footprint.Everything("is no plain read") : Reads.In(schema);

    /// <summary>True when any covering copy may run it.</summary>
    public bool IsPlainRead => (Needs & ~(Needs.ReadsUserVariables | Needs.CalculatesFoundRows | Needs.SetsForStatement)) == Needs.None;
}

/// <summary>What of the session changes how its text must be read.</summary>
[Flags]
public enum SqlSyntax : byte
{
    Standard = 0,
    AnsiQuotes = 1,
    NoBackslashEscapes = 2,

    /// <summary>character_set_client may hold ASCII bytes inside a character (big5, gbk, sjis, cp932, gb18030): text that is not all ASCII is not trusted.</summary>
    UnsafeCharset = 4,

    /// <summary>sql_mode=ORACLE and the like, where our grammar is not the server's: every statement needs the primary.</summary>
    Foreign = 8,
}
