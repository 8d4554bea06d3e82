using System.Buffers.Binary;
using System.Text;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Sessions;

/// <summary>
/// What the server's session trackers tell about one session. The gateway has every backend track all session variables
/// (session_track_system_variables='*'), learns from it what the session now stands at and where its commit is in the log,
/// and passes on to the client only what the client's own subscription would have shown it.
/// Source: https://mariadb.com/kb/en/ok_packet/#session-state-info .
/// </summary>
internal sealed class SessionTracking(SettingsInterner interner, bool clientTracks)
{
    const string DefaultSubscription = "autocommit,character_set_client,character_set_connection,character_set_results,time_zone";

    string _subscription = DefaultSubscription;
    bool _schemaSubscribed = true;

    public SessionSettings Settings { get; set; } = interner.Intern(new SessionSettings(null, []));
    public SqlSyntax Syntax { get; private set; }
    public bool AutoCommit { get; private set; } = true;
    public bool Serializable { get; private set; }

    /// <summary>Variables were reported that belong to the statement alone (SET STATEMENT … FOR); the server reports their restoration later.</summary>
    public bool IgnoredVariables { get; private set; }

    StatementFacts? _statement;
    string? _collation; // as the present statement reported it

    /// <summary>The GTID of the commit that the last response told of.</summary>
    public Gtid? Commit { get; private set; }
    public bool ChangedSubscription { get; private set; }
    public bool ChangedConnectionCharset { get; private set; }
    public bool SetTimestamp { get; private set; }

    public void BeforeStatement(StatementFacts statement)
    {
        _statement = statement;
        IgnoredVariables = false;
        ChangedSubscription = false;
        Commit = null;
        ChangedConnectionCharset = false;
        SetTimestamp = false;
        _collation = null;
    }

    /// <summary>The session is as after a login into <paramref name="schema"/>.</summary>
    public void Reset(string? schema)
    {
        Settings = interner.Intern(new SessionSettings(schema, []));
        _subscription = DefaultSubscription;
        _schemaSubscribed = true;
        AutoCommit = true;
        Serializable = false;
        Syntax = SqlSyntax.Standard;
    }

    /// <summary>The character set a client asked for in its greeting decides how its text is read.</summary>
    public void SetLoginCharset(bool unsafeCharset) => Syntax = unsafeCharset ? Syntax | SqlSyntax.UnsafeCharset : Syntax & ~SqlSyntax.UnsafeCharset;

    /// <summary>
    /// Takes in the session state of an OK payload and rewrites the payload in place to what the client shall see.
    /// Returns the new length; what cannot be read is dropped.
    /// </summary>
    public int ApplyAndFilter(Span<byte> payload, int statusAt)
    {
        var at = statusAt + 4;
        if (at >= payload.Length) return payload.Length;
        var infoAt = at;
        if (!Exchange.TryLengthEncoded(payload, ref at, out var infoLength) || infoLength > (ulong)(payload.Length - at)) return payload.Length;
        at += (int)infoLength;
        var infoEnd = at;
        if (!Exchange.TryLengthEncoded(payload, ref at, out var stateLength) || stateLength > (ulong)(payload.Length - at)) return payload.Length;
        var state = payload.Slice(at, (int)stateLength);
        Apply(state);
        var kept = clientTracks ? Filter(state) : 0;
        if (kept == state.Length) return payload.Length;
        if (kept > 0)
        {
            // The kept entries are shorter: length, then entries, moved down behind the info text.
            var target = infoEnd + WriteLengthEncoded(payload[infoEnd..], kept);
            state[..kept].CopyTo(payload[target..]);
            return target + kept;
        }
        var status = BinaryPrimitives.ReadUInt16LittleEndian(payload[statusAt..]);
        BinaryPrimitives.WriteUInt16LittleEndian(payload[statusAt..], (ushort)(status & ~(ushort)ServerStatus.SessionStateChanged));
        return infoLength == 0 ? infoAt : infoEnd;
    }

    /// <summary>Takes in session state that no client sees (the gateway's own statements).</summary>
    public void Apply(ReadOnlySpan<byte> state)
    {
        var reader = new SessionStateReader(state);
        while (reader.TryNext(out var kind, out var name, out var value))
        {
            if (kind == SessionStateKind.SystemVariable) ApplyVariable(name, value);
            else if (kind == SessionStateKind.Schema) Settings = interner.Intern(Settings.WithSchema(value.IsEmpty ? null : Encoding.UTF8.GetString(value))); // "" when the present schema was dropped
        }
    }

    void ApplyVariable(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("last_gtid"u8))
        {
            if (Gtid.TryParse(value, out var gtid)) Commit = gtid;
            return;
        }
        if (_statement is { } running && (running.Needs & Needs.SetsForStatement) != 0)
        {
            IgnoredVariables = true;
            return;
        }
        var variable = Encoding.UTF8.GetString(name);
        var text = Encoding.UTF8.GetString(value);
        switch (variable)
        {
            case "session_track_system_variables":
                _subscription = text;
                ChangedSubscription = true;
                return;
            case "session_track_schema":
                _schemaSubscribed = text is "ON" or "1";
                ChangedSubscription = true;
                return;
            // Used up by the next statement, which the session's backend is held for; laid elsewhere they would act twice.
            case "insert_id" or "last_insert_id" or "identity" or "gtid_seq_no" or "rand_seed1" or "rand_seed2":
                return;
            case "timestamp":
                SetTimestamp = true;
                return;
            case "character_set_connection":
                ChangedConnectionCharset = true;
                break;
            case "collation_connection":
                _collation = text;
                break;
            case "character_set_client":
                SetLoginCharset(text is "gbk" or "sjis" or "big5" or "cp932" or "gb18030" or "gb2312" or "euckr" or "eucjpms" or "ujis");
                break;
            case "autocommit":
                AutoCommit = text is "ON" or "1";
                break;
            case "tx_isolation" or "transaction_isolation":
                Serializable = text.Equals("SERIALIZABLE", StringComparison.OrdinalIgnoreCase);
                break;
            case "sql_mode":
                Syntax = Syntax & SqlSyntax.UnsafeCharset
                    | (text.Contains("ANSI_QUOTES", StringComparison.Ordinal) ? SqlSyntax.AnsiQuotes : 0)
                    | (text.Contains("NO_BACKSLASH_ESCAPES", StringComparison.Ordinal) ? SqlSyntax.NoBackslashEscapes : 0)
                    | (text.Contains("ORACLE", StringComparison.Ordinal) || text.Contains("MSSQL", StringComparison.Ordinal) ? SqlSyntax.Foreign : 0);
                break;
        }
        var settings = Settings.With(variable, text);
        // The trackers report in no order of their own: a collation reported beside its character set stands.
        if (variable == "character_set_connection" && _collation is { } collation) settings = settings.With("collation_connection", collation);
        Settings = interner.Intern(settings);
    }

    /// <summary>Moves the entries that the client subscribed to to the front; returns their length.</summary>
    int Filter(Span<byte> state)
    {
        var kept = 0;
        var at = 0;
        while (at < state.Length)
        {
            var from = at;
            var kind = (SessionStateKind)state[at++];
            if (!Exchange.TryLengthEncoded(state, ref at, out var length) || length > (ulong)(state.Length - at)) break;
            var entry = state.Slice(at, (int)length);
            at += (int)length;
            if (!Shows(kind, entry)) continue;
            state[from..at].CopyTo(state[kept..]);
            kept += at - from;
        }
        return kept;
    }

    bool Shows(SessionStateKind kind, ReadOnlySpan<byte> entry)
    {
        if (kind == SessionStateKind.Schema) return _schemaSubscribed;
        if (kind != SessionStateKind.SystemVariable || _subscription.Length == 0) return false;
        var at = 0;
        if (!Exchange.TryLengthEncoded(entry, ref at, out var length) || length > (ulong)(entry.Length - at)) return false;
        var name = entry.Slice(at, (int)length);
        // The subscription itself is ours on the backend; a client sees it only when it has set it just now.
        if (_subscription == "*") return true;
        if (name.SequenceEqual("last_gtid"u8) && _subscription.Length == DefaultSubscription.Length) return false;
        foreach (var range in _subscription.AsSpan().Split(','))
        {
            var wanted = _subscription.AsSpan()[range].Trim();
            if (wanted.Length == name.Length && Ascii.EqualsIgnoreCase(name, wanted)) return true;
        }
        return false;
    }

    static int WriteLengthEncoded(Span<byte> into, int value)
    {
        if (value < 0xFB)
        {
            into[0] = (byte)value;
            return 1;
        }
        into[0] = 0xFC;
        BinaryPrimitives.WriteUInt16LittleEndian(into[1..], (ushort)value);
        return 3;
    }
}
