using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Gateway.Backends;
using Headwater.Gateway.Reactor;
using Headwater.Servers;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Sessions;

/// <summary>The commands of one session that are not a plain "run this statement", and what is written to its client by the gateway itself.</summary>
internal sealed partial class Commands(ClientSession session)
{
    readonly GatewayAnswers _answers = new(session);
    GatewayThread On => session.On;
    byte[] _executeScratch = [];

    /// <summary>Deals with the command in hand, or sets it up to be run.</summary>
    public async ValueTask<Next> HandleAsync()
    {
        if (session.Request.Payload.IsEmpty)
        {
            SendError(1047, "08S01", "Unknown command");
            return Next.Done;
        }
        var command = (Command)session.Request.Payload[0];
        switch (command)
        {
            case Command.Query when session.Facts.Gateway == GatewayStatement.None:
                return TrySendConnectionId() ? Next.Done : Next.Run;
            case Command.Query:
                return await _answers.AnswerAsync();
            case Command.Ping:
                SendOk();
                return Next.Done;
            case Command.InitDb:
            case Command.FieldList:
                session.Facts = command == Command.InitDb ? CommandFacts.InitDb : CommandFacts.FieldList;
                session.Shape = command == Command.InitDb ? ResponseShape.Result : ResponseShape.FieldList;
                return Next.Run;
            case Command.ProcessInfo:
                session.Facts = CommandFacts.Opaque;
                session.Shape = ResponseShape.Result;
                return Next.Run;
            case Command.StmtPrepare:
                return Prepare();
            case Command.StmtExecute when session.Statement is { Shared.Facts.Gateway: GatewayStatement.Kill }:
                return await _answers.AnswerAsync();
            case Command.StmtExecute:
            case Command.StmtBulkExecute:
                if (!TryStatement(out var lost) || !lost.LongDataLost) return UnknownStatement("mysqld_stmt_execute");
                lost.LongDataLost = false;
                SendError(ServerErrors.ConnectionLost, "08S01", "Lost connection to the server that had the statement's parameter data: it was not executed");
                return Next.Done;
            case Command.StmtClose:
                Close();
                return Next.Done;
            case Command.StmtReset:
                return await ResetStatementAsync();
            case Command.StmtFetch:
                return await FetchAsync();
            case Command.StmtSendLongData:
                return await SendLongDataAsync();
            case Command.SetOption:
                return SetOption();
            case Command.Statistics:
                SendText(On.Server.StatisticsLine());
                return Next.Done;
            case Command.ProcessKill when session.Request.Payload.Length >= 5:
                await _answers.KillAsync(BinaryPrimitives.ReadUInt32LittleEndian(session.Request.Payload[1..]), connection: true);
                return Next.Done;
            case Command.ResetConnection:
                await ForgetEverythingAsync();
                // A reset undoes what IGNORE_SPACE at login did to sql_mode, at the servers as here.
                session.Establish(session.Identity, session.Capabilities & ~Capabilities.IgnoreSpace, session.Profile.Collation, session.Settings.Schema);
                SendOk();
                return Next.Done;
            case Command.ChangeUser:
                return await ChangeUserAsync();
            case Command.BinlogDump or Command.RegisterSlave:
                SendError(1235, "42000", "The gateway does not carry replication streams: connect the replica to a server of the cluster");
                return Next.Done;
            default:
                SendError(1047, "08S01", "Unknown command");
                return Next.Done;
        }
    }

    // ---- prepared statements

    Next Prepare()
    {
        var text = session.Request.Payload[1..];
        session.Facts = On.Facts.Get(text, session.Tracking.Syntax, On.Catalogue);
        session.Shape = ResponseShape.Prepare;
        if ((session.Facts.Needs & Needs.Gateway) != 0 && session.Facts.Gateway != GatewayStatement.Kill)
        {
            SendError(1295, "HY000", "This command is answered by the gateway and is not supported in the prepared statement protocol");
            return Next.Done;
        }
        session.Preparing = On.Statements.Get(session.Request.Bytes, session.Facts, session.Settings, session.Tracking.Syntax, On.Catalogue);
        return Next.Run;
    }

    public void AfterPrepare(Backend backend, in Outcome outcome, bool failed)
    {
        if (failed) return;
        var shared = session.Preparing!;
        session.Preparing = null; // the client's from here on
        On.Statistics.StatementsPrepared++;
        shared.Parameters = outcome.ParameterCount;
        var id = ++session.LastStatementId;
        session.Statements[id] = new ClientStatement(id, shared);
        Know(backend, shared, outcome.StatementId);
    }

    void Know(Backend backend, SharedStatement shared, uint id)
    {
        if (backend.Statements.Remove(shared, out var older)) CloseOn(backend, older.Id);
        if (backend.Statements.Count >= On.Options.MaxStatementsPerBackend)
        {
            var oldest = backend.Statements.MinBy(s => s.Value.LastUsed);
            backend.Statements.Remove(oldest.Key);
            CloseOn(backend, oldest.Value.Id);
        }
        backend.Statements[shared] = new BackendStatement(id) { LastUsed = System.Diagnostics.Stopwatch.GetTimestamp() };
    }

    static void CloseOn(Backend backend, uint id)
    {
        Span<byte> packet = stackalloc byte[9];
        Packet.WriteHeader(packet, 5, 0);
        packet[4] = (byte)Command.StmtClose;
        BinaryPrimitives.WriteUInt32LittleEndian(packet[5..], id);
        backend.Endpoint.Send(packet);
    }

    /// <summary>Prepares the statement in hand on a backend that does not know it, then sends the command.</summary>
    public async ValueTask<Preparation> PrepareAndSendAsync(Backend backend)
    {
        var statement = session.Statement!;
        if (!backend.Statements.ContainsKey(statement.Shared))
        {
            var prepared = await PrepareOnAsync(backend, statement.Shared);
            if (prepared.Id is not { } id)
            {
                if (prepared.Refusal is { } refusal) session.Client.Send(refusal);
                return prepared;
            }
            Know(backend, statement.Shared, id);
        }
        TrySendExecute(backend, backend.Statements[statement.Shared]);
        return new(0, null);
    }

    /// <summary>What came of preparing on a backend: its id there, or the server's refusal (a whole packet), or neither when the backend is lost.</summary>
    internal readonly record struct Preparation(uint? Id, byte[]? Refusal);

    /// <summary>
    /// A statement means what it meant when the client prepared it, though the session has changed its schema or sql_mode since.
    /// A backend that was taken into a schema for it and cannot be taken out again is closed after use.
    /// </summary>
    async ValueTask<Preparation> PrepareOnAsync(Backend backend, SharedStatement shared)
    {
        var present = backend.Settings;
        if (shared.Settings.ReadsLike(present)) return await PrepareAsItStandsAsync(backend, shared);
        if (await BackendSettings.LayAsync(backend, present.ReadingAs(shared.Settings), mayReset: false) is not null) return default;
        var prepared = await PrepareAsItStandsAsync(backend, shared);
        if (await BackendSettings.LayAsync(backend, present, mayReset: false) is not null) return default;
        if (present.Schema is null && shared.Settings.Schema is not null) backend.MustClose = true;
        return prepared;
    }

    async ValueTask<Preparation> PrepareAsItStandsAsync(Backend backend, SharedStatement shared)
    {
        On.Statistics.StatementsPrepared++;
        backend.Endpoint.Send(shared.Packet);
        backend.Expect(On.Options.StatementTimeout > TimeSpan.Zero ? On.Options.StatementTimeout : On.Options.OwnLongStatementTimeout);
        try
        {
            return await PreparedAsync(backend, shared);
        }
        finally
        {
            backend.Answered();
        }
    }

    async ValueTask<Preparation> PreparedAsync(Backend backend, SharedStatement shared)
    {
        var message = await backend.Input.NextAsync();
        if (!message.IsEnd && message.Payload is [ErrPacket.Header, _, _, ..]) return new(null, message.Bytes.ToArray());
        if (message.IsEnd || message.Payload.Length < PrepareOk.Length || message.Payload[0] != 0) return default;
        var prepared = PrepareOk.Parse(message.Payload);
        var eofs = (session.Capabilities & Capabilities.DeprecateEof) != 0 ? 0 : 1;
        var left = (prepared.Parameters > 0 ? prepared.Parameters + eofs : 0) + (prepared.Columns > 0 ? prepared.Columns + eofs : 0);
        for (; left > 0; left--)
            if ((await backend.Input.NextAsync()).IsEnd) return default;
        shared.Parameters = prepared.Parameters;
        return new(prepared.StatementId, null);
    }

    /// <summary>
    /// Sends COM_STMT_EXECUTE with the backend's id. A client sends parameter types only when they change; a backend that another
    /// session's types were bound on last gets them put in. Layout: https://mariadb.com/kb/en/com_stmt_execute/ .
    /// </summary>
    public bool TrySendExecute(Backend backend, BackendStatement known)
    {
        var statement = session.Statement!;
        var request = session.Request;
        var bytes = request.Writable;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[5..], known.Id);
        int parameters = statement.Shared.Parameters;
        if (parameters > 0 && (Command)bytes[4] == Command.StmtExecute && !request.IsSplit)
        {
            var flagAt = Packet.HeaderSize + 10 + (parameters + 7) / 8;
            if (bytes.Length > flagAt)
            {
                if (bytes[flagAt] == 1)
                {
                    var types = bytes.Slice(flagAt + 1, Math.Min(2 * parameters, bytes.Length - flagAt - 1));
                    if (statement.Types is null || !types.SequenceEqual(statement.Types)) statement.Types = types.ToArray();
                    known.BoundBy = statement;
                }
                else if (!ReferenceEquals(known.BoundBy, statement) && statement.Types is { } types)
                {
                    var length = bytes.Length + types.Length;
                    if (_executeScratch.Length < length) _executeScratch = new byte[Math.Max(256, length)];
                    var patched = _executeScratch.AsSpan(0, length);
                    bytes[..(flagAt + 1)].CopyTo(patched);
                    patched[flagAt] = 1;
                    types.CopyTo(patched[(flagAt + 1)..]);
                    bytes[(flagAt + 1)..].CopyTo(patched[(flagAt + 1 + types.Length)..]);
                    Packet.WriteHeader(patched, length - Packet.HeaderSize, bytes[3]);
                    known.BoundBy = statement;
                    backend.Endpoint.Send(patched);
                    if (_executeScratch.Length > 64 * 1024) _executeScratch = [];
                    return true;
                }
            }
        }
        else if (parameters > 0) known.BoundBy = null; // bulk and split executes bind types of their own
        backend.Endpoint.Send(bytes);
        return true;
    }

    Next UnknownStatement(string where)
    {
        var payload = session.Request.Payload;
        var id = payload.Length >= 5 ? BinaryPrimitives.ReadUInt32LittleEndian(payload[1..]) : 0;
        SendError(1243, "HY000", $"Unknown prepared statement handler ({id}) given to {where}");
        return Next.Done;
    }

    bool TryStatement(out ClientStatement statement)
    {
        statement = null!;
        var payload = session.Request.Payload;
        if (payload.Length < 5) return false;
        var id = BinaryPrimitives.ReadUInt32LittleEndian(payload[1..]);
        // MariaDB's "the statement prepared last".
        if (id == uint.MaxValue) id = session.LastStatementId;
        return session.Statements.TryGetValue(id, out statement!);
    }

    void Close()
    {
        if (!TryStatement(out var statement)) return;
        session.Statements.Remove(statement.Id);
        if (statement.HasCursor || statement.HasLongData) LetGo(statement);
        On.Statements.Release(statement.Shared);
    }

    /// <summary>A cursor or long data held the backend; its own copy of the statement goes with it.</summary>
    void LetGo(ClientStatement statement)
    {
        if (session.Lease.Held is { } held && held.Statements.Remove(statement.Shared, out var known)) CloseOn(held, known.Id);
        statement.HasCursor = statement.HasLongData = false;
        if (!session.Statements.Values.Any(s => s.HasCursor)) session.Holds.Clear(Hold.Cursor);
        if (!session.Statements.Values.Any(s => s.HasLongData)) session.Holds.Clear(Hold.LongData);
        if (session.Holds.Reasons == Hold.None && session.Lease.Held is { } freed) session.Lease.Release(freed);
    }

    async ValueTask<Next> ResetStatementAsync()
    {
        if (!TryStatement(out var statement)) return UnknownStatement("mysqld_stmt_reset");
        if (session.Lease.Held is { } held && held.Statements.TryGetValue(statement.Shared, out var known) && (statement.HasCursor || statement.HasLongData))
        {
            var packet = new byte[9];
            Packet.WriteHeader(packet, 5, 0);
            packet[4] = (byte)Command.StmtReset;
            BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(5), known.Id);
            await held.RunAsync(packet);
            LetGo(statement);
        }
        statement.LongDataLost = false;
        SendOk();
        return Next.Done;
    }

    async ValueTask<Next> FetchAsync()
    {
        if (!TryStatement(out var statement) || !statement.HasCursor || session.Lease.Held is not { } held || !held.Statements.TryGetValue(statement.Shared, out var known))
            return UnknownStatement("mysqld_stmt_fetch");
        BinaryPrimitives.WriteUInt32LittleEndian(session.Request.Writable[5..], known.Id);
        held.Endpoint.Send(session.Request.Bytes);
        session.Running = held;
        var outcome = await session.Exchange.Relay(held.Endpoint, ResponseShape.Rows, (session.Capabilities & Capabilities.DeprecateEof) != 0, holdErrors: false);
        session.Running = null;
        if (outcome.End != ExchangeEnd.Complete) return await session.AfterLossAsync(held, outcome, sent: true);
        if (outcome.ErrorCode != 0 || (outcome.Status & ServerStatus.LastRowSent) != 0)
        {
            statement.HasCursor = false;
            if (!session.Statements.Values.Any(s => s.HasCursor)) session.Holds.Clear(Hold.Cursor);
            if (session.Holds.Reasons == Hold.None) session.Lease.Release(held);
        }
        return Next.Done;
    }

    /// <summary>Parameter data in pieces has no answer, so it goes straight to the backend that will execute.</summary>
    async ValueTask<Next> SendLongDataAsync()
    {
        if (!TryStatement(out var statement)) return Next.Done;
        session.Statement = statement;
        session.Facts = statement.Shared.FactsOnPrimary; // it holds its backend, which has to be one that can take a write
        var backend = session.Lease.Held;
        if (backend is null)
        {
            // Only the execution has an answer, so only that can be refused.
            statement.LongDataLost = true;
            var route = session.Choose(EventLoop.Now);
            if (route.Kind != RouteKind.Server) return Next.Done;
            (backend, _) = await session.Lease.AcquireAsync(On.PoolAt(route.ServerIndex), withVariables: true);
            if (backend is null) return Next.Done;
            statement.LongDataLost = false;
        }
        session.Lease.Hold(backend);
        session.Holds.Set(Hold.LongData);
        statement.HasLongData = true;
        if (!backend.Statements.TryGetValue(statement.Shared, out var known))
        {
            if (await PrepareOnAsync(backend, statement.Shared) is not { Id: { } id })
            {
                statement.LongDataLost = true;
                return Next.Done;
            }
            Know(backend, statement.Shared, id);
            known = backend.Statements[statement.Shared];
        }
        BinaryPrimitives.WriteUInt32LittleEndian(session.Request.Writable[5..], known.Id);
        backend.Endpoint.Send(session.Request.Bytes);
        await TakenAsync(backend);
        return Next.Done;
    }

    /// <summary>The data was used by the execute that just ran.</summary>
    public void AfterExecute(ClientStatement statement)
    {
        if (!statement.HasLongData) return;
        statement.HasLongData = false;
        if (!session.Statements.Values.Any(s => s.HasLongData)) session.Holds.Clear(Hold.LongData);
    }

    // ---- the session itself

    Next SetOption()
    {
        var payload = session.Request.Payload;
        if (payload.Length < 3)
        {
            SendError(1047, "08S01", "Unknown command");
            return Next.Done;
        }
        var option = BinaryPrimitives.ReadUInt16LittleEndian(payload[1..]);
        if (option > 1)
        {
            SendError(1047, "08S01", "Unknown command");
            return Next.Done;
        }
        session.SetMultiStatements(option == 0);
        if (session.Lease.Held is not null)
        {
            session.Facts = CommandFacts.InitDb;
            session.Shape = ResponseShape.Result;
            return Next.Run;
        }
        var writer = On.Writer;
        writer.Reset();
        writer.Begin(1);
        writer.UInt8(0xFE);
        if ((session.Capabilities & Capabilities.DeprecateEof) != 0) writer.Zeros(2);
        else writer.UInt16(0);
        writer.UInt16((ushort)OwnStatus);
        if ((session.Capabilities & Capabilities.DeprecateEof) != 0) writer.UInt16(0);
        writer.End();
        session.Client.Send(writer.Written);
        return Next.Done;
    }

    /// <summary>Everything the session has on backends is undone, as a reset or a change of user does.</summary>
    async ValueTask ForgetEverythingAsync()
    {
        foreach (var statement in session.Statements.Values) On.Statements.Release(statement.Shared);
        session.Statements.Clear();
        if (session.Lease.Held is { } held)
        {
            if (await held.RunCommandAsync(Command.ResetConnection) is { Failed: false })
            {
                held.NeedsReset = true; // its tracking is off now; the next user's laying switches it on
                session.Holds.Forget();
                session.Lease.Release(held);
            }
            else session.Lease.Destroy(held);
        }
        session.Holds.Forget();
        session.TextStatements.Forget();
        session.Lease.Forget();
    }

    async ValueTask<Next> ChangeUserAsync()
    {
        var request = ChangeUserRequest.Parse(session.Request.Payload, session.Capabilities);
        await ForgetEverythingAsync();
        var login = new ClientLogin(On, session.Listener, session.ClientHost, session.Id);
        // The proof refers to the scramble of the greeting, which is gone: ask again, as the servers do.
        var (identity, next) = await login.AuthenticateAsync(session.Client, session.Input, request.User, "", [], [], 1);
        if (identity is null) return Next.Quit;
        session.Input.ExpectedSequence = 0;
        session.Establish(identity, session.Capabilities, request.Collation is > 0 and < 256 ? (byte)request.Collation : session.Profile.Collation, request.Schema);
        if (!await EnterSchemaAsync(next)) return Next.Quit;
        login.Send(session.Client, w => OkPacket.Write(w, next, session.Capabilities, session.Status, sessionState: SchemaState(request.Schema)));
        return Next.Done;
    }

    /// <summary>What the trackers say of a change of schema, as the server says it to a client that tracks.</summary>
    static ReadOnlySpan<byte> SchemaState(string? schema)
    {
        if (schema is null) return [];
        var writer = new PacketWriter(64);
        writer.LengthEncodedText(schema);
        var entry = writer.Written.ToArray();
        writer.Reset();
        writer.UInt8((byte)SessionStateKind.Schema);
        writer.LengthEncodedBytes(entry);
        return writer.Written;
    }

    /// <summary>A login into a schema is proven on a server, so that its refusal reaches the client at once. No server to ask: the login stands.</summary>
    public async ValueTask<bool> EnterSchemaAsync(byte sequence)
    {
        if (session.Settings.Schema is null) return true;
        session.Facts = CommandFacts.InitDb;
        var route = session.Choose(EventLoop.Now);
        if (route.Kind != RouteKind.Server) return true;
        var pool = On.PoolAt(route.ServerIndex);
        var (backend, failure) = await session.Lease.AcquireAsync(pool, withVariables: false);
        if (backend is not null)
        {
            session.Lease.Release(backend);
            return true;
        }
        if (failure!.TryElsewhere) return true;
        SendError(failure.Code, failure.SqlState, failure.Message, sequence);
        return false;
    }

    /// <summary>SELECT CONNECTION_ID(), perhaps named: the number that the greeting gave, which is also what KILL takes. Inside other expressions a backend answers.</summary>
    bool TrySendConnectionId()
    {
        var match = AloneOrNamed().Match(Encoding.UTF8.GetString(session.Request.Payload[1..]));
        if (!match.Success) return false;
        var name = match.Groups["alias"] is { Success: true } alias ? alias.Value : match.Groups["call"].Value;
        var column = new ColumnDefinition
        {
            Name = name,
            Collation = Collations.Binary,
            Length = 10,
            Type = ColumnType.Long,
            Flags = ColumnFlags.NotNull | ColumnFlags.Unsigned | ColumnFlags.Binary,
        };
        On.Writer.Reset();
        byte sequence = 1;
        TextResultSet.Write(On.Writer, ref sequence, session.Capabilities, [column], [[session.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]], OwnStatus);
        session.Client.Send(On.Writer.Written);
        return true;
    }

    // Only to recognize the one form that is answered here; whatever it does not match runs on a server, so nothing unsafe hangs on it.
    [GeneratedRegex(@"^\s*select\s+(?<call>connection_id\s*\(\s*\))(\s+(as\s+)?[`'""]?(?<alias>\w+)[`'""]?)?\s*;?\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AloneOrNamed();

    // ---- after a statement

    /// <summary>
    /// SET NAMES … COLLATE and SET CHARACTER SET change the collation without a word from the trackers (MariaDB 10.11: seen with
    /// session_track_system_variables='*'), so it is asked for once.
    /// </summary>
    public async ValueTask LearnCollationAsync(Backend backend)
    {
        // A plain SET NAMES takes the character set's default collation, as laying the character set does.
        var digest = session.Facts.Digest;
        if (digest.StartsWith("set names", StringComparison.Ordinal) && !digest.Contains("collat", StringComparison.Ordinal) && !digest.Contains(',', StringComparison.Ordinal)) return;
        if (await backend.RunAsync("SELECT @@session.collation_connection") is { Failed: false, Rows: [[{ } collation]] })
            session.Tracking.Settings = On.Interner.Intern(session.Settings.With("collation_connection", collation));
    }

    /// <summary>LOAD DATA LOCAL: passes the client's file on, packet by packet, to the empty one that ends it, whose sequence number is returned. Null: the client or the backend is gone.</summary>
    public async ValueTask<byte?> SendFileAsync(Backend backend)
    {
        session.Input.ExpectedSequence = null;
        try
        {
            while (true)
            {
                var message = await session.Input.NextAsync();
                if (message.IsEnd) return null;
                var sequence = message.Sequence;
                backend.Endpoint.Send(message.Bytes);
                if (message.Payload.IsEmpty) return sequence;
                if (!await TakenAsync(backend)) return null;
            }
        }
        finally
        {
            session.Input.ExpectedSequence = 0;
        }
    }

    /// <summary>Waits while a backend does not take what it is sent; false when there is no more use in it.</summary>
    async ValueTask<bool> TakenAsync(Backend backend)
    {
        while (backend.Endpoint.PendingOutput > 1 << 20)
        {
            var signal = new Signal<bool>().Within(On.Loop, TimeSpan.FromMilliseconds(5));
            await signal;
            if (backend.IsClosed || session.Client.IsHungUp || session.Killed) return false;
        }
        return true;
    }

    /// <summary>
    /// Ends what runs on a backend, through another connection of the same user, who may always kill what is his. Nobody waits for it:
    /// the backend's own answer tells.
    /// </summary>
    /// <param name="gone">Its client has gone and its connection is closed; the server would notice only when it writes to it.</param>
    public void KillQueryOn(Backend backend, bool gone = false) => _ = KillCountedAsync(backend, gone);

    async Task KillCountedAsync(Backend backend, bool gone)
    {
        backend.Killers++;
        try
        {
            await KillAsync(backend, gone);
        }
        finally
        {
            backend.Killers--;
        }
    }

    // Commits that are grouped share one wait for a replica's acknowledgement, held by the group's first session: killed meanwhile, it lets the others go, whose clients
    // are told "committed" though nobody has acknowledged (docs/decisions/0007). What is committing cannot be stopped any more anyway.
    static string KillUnlessCommitting(uint thread) => string.Create(CultureInfo.InvariantCulture,
        $"BEGIN NOT ATOMIC IF EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE id = {thread} AND NOT {ThreadStates.IsCommitting}) THEN KILL QUERY {thread}; END IF; END");

    async Task KillAsync(Backend backend, bool gone)
    {
        var (killer, _) = await BackendLogin.OpenAsync(backend.Pool, backend.Profile with { HasSchema = false }, null);
        if (killer is null) return;
        // Thread ids are given once in a server's life: what has ended meanwhile is nobody else.
        if ((gone || !backend.IsClosed) && !backend.IsIdle && ReferenceEquals(killer.Server, backend.Server)) await killer.RunAsync(KillUnlessCommitting(backend.ThreadId));
        killer.Close();
    }

    // ---- packets of the gateway's own

    /// <summary>What the last answer said of the session, without what it said of itself (a cursor, slowness, more results).</summary>
    ServerStatus OwnStatus => session.Status
        & (ServerStatus.InTransaction | ServerStatus.InTransactionReadOnly | ServerStatus.Autocommit | ServerStatus.NoBackslashEscapes | ServerStatus.AnsiQuotes);

    public void SendOk()
    {
        On.Writer.Reset();
        OkPacket.Write(On.Writer, 1, session.Capabilities, OwnStatus);
        session.Client.Send(On.Writer.Written);
    }

    public void SendError(ushort code, string sqlState, string message, byte sequence = 1)
    {
        if (session.Client.IsClosed) return;
        On.Writer.Reset();
        ErrPacket.Write(On.Writer, sequence, code, sqlState, message);
        session.Client.Send(On.Writer.Written);
    }

    void SendText(string text)
    {
        On.Writer.Reset();
        On.Writer.Begin(1);
        On.Writer.Text(text);
        On.Writer.End();
        session.Client.Send(On.Writer.Written);
    }

    public void SendRows(IReadOnlyList<string> columns, IEnumerable<string?[]> rows)
    {
        On.Writer.Reset();
        byte sequence = 1;
        TextResultSet.Write(On.Writer, ref sequence, session.Capabilities, columns, rows, OwnStatus);
        session.Client.Send(On.Writer.Written);
    }
}
