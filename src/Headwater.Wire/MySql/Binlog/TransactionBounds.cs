using System.Buffers.Binary;
using Headwater.Core.Log;
using Headwater.Core.Positions;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>What an event is to the transactions of its log.</summary>
public enum EventPlace : byte
{
    /// <summary>Stands in no transaction: descriptions, rotations, heartbeats.</summary>
    Outside,
    Begins,
    Inside,

    /// <summary>The last event of its transaction.</summary>
    Ends,
}

/// <summary>
/// Where transactions begin and end in a log, from headers and the few bytes that tell: for those who keep or pass on a log as bytes. Rows are not
/// decoded. The same rules as <see cref="TransactionAssembler"/>, which the tests hold it to. One owner.
/// </summary>
public sealed class TransactionBounds
{
    bool _standalone;

    /// <summary>Of the transaction that has begun and not ended, or of the last one that has ended.</summary>
    public Gtid Gtid { get; private set; }
    public bool IsOpen { get; private set; }

    /// <summary>Takes the next event, without its checksum.</summary>
    /// <exception cref="MalformedPacketException">Events in an order that no server writes.</exception>
    public EventPlace Add(in EventHeader header, ReadOnlySpan<byte> content)
    {
        switch (header.Type)
        {
            case EventType.Gtid:
                if (IsOpen) throw new MalformedPacketException($"a transaction begins inside transaction {Gtid}");
                Begin(header, content);
                return EventPlace.Begins;
            case EventType.FormatDescription or EventType.Rotate or EventType.Stop or EventType.GtidList or EventType.Heartbeat or EventType.BinlogCheckpoint or EventType.StartEncryption:
                return EventPlace.Outside;
        }
        if (!IsOpen)
        {
            if ((header.Flags & EventFlags.Ignorable) != 0) return EventPlace.Outside;
            throw new MalformedPacketException($"an event of type {(byte)header.Type} stands outside of any transaction");
        }
        if (!Ends(header, content)) return EventPlace.Inside;
        IsOpen = false;
        return EventPlace.Ends;
    }

    /// <summary>Forgets what has begun: the next event is one after a break.</summary>
    public void Drop() => IsOpen = false;

    void Begin(in EventHeader header, ReadOnlySpan<byte> content)
    {
        const int Domain = EventHeader.Length + 8, Flags = Domain + 4;
        if (content.Length <= Flags) throw MalformedPacketException.In("a GTID event is too short", content, content.Length);
        Gtid = new Gtid(BinaryPrimitives.ReadUInt32LittleEndian(content[Domain..]), header.Server, BinaryPrimitives.ReadUInt64LittleEndian(content[EventHeader.Length..]));
        _standalone = ((TransactionFlags)content[Flags] & TransactionFlags.Standalone) != 0;
        IsOpen = true;
    }

    bool Ends(in EventHeader header, ReadOnlySpan<byte> content) => header.Type switch
    {
        EventType.Xid or EventType.XaPrepare => true,
        EventType.Query => _standalone || Text(content) is var text && (text.SequenceEqual("COMMIT"u8) || text.SequenceEqual("ROLLBACK"u8)),
        EventType.QueryCompressed or EventType.ExecuteLoadQuery or EventType.Incident => _standalone,
        _ => false,
    };

    // Thread, seconds, length of the schema's name, error, length of the variables; then those, the name and a zero.
    static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> content)
    {
        var reader = new PayloadReader(content);
        reader.Skip(EventHeader.Length + 8);
        var schema = reader.Byte();
        reader.Skip(2);
        reader.Skip(reader.UInt16());
        reader.Skip(schema + 1);
        return reader.Rest();
    }
}
