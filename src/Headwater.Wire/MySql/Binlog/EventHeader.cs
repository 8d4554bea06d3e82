namespace Headwater.Wire.MySql.Binlog;

/// <summary>Event types. Source: https://mariadb.com/kb/en/2-binlog-event-header/ .</summary>
public enum EventType : byte
{
    Query = 2,
    Stop = 3,
    Rotate = 4,
    IntVar = 5,
    Rand = 13,
    UserVar = 14,
    FormatDescription = 15,
    Xid = 16,
    BeginLoadQuery = 17,
    ExecuteLoadQuery = 18,
    TableMap = 19,
    WriteRowsV1 = 23,
    UpdateRowsV1 = 24,
    DeleteRowsV1 = 25,
    Incident = 26,
    Heartbeat = 27,
    WriteRows = 30,
    UpdateRows = 31,
    DeleteRows = 32,
    XaPrepare = 38,
    AnnotateRows = 160,
    BinlogCheckpoint = 161,
    Gtid = 162,
    GtidList = 163,
    StartEncryption = 164,
    QueryCompressed = 165,
    WriteRowsCompressedV1 = 166,
    UpdateRowsCompressedV1 = 167,
    DeleteRowsCompressedV1 = 168,
    WriteRowsCompressed = 169,
    UpdateRowsCompressed = 170,
    DeleteRowsCompressed = 171,
}

[Flags]
public enum EventFlags : ushort
{
    None = 0,

    /// <summary>The log's file is open, or was when its server died.</summary>
    InUse = 1,

    /// <summary>Made up by the sender; it stands in no file.</summary>
    Artificial = 0x20,

    /// <summary>A reader that does not know the event may pass over it.</summary>
    Ignorable = 0x80,
}

/// <summary>The 19 bytes before every event. Source: https://mariadb.com/kb/en/2-binlog-event-header/ .</summary>
/// <param name="Seconds">Since 1970 UTC; 0 for an event made up by the sender.</param>
/// <param name="Type">What follows.</param>
/// <param name="Server">The server that wrote it first.</param>
/// <param name="Size">Bytes of the event with this header and its checksum.</param>
/// <param name="Next">The offset after the event, modulo 4 GB; 0 for an event made up by the sender.</param>
/// <param name="Flags">See there.</param>
public readonly record struct EventHeader(uint Seconds, EventType Type, uint Server, uint Size, uint Next, EventFlags Flags)
{
    public const int Length = 19;

    /// <summary>No event is longer: max_allowed_packet ends at 1 GB.</summary>
    public const uint LargestEvent = (1u << 30) + (1 << 16);

    /// <exception cref="MalformedPacketException">Fewer than 19 bytes, or a size that no event has.</exception>
    public static EventHeader Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new PayloadReader(bytes);
        var header = new EventHeader(reader.UInt32(), (EventType)reader.Byte(), reader.UInt32(), reader.UInt32(), reader.UInt32(), (EventFlags)reader.UInt16());
        if (header.Size is < Length or > LargestEvent) throw reader.Malformed($"no event has {header.Size} bytes");
        return header;
    }

    /// <summary>True when the decoded event holds on to the bytes that it was decoded from; the others' buffer may be used again.</summary>
    public bool KeepsBytes => IsRows || Type is EventType.Query or EventType.AnnotateRows or EventType.BeginLoadQuery or EventType.ExecuteLoadQuery or (EventType)9;

    /// <summary>True for rows in any of their versions.</summary>
    public bool IsRows => Type is >= EventType.WriteRowsV1 and <= EventType.DeleteRowsV1 or >= EventType.WriteRows and <= EventType.DeleteRows
        or >= EventType.WriteRowsCompressedV1 and <= EventType.DeleteRowsCompressed;
}
