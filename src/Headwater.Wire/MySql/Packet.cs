namespace Headwater.Wire.MySql;

/// <summary>
/// The frame around every payload: three bytes of length, one of sequence. Source: https://mariadb.com/kb/en/0-packet/ .
///
/// Oddity: a payload of exactly <see cref="MaxPayload"/> bytes says that it continues in the next packet, so a message whose length
/// is a multiple of that ends with an empty packet.
/// </summary>
public static class Packet
{
    public const int HeaderSize = 4;
    public const int MaxPayload = 0xFFFFFF;

    public static int PayloadLength(ReadOnlySpan<byte> header) => header[0] | header[1] << 8 | header[2] << 16;

    public static byte Sequence(ReadOnlySpan<byte> header) => header[3];

    public static void WriteHeader(Span<byte> header, int length, byte sequence)
    {
        if ((uint)length > MaxPayload) throw new ArgumentOutOfRangeException(nameof(length));
        header[0] = (byte)length;
        header[1] = (byte)(length >> 8);
        header[2] = (byte)(length >> 16);
        header[3] = sequence;
    }

    /// <summary>True when <paramref name="bytes"/> start with a whole packet; nothing is consumed otherwise.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out byte sequence, out ReadOnlySpan<byte> payload, out int consumed)
    {
        sequence = 0;
        payload = default;
        consumed = 0;
        if (bytes.Length < HeaderSize) return false;
        var length = PayloadLength(bytes);
        if (bytes.Length < HeaderSize + length) return false;
        sequence = bytes[3];
        payload = bytes.Slice(HeaderSize, length);
        consumed = HeaderSize + length;
        return true;
    }
}
