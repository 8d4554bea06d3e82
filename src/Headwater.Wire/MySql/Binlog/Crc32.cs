using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>
/// The CRC-32 of zlib and Ethernet. The framework has none outside a package that does not restore everywhere; the processors' own instruction is another polynomial's.
/// Long ones are folded by carry-less multiplication where the processor can, else go sixteen bytes a step through tables.
/// Sources: Gopal et al., "Fast CRC computation for generic polynomials using PCLMULQDQ instruction" (2009); Kounavis and Berry, "Novel table lookup-based algorithms for
/// high-performance CRC generation" (2008).
/// </summary>
public static class Crc32
{
    const uint Polynomial = 0xEDB88320;
    const int Step = 16;
    static readonly uint[] Tables = Build();

    /// <summary>The CRC of <paramref name="bytes"/>, after that of what came before them.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes, uint before = 0)
    {
        var crc = ~before;
        if (Pclmulqdq.IsSupported && bytes.Length >= Folded)
        {
            var folded = bytes.Length & ~15;
            crc = Fold(bytes[..folded], crc);
            bytes = bytes[folded..];
        }
        return ~ByTables(bytes, crc);
    }

    /// <summary>The same without the processor's help, and without the inversions at both ends.</summary>
    internal static uint ByTables(ReadOnlySpan<byte> bytes, uint crc)
    {
        ReadOnlySpan<uint> t = Tables;
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
        return crc;
    }

    // Four lanes of 16 bytes.
    const int Folded = 64;

    /// <summary>A multiple of 16 bytes, at least 64. The constants are powers of x modulo the polynomial, bit-reflected, as the paper derives them.</summary>
    static uint Fold(ReadOnlySpan<byte> bytes, uint crc)
    {
        var lanes = MemoryMarshal.Cast<byte, Vector128<ulong>>(bytes);
        var by64 = Vector128.Create(0x154442bd4UL, 0x1c6e41596UL);
        var by16 = Vector128.Create(0x1751997d0UL, 0x0ccaa009eUL);
        var (a, b, c, d) = (lanes[0] ^ Vector128.CreateScalar((ulong)crc), lanes[1], lanes[2], lanes[3]);
        lanes = lanes[4..];
        for (; lanes.Length >= 4; lanes = lanes[4..])
        {
            a = Folding(a, by64) ^ lanes[0];
            b = Folding(b, by64) ^ lanes[1];
            c = Folding(c, by64) ^ lanes[2];
            d = Folding(d, by64) ^ lanes[3];
        }
        a = Folding(a, by16) ^ b;
        a = Folding(a, by16) ^ c;
        a = Folding(a, by16) ^ d;
        foreach (var lane in lanes) a = Folding(a, by16) ^ lane;
        // What is left, 128 bits, has the same remainder as all that was folded into it.
        Span<byte> rest = stackalloc byte[16];
        a.AsByte().CopyTo(rest);
        return ByTables(rest, 0);
    }

    static Vector128<ulong> Folding(Vector128<ulong> lane, Vector128<ulong> by) =>
        Pclmulqdq.CarrylessMultiply(lane, by, 0x00) ^ Pclmulqdq.CarrylessMultiply(lane, by, 0x11);

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
