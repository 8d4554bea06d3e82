using Headwater.Core.Log;
using Headwater.Core.Positions;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>One event of a log, decoded. It may hold on to the bytes that it was decoded from.</summary>
public abstract record BinlogEvent
{
    private protected BinlogEvent()
    {
    }

    public required EventHeader Header { get; init; }
}

/// <summary>The first event of a file: whose it is, whether events end with a checksum, and whether the server was started with it.</summary>
public sealed record FormatDescriptionEvent(string ServerVersion, bool HasChecksums, bool ServerStarted) : BinlogEvent;

/// <summary>The log goes on in another file.</summary>
public sealed record RotateEvent(string File, ulong Offset) : BinlogEvent;

/// <summary>A transaction begins.</summary>
public sealed record GtidEvent(Gtid Gtid, TransactionFlags Flags, ulong? GroupCommit, XaName? Xa) : BinlogEvent;

/// <summary>What the log held before this file: the last transaction of each server in each domain; a domain's newest stands last.</summary>
public sealed record GtidListEvent(IReadOnlyList<Gtid> Last) : BinlogEvent;

/// <summary>A statement's text. No <see cref="Settings"/> for the words that end a transaction.</summary>
public sealed record QueryEvent(uint Thread, ushort Error, string Schema, ReadOnlyMemory<byte> Text, StatementSettings Settings) : BinlogEvent;

/// <summary>A value that the next statement uses, as the SET statements that give it.</summary>
public sealed record SettingEvent(IReadOnlyList<string> Sql) : BinlogEvent;

/// <summary>The transaction is committed.</summary>
public sealed record XidEvent(ulong Xid) : BinlogEvent;

/// <summary>The transaction is prepared, or with <paramref name="OnePhase"/> committed.</summary>
public sealed record XaPrepareEvent(bool OnePhase, XaName Xa) : BinlogEvent;

/// <summary>The statement that the rows after it come from; for people.</summary>
public sealed record AnnotateEvent(ReadOnlyMemory<byte> Text) : BinlogEvent;

/// <summary>The table of the rows after it.</summary>
public sealed record TableMapEvent(LoggedTable Table) : BinlogEvent;

/// <summary>Changed rows. <paramref name="Identity"/>, the columns' bitmaps and <paramref name="Body"/> are what a checksum of the content is made of.</summary>
public sealed record RowsEvent(LoggedRows Rows, ReadOnlyMemory<byte> Identity, ReadOnlyMemory<byte> Columns, ReadOnlyMemory<byte> Body) : BinlogEvent;

/// <summary>The server has nothing new and still stands.</summary>
public sealed record HeartbeatEvent(string File) : BinlogEvent;

/// <summary>The server was shut down and closed the file.</summary>
public sealed record StopEvent : BinlogEvent;

/// <summary>In a file, all that follows is encrypted. A server that sends its log says this too, and sends it in clear.</summary>
public sealed record StartEncryptionEvent : BinlogEvent;

/// <summary>The server could not log everything.</summary>
public sealed record IncidentEvent(ushort Number, string Message) : BinlogEvent;

/// <summary>Blocks of LOAD DATA that were logged as a statement.</summary>
public sealed record LoadDataEvent(ReadOnlyMemory<byte> Body) : BinlogEvent;

/// <summary>Nothing that a reader of transactions needs.</summary>
public sealed record PassedEvent : BinlogEvent;
