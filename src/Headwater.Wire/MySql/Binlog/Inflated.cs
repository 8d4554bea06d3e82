using System.Buffers;
using System.IO.Compression;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>
/// Content that MariaDB has compressed with zlib. A first byte tells how many bytes of original length follow it, big-endian.
/// Sources: sql/log_event.cc, binlog_buf_compress (events); sql/field_comp.cc (COMPRESSED columns).
/// </summary>
static class Inflated
{
    // deflate's best is 1032 to 1; what announces more lies about its length.
    const long BestRatio = 1032;

    public static byte[] Event(ReadOnlyMemory<byte> compressed)
    {
        var reader = new PayloadReader(compressed.Span);
        var first = reader.Byte();
        if ((first & 0xF0) != 0x80) throw reader.Malformed($"0x{first:X2} is no way of compressing an event");
        return Content(ref reader, first & 7, compressed, isRaw: false);
    }

    /// <summary>A value of a COMPRESSED column that is not empty.</summary>
    public static byte[] Column(ReadOnlyMemory<byte> stored)
    {
        var reader = new PayloadReader(stored.Span);
        var first = reader.Byte();
        if (first == 0) return reader.Rest().ToArray();
        if ((first & 0xF0) != 0x80) throw reader.Malformed($"0x{first:X2} is no way of compressing a column");
        return Content(ref reader, first & 7, stored, isRaw: (first & 8) != 0);
    }

    static byte[] Content(ref PayloadReader reader, int lengthBytes, ReadOnlyMemory<byte> compressed, bool isRaw)
    {
        if (lengthBytes is < 1 or > 4) throw reader.Malformed($"an original length has no {lengthBytes} bytes");
        long length = 0;
        foreach (var b in reader.Bytes(lengthBytes)) length = length << 8 | b;
        if (length > EventHeader.LargestEvent || length > (reader.Remaining + 16) * BestRatio) throw reader.Malformed($"{length} bytes are announced and {reader.Remaining} compressed ones follow");
        var content = GC.AllocateUninitializedArray<byte>((int)length);
        try
        {
            using var pinned = compressed[reader.Offset..].Pin();
            using var source = Stream(pinned, reader.Remaining);
            using Stream inflate = isRaw ? new DeflateStream(source, CompressionMode.Decompress) : new ZLibStream(source, CompressionMode.Decompress);
            inflate.ReadExactly(content);
            if (inflate.ReadByte() >= 0) throw reader.Malformed("compressed content is longer than announced");
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or IOException)
        {
            throw reader.Malformed("compressed content cannot be restored");
        }
        return content;
    }

    static unsafe UnmanagedMemoryStream Stream(MemoryHandle pinned, int length) => new((byte*)pinned.Pointer, length);
}
