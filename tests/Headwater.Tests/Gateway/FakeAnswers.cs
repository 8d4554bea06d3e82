using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Headwater.Wire.MySql;

namespace Headwater.Tests.Gateway;

/// <summary>A statement prepared on the fake server.</summary>
sealed class FakeStatement(string sql, int parameters)
{
    public string Sql => sql;
    public int Parameters => parameters;
    public int CursorRows { get; set; }
}

/// <summary>What one connection of the fake server remembers, as far as it shows in answers.</summary>
sealed class FakeState
{
    public Capabilities Capabilities { get; set; }
    public string? Schema { get; set; }
    public bool InTransaction { get; set; }
    public bool AutoCommit { get; set; } = true;
    public long LastInsertId { get; set; }
    public uint LastStatementId { get; set; }
    public bool TracksAll { get; set; }
    public Dictionary<uint, FakeStatement> Statements { get; } = [];

    public ServerStatus Status => (InTransaction ? ServerStatus.InTransaction : 0) | (AutoCommit ? ServerStatus.Autocommit : 0);
}

/// <summary>An answer as bytes. <see cref="WantsFile"/>: the bytes ask for the client's file; <see cref="FakeAnswers.AfterFile"/> follows it.</summary>
readonly record struct FakeAnswer(byte[] Bytes, bool WantsFile = false);

/// <summary>
/// The language of the fake server: what it answers to a command, decided by the statement's text alone, so that a client knows what
/// must come back. A select answers with its first quoted text (the token) in every row: an answer that went to the wrong session shows.
/// </summary>
static class FakeAnswers
{
    static long s_sequence = 1;

    public static long Committed => Interlocked.Read(ref s_sequence);

    public static FakeAnswer To(FakeState state, ReadOnlySpan<byte> payload)
    {
        var writer = new PacketWriter();
        if (payload.IsEmpty) return Error(writer, 1047, "Unknown command");
        switch ((Command)payload[0])
        {
            case Command.Query:
                return Query(state, writer, Encoding.UTF8.GetString(payload[1..]));
            case Command.InitDb:
                state.Schema = Encoding.UTF8.GetString(payload[1..]);
                if (state.Schema.StartsWith("no", StringComparison.Ordinal)) return Error(writer, 1049, "Unknown database");
                return Ok(state, writer, state: SchemaChange(state.Schema));
            case Command.ResetConnection:
                state.InTransaction = false;
                state.AutoCommit = true;
                state.TracksAll = false;
                state.Statements.Clear();
                return Ok(state, writer);
            case Command.Ping:
                return Ok(state, writer);
            case Command.SetOption:
                EofPacket.Write(writer, 1, state.Status);
                return new(writer.Written.ToArray());
            case Command.FieldList:
                {
                    byte sequence = 1;
                    for (var i = 0; i < 3; i++) Definition(writer, ref sequence, state);
                    EndOfRows(state, writer, ref sequence, state.Status);
                    return new(writer.Written.ToArray());
                }
            case Command.StmtPrepare:
                return Prepare(state, writer, Encoding.UTF8.GetString(payload[1..]));
            case Command.StmtExecute or Command.StmtBulkExecute:
                return Execute(state, writer, payload);
            case Command.StmtFetch:
                return Fetch(state, writer, payload);
            case Command.StmtReset:
                return payload.Length >= 5 && state.Statements.ContainsKey(IdOf(payload)) ? Ok(state, writer) : Error(writer, 1243, "Unknown prepared statement handler");
            case Command.StmtClose:
                if (payload.Length >= 5) state.Statements.Remove(IdOf(payload));
                return new([]);
            case Command.StmtSendLongData:
                return new([]);
            default:
                return Error(writer, 1047, "Unknown command");
        }
    }

    public static byte[] AfterFile(FakeState state, byte sequence)
    {
        var writer = new PacketWriter();
        OkPacket.Write(writer, sequence, state.Capabilities, state.Status, affectedRows: 3, info: "Records: 3"u8);
        return writer.Written.ToArray();
    }

    static FakeAnswer Query(FakeState state, PacketWriter writer, string sql)
    {
        byte sequence = 1;
        var word = FirstWord(sql);
        switch (word)
        {
            case "select" when sql.Contains("USER_VARIABLES", StringComparison.Ordinal):
                TextResultSet.Write(writer, ref sequence, state.Capabilities, ["VARIABLE_NAME", "V", "T", "C"], [["v", "41", "VARCHAR", "utf8mb4"]], state.Status);
                return new(writer.Written.ToArray());
            case "select" when sql.Contains("LAST_INSERT_ID", StringComparison.OrdinalIgnoreCase):
                TextResultSet.Write(writer, ref sequence, state.Capabilities, ["LAST_INSERT_ID()"], [[state.LastInsertId.ToString(CultureInfo.InvariantCulture)]], state.Status);
                return new(writer.Written.ToArray());
            case "select" when sql.Contains("missing", StringComparison.Ordinal):
                return Error(writer, 1146, "Table 'missing' does not exist");
            case "select" when sql.Contains("midway", StringComparison.Ordinal):
                // An error after rows have gone out.
                Definitions(writer, ref sequence, state, 1);
                writer.Begin(sequence++);
                writer.LengthEncodedText("row");
                writer.End();
                ErrPacket.Write(writer, sequence, 1317, "70100", "Query execution was interrupted");
                return new(writer.Written.ToArray());
            case "select" or "show" or "with":
                Rows(state, writer, ref sequence, sql, state.Status);
                return new(writer.Written.ToArray());
            case "call":
                Rows(state, writer, ref sequence, sql, state.Status | ServerStatus.MoreResults);
                Rows(state, writer, ref sequence, sql, state.Status | ServerStatus.MoreResults);
                OkPacket.Write(writer, sequence, state.Capabilities, state.Status);
                return new(writer.Written.ToArray());
            case "begin" or "start":
                state.InTransaction = true;
                return Ok(state, writer);
            case "commit":
                state.InTransaction = false;
                return Ok(state, writer, state: state.TracksAll ? Variable("last_gtid", NextGtid()) : []);
            case "rollback":
                state.InTransaction = false;
                return Ok(state, writer);
            case "use":
                state.Schema = sql[4..].Trim();
                return Ok(state, writer, state: SchemaChange(state.Schema));
            case "set":
                return Set(state, writer, sql);
            case "load":
                writer.Begin(1);
                writer.UInt8(0xFB);
                writer.Text("file.csv");
                writer.End();
                return new(writer.Written.ToArray(), WantsFile: true);
            case "insert" or "update" or "delete" or "replace":
                if (sql.Contains("missing", StringComparison.Ordinal)) return Error(writer, 1146, "Table 'missing' does not exist");
                if (sql.Contains("deadlock", StringComparison.Ordinal))
                {
                    state.InTransaction = false;
                    return Error(writer, 1213, "Deadlock found when trying to get lock", "40001");
                }
                if (word is "insert" or "replace") state.LastInsertId++;
                if (!state.AutoCommit) state.InTransaction = true;
                return Ok(state, writer, 1, word is "insert" or "replace" ? (ulong)state.LastInsertId : 0, state.TracksAll && !state.InTransaction ? Variable("last_gtid", NextGtid()) : []);
            default:
                return Ok(state, writer);
        }
    }

    static FakeAnswer Set(FakeState state, PacketWriter writer, string sql)
    {
        if (sql.Contains("session_track_system_variables", StringComparison.Ordinal))
        {
            state.TracksAll = true;
            return Ok(state, writer, state: Variable("session_track_system_variables", "*"));
        }
        var equals = sql.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || sql.Contains("last_insert_id", StringComparison.Ordinal) || sql.Contains(":=", StringComparison.Ordinal)) return Ok(state, writer);
        var name = sql[4..equals].Trim().Replace("@@session.", "", StringComparison.Ordinal);
        var value = sql[(equals + 1)..].Trim().Trim('\'');
        if (name == "autocommit") state.AutoCommit = value is "1" or "ON";
        return Ok(state, writer, state: state.TracksAll ? Variable(name, name == "autocommit" ? state.AutoCommit ? "ON" : "OFF" : value) : []);
    }

    static FakeAnswer Prepare(FakeState state, PacketWriter writer, string sql)
    {
        if (sql.Contains("missing", StringComparison.Ordinal)) return Error(writer, 1146, "Table 'missing' does not exist");
        var parameters = sql.Count(c => c == '?');
        var columns = FirstWord(sql) == "select" ? 2 : 0;
        var id = ++state.LastStatementId + 1000;
        state.Statements[id] = new FakeStatement(sql, parameters);
        new PrepareOk(id, (ushort)columns, (ushort)parameters, 0).Write(writer, 1);
        byte sequence = 2;
        foreach (var count in (int[])[parameters, columns])
        {
            for (var i = 0; i < count; i++) Definition(writer, ref sequence, state);
            if (count > 0 && (state.Capabilities & Capabilities.DeprecateEof) == 0) EofPacket.Write(writer, sequence++, state.Status);
        }
        return new(writer.Written.ToArray());
    }

    static FakeAnswer Execute(FakeState state, PacketWriter writer, ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 10 || !state.Statements.TryGetValue(IdOf(payload), out var statement)) return Error(writer, 1243, "Unknown prepared statement handler");
        if (FirstWord(statement.Sql) != "select") return Query(state, writer, statement.Sql);
        var rows = Number(statement.Sql, "rows", 1);
        byte sequence = 1;
        if (payload[5] == 1)
        {
            statement.CursorRows = rows;
            Definitions(writer, ref sequence, state, 2, ServerStatus.CursorExists);
            if ((state.Capabilities & Capabilities.DeprecateEof) != 0) OkPacket.Write(writer, sequence, state.Capabilities, state.Status | ServerStatus.CursorExists, endOfRows: true);
            return new(writer.Written.ToArray());
        }
        Definitions(writer, ref sequence, state, 2);
        for (var i = 0; i < rows; i++) BinaryRow(writer, ref sequence, statement.Sql, i);
        EndOfRows(state, writer, ref sequence, state.Status);
        return new(writer.Written.ToArray());
    }

    static FakeAnswer Fetch(FakeState state, PacketWriter writer, ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 9 || !state.Statements.TryGetValue(IdOf(payload), out var statement)) return Error(writer, 1243, "Unknown prepared statement handler");
        byte sequence = 1;
        var wanted = (int)Math.Min(1000, BinaryPrimitives.ReadUInt32LittleEndian(payload[5..]));
        for (; wanted > 0 && statement.CursorRows > 0; wanted--, statement.CursorRows--) BinaryRow(writer, ref sequence, statement.Sql, wanted);
        EndOfRows(state, writer, ref sequence, state.Status | (statement.CursorRows > 0 ? ServerStatus.CursorExists : ServerStatus.LastRowSent));
        return new(writer.Written.ToArray());
    }

    static void Rows(FakeState state, PacketWriter writer, ref byte sequence, string sql, ServerStatus status)
    {
        var rows = Number(sql, "rows", 1);
        var width = Number(sql, "width", 3);
        var token = Token(sql);
        Definitions(writer, ref sequence, state, 2);
        for (var i = 0; i < rows; i++)
        {
            writer.Begin(sequence++);
            writer.LengthEncodedText(token);
            writer.LengthEncodedText(new string((char)('a' + i % 26), width));
            writer.End();
            sequence = writer.NextSequence;
        }
        EndOfRows(state, writer, ref sequence, status);
    }

    static void BinaryRow(PacketWriter writer, ref byte sequence, string sql, int row)
    {
        writer.Begin(sequence++);
        writer.UInt8(0);
        writer.UInt8(0);
        writer.LengthEncodedText(Token(sql));
        writer.LengthEncodedText(row.ToString(CultureInfo.InvariantCulture));
        writer.End();
    }

    static void Definitions(PacketWriter writer, ref byte sequence, FakeState state, int columns, ServerStatus more = 0)
    {
        writer.Begin(sequence++);
        writer.LengthEncodedInteger((ulong)columns);
        writer.End();
        for (var i = 0; i < columns; i++) Definition(writer, ref sequence, state);
        if ((state.Capabilities & Capabilities.DeprecateEof) == 0) EofPacket.Write(writer, sequence++, state.Status | more);
    }

    static void Definition(PacketWriter writer, ref byte sequence, FakeState state) =>
        new ColumnDefinition { Name = "c", Table = "t", Schema = "s" }.Write(writer, sequence++, state.Capabilities);

    static void EndOfRows(FakeState state, PacketWriter writer, ref byte sequence, ServerStatus status)
    {
        if ((state.Capabilities & Capabilities.DeprecateEof) != 0) OkPacket.Write(writer, sequence++, state.Capabilities, status, endOfRows: true);
        else EofPacket.Write(writer, sequence++, status);
    }

    static FakeAnswer Ok(FakeState connection, PacketWriter writer, ulong affected = 0, ulong insertId = 0, byte[]? state = null)
    {
        OkPacket.Write(writer, 1, connection.Capabilities, connection.Status, affected, insertId, sessionState: state ?? []);
        return new(writer.Written.ToArray());
    }

    static FakeAnswer Error(PacketWriter writer, ushort code, string message, string state = "HY000")
    {
        ErrPacket.Write(writer, 1, code, state, message);
        return new(writer.Written.ToArray());
    }

    static byte[] Variable(string name, string value)
    {
        var entry = new PacketWriter();
        entry.LengthEncodedText(name);
        entry.LengthEncodedText(value);
        return Entry(0, entry);
    }

    static byte[] SchemaChange(string schema)
    {
        var entry = new PacketWriter();
        entry.LengthEncodedText(schema);
        return Entry(1, entry);
    }

    static byte[] Entry(byte kind, PacketWriter entry)
    {
        var state = new PacketWriter();
        state.UInt8(kind);
        state.LengthEncodedBytes(entry.Written);
        return state.Written.ToArray();
    }

    static string NextGtid() => $"0-1-{Interlocked.Increment(ref s_sequence)}";
    static uint IdOf(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt32LittleEndian(payload[1..]);

    public static string Token(string sql)
    {
        var from = sql.IndexOf('\'', StringComparison.Ordinal);
        var to = from < 0 ? -1 : sql.IndexOf('\'', from + 1);
        return to < 0 ? "none" : sql[(from + 1)..to];
    }

    static int Number(string sql, string name, int otherwise)
    {
        var at = sql.IndexOf(name + " = ", StringComparison.Ordinal);
        if (at < 0) return otherwise;
        var value = 0;
        for (var i = at + name.Length + 3; i < sql.Length && char.IsAsciiDigit(sql[i]) && value < 10_000_000; i++) value = value * 10 + sql[i] - '0';
        return value;
    }

    static string FirstWord(string sql)
    {
        var trimmed = sql.AsSpan().TrimStart();
        var length = 0;
        while (length < trimmed.Length && char.IsAsciiLetter(trimmed[length])) length++;
        return trimmed[..length].ToString().ToLowerInvariant();
    }
}
