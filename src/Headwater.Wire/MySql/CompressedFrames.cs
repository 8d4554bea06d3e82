using System.IO.Compression;

namespace Headwater.Wire.MySql;

/// <summary>
/// The frames around packets once <see cref="Capabilities.Compress"/> is agreed on: three bytes of compressed length, one of sequence, three of
/// uncompressed length, then zlib data. Source: https://mariadb.com/kb/en/0-packet/#compressed-packet .
///
/// Oddities: uncompressed length 0 says that the data is as it is. Frames know nothing of the packets in them: one may hold several, or a part.
/// The frames have their own sequence, which starts at 0 with each command and goes on across both directions.
/// </summary>
public static class CompressedFrames
{
    public const int HeaderSize = 7;

    /// <summary>What is shorter goes uncompressed, as clients and servers do it.</summary>
    public const int WorthCompressing = 50;

    /// <summary>
    /// Reads one frame. False, with nothing consumed, when it is not all there; a frame that lies about its length is malformed.
    /// <paramref name="content"/> is either the frame's own bytes or a new array.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out byte sequence, out ReadOnlySpan<byte> content, out int consumed)
    {
        sequence = 0;
        content = default;
        consumed = 0;
        if (bytes.Length < HeaderSize) return false;
        var compressed = Packet.PayloadLength(bytes);
        if (bytes.Length < HeaderSize + compressed) return false;
        sequence = bytes[3];
        var uncompressed = Packet.PayloadLength(bytes[4..]);
        var data = bytes.Slice(HeaderSize, compressed);
        content = uncompressed == 0 ? data : Inflated(data, uncompressed, bytes);
        consumed = HeaderSize + compressed;
        return true;
    }

    /// <summary>Appends <paramref name="content"/> as one or more frames.</summary>
    public static void Write(PacketWriter writer, ref byte sequence, ReadOnlySpan<byte> content)
    {
        do
        {
            var piece = content[..Math.Min(content.Length, Packet.MaxPayload)];
            content = content[piece.Length..];
            var deflated = piece.Length < WorthCompressing ? null : Deflated(piece);
            if (deflated is not null && deflated.Length >= piece.Length) deflated = null;
            writer.UInt24((uint)(deflated?.Length ?? piece.Length));
            writer.UInt8(sequence++);
            writer.UInt24(deflated is null ? 0 : (uint)piece.Length);
            writer.Bytes(deflated ?? piece);
        }
        while (!content.IsEmpty);
    }

    static byte[] Deflated(ReadOnlySpan<byte> piece)
    {
        using var into = new MemoryStream(piece.Length / 2);
        using (var zlib = new ZLibStream(into, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(piece);
        return into.ToArray();
    }

    static byte[] Inflated(ReadOnlySpan<byte> data, int length, ReadOnlySpan<byte> frame)
    {
        // The announced length bounds what is allocated; it is at most 16 MB, and zlib cannot expand data by more than 1032 to 1.
        if (length > data.Length * 1040L + 64) throw MalformedPacketException.In($"{data.Length} compressed bytes cannot become {length}", frame, 4);
        var inflated = new byte[length];
        try
        {
            using var from = new MemoryStream(data.ToArray(), writable: false);
            using var zlib = new ZLibStream(from, CompressionMode.Decompress);
            var read = zlib.ReadAtLeast(inflated, length, throwOnEndOfStream: false);
            if (read != length || zlib.ReadByte() >= 0) throw MalformedPacketException.In("the compressed data is not as long as announced", frame, 4);
        }
        catch (Exception unreadable) when (unreadable is InvalidDataException or IOException)
        {
            // An IOException for data that asks for a preset dictionary (RFC 1950, FDICT): the runtime's ZLibException is one.
            throw MalformedPacketException.In("the compressed data cannot be read", frame, HeaderSize);
        }
        return inflated;
    }
}
