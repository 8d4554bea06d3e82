using System.Buffers.Binary;
using System.Text;
using Headwater.Core.Log;
using Headwater.Core.Positions;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>
/// Bytes of MariaDB's binary log (10.6 and later) to events. It remembers what later events refer to: the log's checksums and its tables.
/// One decoder a log, one owner. Source: https://mariadb.com/kb/en/replication-protocol/ .
/// </summary>
/// <param name="lookup">Completes what the log does not say of columns; null when nobody knows.</param>
/// <param name="hasChecksums">Whether events end with a CRC-32 before the log's first event has told it.</param>
public sealed class BinlogDecoder(TableLookup? lookup = null, bool hasChecksums = false)
{
    const int ChecksumBytes = 4;
    const byte ChecksumNone = 0, ChecksumCrc32 = 1;
    const byte TableMapPostHeader = 8;
    const ulong NoTable = 0xFFFFFF;

    // A server that runs long opens tables under ever new numbers.
    const int MostTables = 4096;

    readonly Dictionary<ulong, TableMap> _tables = [];
    readonly RowsReader _rows = new();

    /// <summary>Whether the events that follow end with a CRC-32.</summary>
    public bool HasChecksums { get; private set; } = hasChecksums;

    /// <summary>Decodes one whole event. What it returns may hold on to <paramref name="bytes"/>, which must then not change: <see cref="EventHeader.KeepsBytes"/>.</summary>
    /// <exception cref="MalformedPacketException">Bytes that no server writes, or a checksum that is wrong.</exception>
    /// <exception cref="BinlogException">The log is MySQL's.</exception>
    public BinlogEvent Decode(ReadOnlyMemory<byte> bytes)
    {
        var header = EventHeader.Parse(bytes.Span);
        if (header.Size != (uint)bytes.Length) throw MalformedPacketException.In($"an event of {header.Size} bytes is announced", bytes.Span, 9);
        if (header.Type == EventType.FormatDescription) return Format(header, bytes);
        if (HasChecksums) bytes = Verified(bytes, isFormat: false);
        var body = bytes[EventHeader.Length..];
        var reader = new PayloadReader(body.Span);
        switch (header.Type)
        {
            case EventType.Gtid: return Gtid(header, body);
            case EventType.TableMap: return Table(header, body, ref reader);
            case EventType.Xid: return new XidEvent(reader.UInt64()) { Header = header };
            case EventType.Query or EventType.QueryCompressed: return Query(header, body, header.Type == EventType.QueryCompressed);
            case EventType.Rotate: return new RotateEvent(Encoding.UTF8.GetString(body.Span[RotateName(ref reader, out var offset)..]), offset) { Header = header };
            case EventType.GtidList: return GtidList(header, ref reader);
            case EventType.AnnotateRows: return new AnnotateEvent(body) { Header = header };
            case EventType.IntVar: return new SettingEvent([UserValue.Counter(ref reader)]) { Header = header };
            case EventType.Rand: return new SettingEvent([UserValue.Seeds(ref reader)]) { Header = header };
            case EventType.UserVar: return new SettingEvent(UserValue.Variable(ref reader)) { Header = header };
            case EventType.Heartbeat: return new HeartbeatEvent(Encoding.UTF8.GetString(body.Span)) { Header = header };
            case EventType.XaPrepare: return XaPrepare(header, body, ref reader);
            case EventType.Incident: return new IncidentEvent(reader.UInt16(), Encoding.UTF8.GetString(reader.Bytes(reader.Byte()))) { Header = header };
            case EventType.Stop: return new StopEvent { Header = header };
            case EventType.BinlogCheckpoint: return new PassedEvent { Header = header };
            case EventType.BeginLoadQuery or EventType.ExecuteLoadQuery or (EventType)9: return new LoadDataEvent(body) { Header = header };
            case EventType.StartEncryption: return new StartEncryptionEvent { Header = header };
            default:
                if (header.IsRows) return Rows(header, body, ref reader);
                if ((header.Flags & EventFlags.Ignorable) != 0) return new PassedEvent { Header = header };
                if ((byte)header.Type is >= 33 and <= 41)
                    throw new BinlogException(BinlogTrouble.Unsupported, $"The log has an event of type {(byte)header.Type}, which is MySQL's; MariaDB's logs are read here.");
                throw MalformedPacketException.In($"no event has type {(byte)header.Type}", bytes.Span, 4);
        }
    }

    ReadOnlyMemory<byte> Verified(ReadOnlyMemory<byte> bytes, bool isFormat)
    {
        if (bytes.Length < EventHeader.Length + ChecksumBytes) throw MalformedPacketException.In("an event ends before its checksum", bytes.Span, bytes.Length);
        var content = bytes[..^ChecksumBytes];
        var crc = isFormat ? FormatCrc(content.Span) : Crc32.Of(content.Span);
        if (crc != BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[^ChecksumBytes..])) throw MalformedPacketException.In("an event's checksum is wrong", bytes.Span, content.Length);
        return content;
    }

    // Its flag "in use" is set and taken back without another checksum.
    static uint FormatCrc(ReadOnlySpan<byte> content)
    {
        const int Flags = 17;
        ReadOnlySpan<byte> flags = [(byte)(content[Flags] & ~(byte)EventFlags.InUse)];
        return Crc32.Of(content[(Flags + 1)..], Crc32.Of(flags, Crc32.Of(content[..Flags])));
    }

    FormatDescriptionEvent Format(EventHeader header, ReadOnlyMemory<byte> bytes)
    {
        var reader = new PayloadReader(bytes.Span);
        reader.Skip(EventHeader.Length);
        var version = reader.UInt16();
        if (version != 4) throw reader.Malformed($"version {version} of the log is not read");
        var server = reader.Bytes(50);
        var end = server.IndexOf((byte)0);
        var created = reader.UInt32(); // 0 in a file that only goes on from another, or is sent from its middle
        if (reader.Byte() != EventHeader.Length) throw reader.Malformed($"events have headers of {EventHeader.Length} bytes");
        // One length for each type of event, then how checksums are made, then one.
        if (reader.Remaining < (int)EventType.TableMap + 1 + ChecksumBytes) throw reader.Malformed("the description of the log is too short");
        var lengths = reader.Bytes(reader.Remaining - 1 - ChecksumBytes);
        if (lengths[(int)EventType.TableMap - 1] != TableMapPostHeader) throw reader.Malformed("tables are not described as a server from 10.6 on does");
        var algorithm = reader.Byte();
        if (algorithm > ChecksumCrc32) throw reader.Malformed($"checksums of kind {algorithm} are not known");
        if (algorithm != ChecksumNone) Verified(bytes, isFormat: true);
        HasChecksums = algorithm == ChecksumCrc32;
        _tables.Clear();
        return new FormatDescriptionEvent(Encoding.UTF8.GetString(end < 0 ? server : server[..end]), HasChecksums, created != 0) { Header = header };
    }

    static int RotateName(ref PayloadReader reader, out ulong offset)
    {
        offset = reader.UInt64();
        return reader.Offset;
    }

    GtidEvent Gtid(EventHeader header, ReadOnlyMemory<byte> body)
    {
        if (_tables.Count > MostTables) _tables.Clear();
        var reader = new PayloadReader(body.Span);
        var sequence = reader.UInt64();
        var domain = reader.UInt32();
        var flags = (TransactionFlags)reader.Byte();
        ulong? group = (flags & TransactionFlags.GroupCommit) != 0 ? reader.UInt64() : null;
        XaName? xa = null;
        if ((flags & (TransactionFlags.XaPrepared | TransactionFlags.XaCompleted)) != 0)
        {
            var format = reader.UInt32();
            int global = reader.Byte(), branch = reader.Byte();
            xa = Xa(ref reader, format, global, branch);
        }
        return new GtidEvent(new Gtid(domain, header.Server, sequence), flags, group, xa) { Header = header };
    }

    static XaName Xa(ref PayloadReader reader, uint format, int global, int branch) =>
        new(format, reader.Bytes(global).ToArray(), reader.Bytes(branch).ToArray());

    static XaPrepareEvent XaPrepare(EventHeader header, ReadOnlyMemory<byte> body, ref PayloadReader reader)
    {
        var onePhase = reader.Byte() != 0;
        var format = reader.UInt32();
        uint global = reader.UInt32(), branch = reader.UInt32();
        const int Longest = 64;
        if (global > Longest || branch > Longest) throw reader.Malformed("the name of an XA transaction is too long");
        return new XaPrepareEvent(onePhase, Xa(ref reader, format, (int)global, (int)branch)) { Header = header };
    }

    static GtidListEvent GtidList(EventHeader header, ref PayloadReader reader)
    {
        const int Each = 16;
        var count = reader.UInt32() & 0x0FFFFFFF; // the rest are flags
        if (count > (uint)reader.Remaining / Each) throw reader.Malformed($"{count} GTIDs are announced and {reader.Remaining} bytes are left");
        var last = new Gtid[count];
        for (var i = 0; i < last.Length; i++)
        {
            uint domain = reader.UInt32(), server = reader.UInt32();
            last[i] = new Gtid(domain, server, reader.UInt64());
        }
        return new GtidListEvent(last) { Header = header };
    }

    QueryEvent Query(EventHeader header, ReadOnlyMemory<byte> body, bool isCompressed)
    {
        var reader = new PayloadReader(body.Span);
        var thread = reader.UInt32();
        reader.Skip(4); // seconds it took
        var schemaLength = reader.Byte();
        var error = reader.UInt16();
        var variables = reader.Bytes(reader.UInt16());
        var schema = Encoding.UTF8.GetString(reader.Bytes(schemaLength));
        reader.Skip(1);
        var text = body[reader.Offset..];
        if (isCompressed) text = Inflated.Event(text);
        if (text.Span.SequenceEqual("COMMIT"u8) || text.Span.SequenceEqual("ROLLBACK"u8))
            return new QueryEvent(thread, error, schema, text, StatementSettings.None) { Header = header };
        // What is known of a table may be another thing after a definition; each statement describes the tables of its rows again.
        if (lookup is not null) _tables.Clear();
        return new QueryEvent(thread, error, schema, text, StatusVariables.Read(variables, header.Seconds)) { Header = header };
    }

    BinlogEvent Table(EventHeader header, ReadOnlyMemory<byte> body, ref PayloadReader reader)
    {
        var number = TableNumber(ref reader);
        if (!_tables.TryGetValue(number, out var map) || !map.Source.Span.SequenceEqual(body.Span))
        {
            // The bytes are kept to be compared with: not the whole buffer that they may be a part of.
            map = TableMapReader.Read(body.ToArray(), lookup);
            _tables[number] = map;
        }
        return new TableMapEvent(map.Table) { Header = header };
    }

    BinlogEvent Rows(EventHeader header, ReadOnlyMemory<byte> body, ref PayloadReader reader)
    {
        var number = TableNumber(ref reader);
        reader.Skip(2); // flags
        var type = header.Type;
        var isCompressed = type >= EventType.WriteRowsCompressedV1;
        if (type is >= EventType.WriteRows and <= EventType.DeleteRows or >= EventType.WriteRowsCompressed)
        {
            var extra = reader.UInt16();
            if (extra < 2) throw reader.Malformed($"the extra data of rows has at least 2 bytes, not {extra}");
            reader.Skip(extra - 2);
        }
        if (number == NoTable) return new PassedEvent { Header = header };
        if (!_tables.TryGetValue(number, out var map)) throw reader.Malformed($"rows of table number {number}, which was not described");
        var kind = type switch
        {
            EventType.WriteRows or EventType.WriteRowsV1 or EventType.WriteRowsCompressed or EventType.WriteRowsCompressedV1 => RowKind.Insert,
            EventType.UpdateRows or EventType.UpdateRowsV1 or EventType.UpdateRowsCompressed or EventType.UpdateRowsCompressedV1 => RowKind.Update,
            _ => RowKind.Delete,
        };
        var rows = _rows.Read(map, kind, isCompressed, body[reader.Offset..], out var bitmaps, out var content);
        return new RowsEvent(rows, map.Identity, bitmaps, content) { Header = header };
    }

    static ulong TableNumber(ref PayloadReader reader)
    {
        var bytes = reader.Bytes(6);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes) | (ulong)BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]) << 32;
    }
}
