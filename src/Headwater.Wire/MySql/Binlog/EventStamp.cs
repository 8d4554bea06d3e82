using System.Buffers.Binary;
using Headwater.Core.Log;
using Headwater.Core.Positions;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>Makes an event one of another log: what names its place and proves its bytes is written anew, what it says stays.</summary>
public static class EventStamp
{
    public const int ChecksumBytes = 4;
    const int NextOffset = 13, FlagsOffset = 17, SizeOffset = 9;

    /// <summary>Writes the place behind the event, in a log whose offsets it is counted in, and the checksum.</summary>
    /// <param name="bytes">The whole event with room for its checksum at the end.</param>
    /// <param name="next">Known to readers modulo 4 GB.</param>
    public static void At(Span<byte> bytes, long next)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[NextOffset..], (uint)next);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[^ChecksumBytes..], Crc32.Of(bytes[..^ChecksumBytes]));
    }

    /// <summary>True when the checksum at the event's end is right.</summary>
    public static bool IsRight(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= EventHeader.Length + ChecksumBytes && Crc32.Of(bytes[..^ChecksumBytes]) == BinaryPrimitives.ReadUInt32LittleEndian(bytes[^ChecksumBytes..]);

    /// <summary>
    /// The description of a log whose events have checksums, made of another log's. It says neither that its file is open nor that a server began
    /// with it: a replica would drop its temporary tables there.
    /// </summary>
    /// <param name="description">As it came, with or without a checksum of its own: it has room for one in both cases.</param>
    public static byte[] Description(ReadOnlySpan<byte> description)
    {
        const int Created = EventHeader.Length + 2 + 50;
        const byte ChecksumCrc32 = 1;
        var bytes = description.ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(FlagsOffset), 0);
        bytes.AsSpan(Created, 4).Clear();
        bytes[^(ChecksumBytes + 1)] = ChecksumCrc32;
        return bytes;
    }

    /// <summary>What a log held before its file. Several of one domain: the newest last.</summary>
    public static byte[] HeldBefore(IReadOnlyCollection<Gtid> last, uint server)
    {
        const int Each = 16;
        var bytes = new byte[EventHeader.Length + 4 + Each * last.Count + ChecksumBytes];
        Header(bytes, EventType.GtidList, server);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(EventHeader.Length), (uint)last.Count);
        var at = EventHeader.Length + 4;
        foreach (var gtid in last)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), gtid.Domain);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at + 4), gtid.Server);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at + 8), gtid.Sequence);
            at += Each;
        }
        return bytes;
    }

    /// <summary>The header of an event of our own: everything but its place.</summary>
    public static void Header(Span<byte> bytes, EventType type, uint server, EventFlags flags = EventFlags.None)
    {
        bytes[..EventHeader.Length].Clear();
        bytes[4] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[5..], server);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[SizeOffset..], (uint)bytes.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[FlagsOffset..], (ushort)flags);
    }
}
