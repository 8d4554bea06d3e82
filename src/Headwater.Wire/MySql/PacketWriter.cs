using System.Buffers.Binary;
using System.Text;

namespace Headwater.Wire.MySql;

/// <summary>
/// Writes packets into one growing buffer: <see cref="Begin"/>, the fields, <see cref="End"/>, which patches the header.
/// A payload of 16 MB and more is split in place at the end, so writers never think about it.
/// </summary>
public sealed class PacketWriter(int capacity = 512)
{
    const int Closed = -1;
    byte[] _buffer = new byte[capacity];
    int _length;
    int _start = Closed;
    byte _sequence;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _length);

    /// <summary>The sequence number that the next packet of this exchange gets.</summary>
    public byte NextSequence => _sequence;

    public void Reset()
    {
        _length = 0;
        _start = Closed;
        _sequence = 0;
    }

    public void Begin(byte sequence)
    {
        if (_start != Closed) throw new InvalidOperationException("The packet before this one was not ended.");
        _sequence = sequence;
        _start = _length;
        Reserve(Packet.HeaderSize);
    }

    public void End()
    {
        if (_start == Closed) throw new InvalidOperationException("There is no packet to end.");
        var left = _length - _start - Packet.HeaderSize;
        var header = _start;
        while (left >= Packet.MaxPayload)
        {
            Packet.WriteHeader(_buffer.AsSpan(header), Packet.MaxPayload, _sequence++);
            left -= Packet.MaxPayload;
            header += Packet.HeaderSize + Packet.MaxPayload;
            Reserve(Packet.HeaderSize);
            Buffer.BlockCopy(_buffer, header, _buffer, header + Packet.HeaderSize, left);
        }
        Packet.WriteHeader(_buffer.AsSpan(header), left, _sequence++);
        _start = Closed;
    }

    public void UInt8(byte value) => Reserve(1)[0] = value;
    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Reserve(2), value);

    public void UInt24(uint value)
    {
        var three = Reserve(3);
        three[0] = (byte)value;
        three[1] = (byte)(value >> 8);
        three[2] = (byte)(value >> 16);
    }

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), value);
    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);

    public void LengthEncodedInteger(ulong value)
    {
        switch (value)
        {
            case < 0xFB:
                UInt8((byte)value);
                break;
            case <= 0xFFFF:
                UInt8(0xFC);
                UInt16((ushort)value);
                break;
            case <= 0xFFFFFF:
                UInt8(0xFD);
                UInt24((uint)value);
                break;
            default:
                UInt8(0xFE);
                UInt64(value);
                break;
        }
    }

    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));
    public void Text(string text) => Encoding.UTF8.GetBytes(text, Reserve(Encoding.UTF8.GetByteCount(text)));
    public void Zeros(int count) => Reserve(count).Clear();

    public void NullTerminated(ReadOnlySpan<byte> bytes)
    {
        Bytes(bytes);
        UInt8(0);
    }

    public void NullTerminated(string text)
    {
        Text(text);
        UInt8(0);
    }

    public void LengthEncodedBytes(ReadOnlySpan<byte> bytes)
    {
        LengthEncodedInteger((ulong)bytes.Length);
        Bytes(bytes);
    }

    public void LengthEncodedText(string text)
    {
        LengthEncodedInteger((ulong)Encoding.UTF8.GetByteCount(text));
        Text(text);
    }

    /// <summary>NULL in a text row.</summary>
    public void Null() => UInt8(0xFB);

    Span<byte> Reserve(int count)
    {
        var needed = checked(_length + count);
        if (needed > _buffer.Length) Array.Resize(ref _buffer, Math.Max(needed, (int)Math.Min(Array.MaxLength, _buffer.Length * 2L)));
        var reserved = _buffer.AsSpan(_length, count);
        _length = needed;
        return reserved;
    }
}
