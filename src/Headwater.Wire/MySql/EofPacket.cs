namespace Headwater.Wire.MySql;

/// <summary>
/// The end of columns or rows where <see cref="Capabilities.DeprecateEof"/> is not agreed on. Source: https://mariadb.com/kb/en/eof_packet/ .
///
/// Oddity: 0xFE also starts a row whose first value is huge, and an authentication switch; only a length below 9 makes it this packet.
/// </summary>
public readonly ref struct EofPacket
{
    public const byte Header = 0xFE;

    public ushort Warnings { get; private init; }
    public ServerStatus Status { get; private init; }

    public static bool TryParse(ReadOnlySpan<byte> payload, out EofPacket eof)
    {
        eof = default;
        if (payload.IsEmpty || payload[0] != Header || payload.Length >= 9) return false;
        var reader = new PayloadReader(payload);
        reader.Skip(1);
        var warnings = reader.UInt16();
        eof = new EofPacket { Warnings = warnings, Status = (ServerStatus)reader.UInt16() };
        return true;
    }

    public static void Write(PacketWriter writer, byte sequence, ServerStatus status, ushort warnings = 0)
    {
        writer.Begin(sequence);
        writer.UInt8(Header);
        writer.UInt16(warnings);
        writer.UInt16((ushort)status);
        writer.End();
    }
}
