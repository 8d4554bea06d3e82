using System.Text;
using Headwater.Core.Log;
using Headwater.Core.Positions;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>
/// Events to whole transactions, from a position on. What the position covers is passed over, so a reader that begins again anywhere at or before
/// its position gets nothing twice; what a crash has cut short is dropped. One owner.
/// </summary>
/// <param name="from">What it covers is passed over.</param>
/// <param name="file">The log's file that is read.</param>
/// <param name="pieceBytes">
/// A transaction larger than this comes in pieces (<see cref="Transaction.IsLast"/>). Only for a log that is known to hold whole transactions: from a server's, half of one
/// could come and then the connection break.
/// </param>
/// <param name="history">Is given each definition before what follows it is decoded; null when nobody keeps one.</param>
public sealed class TransactionAssembler(Position from, string file = "", long pieceBytes = long.MaxValue, SchemaHistory? history = null)
{
    readonly XxHash64 _hash = new();
    readonly List<LoggedChange> _changes = [];
    readonly List<string> _settings = [];
    GtidEvent? _open;
    bool _passing;
    long _start, _bytes;
    long _given;
    int _changesGiven;
    int? _microseconds;
    RowsEvent? _last;

    /// <summary>Covers every transaction that was handed out and the position that it began from.</summary>
    public Position Position { get; private set; } = from;

    /// <summary>The log file that the next event stands in.</summary>
    public string File { get; private set; } = file;

    /// <summary>True when an event of this kind can be left undecoded: it belongs to a transaction that the position covers.</summary>
    public bool Passes(in EventHeader header) => _passing && _open is not null
        && (header.IsRows || header.Type is EventType.TableMap or EventType.AnnotateRows or EventType.UserVar or EventType.IntVar or EventType.Rand);

    /// <summary>Takes the next event; the transaction that it ends, or null.</summary>
    /// <param name="next">Offset of the first byte after the event, where the caller knows it better than the event, which knows it modulo 4 GB.</param>
    /// <exception cref="MalformedPacketException">Events in an order that no server writes.</exception>
    /// <exception cref="BinlogException">The server says that its log lacks events; or the log has another transaction where the position stands.</exception>
    public Transaction? Add(BinlogEvent one, long? next = null)
    {
        var end = next ?? one.Header.Next;
        _bytes += one.Header.Size;
        switch (one)
        {
            case GtidEvent gtid: Begin(gtid, end); return null;
            case RotateEvent rotate:
                Drop();
                File = rotate.File;
                return null;
            case FormatDescriptionEvent format:
                Drop();
                if (format.ServerStarted) history?.ServerStarted();
                return null;
            case StopEvent: Drop(); return null;
            case GtidListEvent or HeartbeatEvent or PassedEvent or StartEncryptionEvent or TableMapEvent or AnnotateEvent: return null;
        }
        if (_open is null)
        {
            if (one is IncidentEvent lost) throw new BinlogException(BinlogTrouble.Incomplete, $"The server could not log everything: {lost.Message}");
            throw new MalformedPacketException($"an event of type {(byte)one.Header.Type} stands outside of any transaction");
        }
        switch (one)
        {
            case RowsEvent rows:
                if (_passing) return null;
                Rows(rows);
                return _bytes - _given >= pieceBytes ? Take(_open, TransactionEnd.Commit, end, isLast: false) : null;
            case SettingEvent setting:
                _settings.AddRange(setting.Sql);
                return null;
            case XidEvent: return Finish(TransactionEnd.Commit, end);
            case XaPrepareEvent prepare: return Finish(prepare.OnePhase ? TransactionEnd.Commit : TransactionEnd.XaPrepare, end);
            case QueryEvent query: return Query(query, end);
            case LoadDataEvent load: return Other(load.Header.Type, "LOAD DATA that was logged as a statement", load.Body, load.Header.Type == EventType.ExecuteLoadQuery, end);
            case IncidentEvent incident: return Other(incident.Header.Type, $"an incident: {incident.Message}", default, true, end);
            default: throw new MalformedPacketException($"an event of type {(byte)one.Header.Type} cannot stand in a transaction");
        }
    }

    /// <summary>Forgets what has begun: the next event is one after a break.</summary>
    public void Drop()
    {
        _open = null;
        Clear();
    }

    void Begin(GtidEvent gtid, long end)
    {
        if (_open is not null) throw new MalformedPacketException($"transaction {gtid.Gtid} begins inside transaction {_open.Gtid}");
        if (Position.Diverged(new Position(gtid.Gtid)))
            throw new BinlogException(BinlogTrouble.Diverged, $"The log has {gtid.Gtid} where {Position} was asked for: the two have different histories.");
        Clear();
        _open = gtid;
        _passing = Position.SequenceOf(gtid.Gtid.Domain) >= gtid.Gtid.Sequence;
        _bytes = gtid.Header.Size;
        _start = end - gtid.Header.Size;
        _hash.Append((ulong)gtid.Gtid.Domain << 32 | gtid.Gtid.Server);
        _hash.Append(gtid.Gtid.Sequence);
    }

    void Clear()
    {
        _changes.Clear();
        _settings.Clear();
        _hash.Reset();
        _last = null;
        _microseconds = null;
        _given = _changesGiven = 0;
    }

    void Rows(RowsEvent rows)
    {
        var isSame = _last is not null && _last.Rows.Kind == rows.Rows.Kind && _last.Identity.Span.SequenceEqual(rows.Identity.Span) && _last.Columns.Span.SequenceEqual(rows.Columns.Span);
        if (!isSame)
        {
            _hash.Append((ulong)rows.Rows.Kind);
            _hash.Append(rows.Identity.Span);
            _hash.Append(rows.Columns.Span);
        }
        _hash.Append(rows.Body.Span);
        _last = rows;
        _changes.Add(rows.Rows);
    }

    Transaction? Query(QueryEvent query, long end)
    {
        var isStandalone = (_open!.Flags & TransactionFlags.Standalone) != 0;
        var text = query.Text.Span;
        if (!isStandalone && text.SequenceEqual("COMMIT"u8)) return Finish(TransactionEnd.Commit, end);
        if (!isStandalone && text.SequenceEqual("ROLLBACK"u8)) return Finish(TransactionEnd.Rollback, end);
        if (!_passing && !text.SequenceEqual("BEGIN"u8))
        {
            var statement = new LoggedStatement
            {
                Kind = KindOf(text, _open.Flags),
                Schema = query.Schema,
                Text = query.Text,
                Charset = query.Settings.Charset,
                ServerCharset = query.Settings.ServerCharset,
                SqlMode = query.Settings.SqlMode,
                Thread = query.Thread,
                Error = query.Error,
                Settings = [.. _settings, .. query.Settings.Sql],
            };
            _changes.Add(statement);
            history?.Apply(statement);
            _microseconds ??= query.Settings.Microseconds;
            _last = null;
            _hash.Append((ulong)query.Error);
            foreach (var setting in statement.Settings) _hash.Append(Encoding.UTF8.GetBytes(setting));
            _hash.Append(Encoding.UTF8.GetBytes(query.Schema));
            _hash.Append(text);
        }
        _settings.Clear();
        return isStandalone ? Finish(TransactionEnd.Standalone, end) : null;
    }

    static StatementKind KindOf(ReadOnlySpan<byte> text, TransactionFlags flags)
    {
        if (text.StartsWith("XA "u8) || text.StartsWith("SAVEPOINT"u8) || text.StartsWith("ROLLBACK TO"u8) || text.StartsWith("RELEASE SAVEPOINT"u8)) return StatementKind.Control;
        return (flags & (TransactionFlags.Standalone | TransactionFlags.Definition)) != 0 ? StatementKind.Definition : StatementKind.Change;
    }

    Transaction? Other(EventType type, string what, ReadOnlyMemory<byte> body, bool ends, long end)
    {
        if (!_passing)
        {
            _changes.Add(new LoggedOther((byte)type, what, body));
            _last = null;
            _hash.Append((ulong)type);
            _hash.Append(body.Span);
        }
        return ends && (_open!.Flags & TransactionFlags.Standalone) != 0 ? Finish(TransactionEnd.Standalone, end) : null;
    }

    Transaction? Finish(TransactionEnd how, long end)
    {
        var gtid = _open!;
        _open = null;
        if (_passing) return null;
        _hash.Append((ulong)how);
        var transaction = Take(gtid, how, end, isLast: true);
        Clear();
        Position = Position.With(gtid.Gtid);
        return transaction;
    }

    Transaction Take(GtidEvent gtid, TransactionEnd how, long end, bool isLast)
    {
        var transaction = new Transaction
        {
            Gtid = gtid.Gtid,
            Seconds = gtid.Header.Seconds,
            Microseconds = _microseconds,
            Flags = gtid.Flags,
            End = how,
            GroupCommit = gtid.GroupCommit,
            Xa = gtid.Xa,
            FirstChange = _changesGiven,
            IsLast = isLast,
            Changes = _changes.ToArray(),
            Bytes = _bytes - _given,
            Start = new LogPlace(File, _start),
            Next = new LogPlace(File, end),
            Checksum = isLast ? _hash.Finish() : 0,
        };
        _given = _bytes;
        _changesGiven += _changes.Count;
        _changes.Clear();
        return transaction;
    }
}
