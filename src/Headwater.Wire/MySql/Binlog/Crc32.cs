using System.Buffers.Binary;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>
/// The CRC-32 of zlib and Ethernet, sixteen bytes a step. The framework has none outside a package; its processors' instruction is another polynomial's.
/// Source: Kounavis and Berry, "Novel table lookup-based algorithms for high-performance CRC generation" (2008).
/// </summary>
public static class Crc32
{
    const uint Polynomial = 0xEDB88320;
    const int Step = 16;
    static readonly uint[] Tables = Build();

    /// <summary>The CRC of <paramref name="bytes"/>, after that of what came before them.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes, uint before = 0)
    {
        ReadOnlySpan<uint> t = Tables;
        var crc = ~before;
        for (; bytes.Length >= Step; bytes = bytes[Step..])
        {
            var a = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            var b = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            var c = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
            var d = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
            crc = t[(int)(15 * 256 + (a & 255))] ^ t[(int)(14 * 256 + (a >> 8 & 255))] ^ t[(int)(13 * 256 + (a >> 16 & 255))] ^ t[(int)(12 * 256 + (a >> 24))]
                ^ t[(int)(11 * 256 + (b & 255))] ^ t[(int)(10 * 256 + (b >> 8 & 255))] ^ t[(int)(9 * 256 + (b >> 16 & 255))] ^ t[(int)(8 * 256 + (b >> 24))]
                ^ t[(int)(7 * 256 + (c & 255))] ^ t[(int)(6 * 256 + (c >> 8 & 255))] ^ t[(int)(5 * 256 + (c >> 16 & 255))] ^ t[(int)(4 * 256 + (c >> 24))]
                ^ t[(int)(3 * 256 + (d & 255))] ^ t[(int)(2 * 256 + (d >> 8 & 255))] ^ t[(int)(256 + (d >> 16 & 255))] ^ t[(int)(d >> 24)];
        }
        foreach (var b in bytes) crc = t[(int)((crc ^ b) & 255)] ^ crc >> 8;
        return ~crc;
    }

    static uint[] Build()
    {
        var tables = new uint[Step * 256];
        for (uint i = 0; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ Polynomial : crc >> 1;
            tables[i] = crc;
        }
        for (var i = 256; i < tables.Length; i++) tables[i] = tables[i - 256] >> 8 ^ tables[tables[i - 256] & 255];
        return tables;
    }
}
