using System.Buffers.Binary;
using System.Numerics;

namespace Headwater.Core.Log;

/// <summary>
/// XxHash64 with seed 0, over what is appended to it. Its package is not worth a dependency of Core for a page of code.
/// Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md .
/// </summary>
public sealed class XxHash64
{
    const ulong P1 = 0x9E3779B185EBCA87, P2 = 0xC2B2AE3D27D4EB4F, P3 = 0x165667B19E3779F9, P4 = 0x85EBCA77C2B2AE63, P5 = 0x27D4EB2F165667C5;
    const int Stripe = 32;
    readonly byte[] _rest = new byte[Stripe];
    ulong _a, _b, _c, _d, _length;
    int _held;

    public XxHash64() => Reset();

    public void Reset()
    {
        unchecked
        {
            (_a, _b, _c, _d) = (P1 + P2, P2, 0, 0 - P1);
        }
        _length = 0;
        _held = 0;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _length += (ulong)bytes.Length;
        if (_held > 0)
        {
            var taken = Math.Min(Stripe - _held, bytes.Length);
            bytes[..taken].CopyTo(_rest.AsSpan(_held));
            _held += taken;
            bytes = bytes[taken..];
            if (_held < Stripe) return;
            Stripes(_rest);
            _held = 0;
        }
        var whole = bytes.Length / Stripe * Stripe;
        Stripes(bytes[..whole]);
        bytes[whole..].CopyTo(_rest);
        _held = bytes.Length - whole;
    }

    public void Append(ulong number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        Append(bytes);
    }

    /// <summary>The hash of all that was appended since the last <see cref="Reset"/>.</summary>
    public ulong Finish()
    {
        unchecked
        {
            var hash = P5;
            if (_length >= Stripe)
            {
                hash = BitOperations.RotateLeft(_a, 1) + BitOperations.RotateLeft(_b, 7) + BitOperations.RotateLeft(_c, 12) + BitOperations.RotateLeft(_d, 18);
                hash = Merge(Merge(Merge(Merge(hash, _a), _b), _c), _d);
            }
            hash += _length;
            ReadOnlySpan<byte> rest = _rest.AsSpan(0, _held);
            for (; rest.Length >= 8; rest = rest[8..])
                hash = BitOperations.RotateLeft(hash ^ Round(0, BinaryPrimitives.ReadUInt64LittleEndian(rest)), 27) * P1 + P4;
            if (rest.Length >= 4)
            {
                hash = BitOperations.RotateLeft(hash ^ BinaryPrimitives.ReadUInt32LittleEndian(rest) * P1, 23) * P2 + P3;
                rest = rest[4..];
            }
            foreach (var b in rest) hash = BitOperations.RotateLeft(hash ^ b * P5, 11) * P1;
            hash = (hash ^ hash >> 33) * P2;
            hash = (hash ^ hash >> 29) * P3;
            return hash ^ hash >> 32;
        }
    }

    void Stripes(ReadOnlySpan<byte> bytes)
    {
        var (a, b, c, d) = (_a, _b, _c, _d);
        for (; bytes.Length >= Stripe; bytes = bytes[Stripe..])
        {
            a = Round(a, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            b = Round(b, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
            c = Round(c, BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]));
            d = Round(d, BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
        }
        (_a, _b, _c, _d) = (a, b, c, d);
    }

    static ulong Round(ulong sum, ulong lane) => unchecked(BitOperations.RotateLeft(sum + lane * P2, 31) * P1);
    static ulong Merge(ulong hash, ulong sum) => unchecked((hash ^ Round(0, sum)) * P1 + P4);
}
