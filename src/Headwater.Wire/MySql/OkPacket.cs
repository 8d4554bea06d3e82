namespace Headwater.Wire.MySql;

/// <summary>
/// Success without rows, or (header 0xFE, with <see cref="Capabilities.DeprecateEof"/>) the end of rows.
/// Source: https://mariadb.com/kb/en/ok_packet/ .
///
/// Oddities: with <see cref="Capabilities.SessionTrack"/> the info is length-encoded and the session state follows only when
/// <see cref="ServerStatus.SessionStateChanged"/> is set; both are left out when both are empty. Without it the manual says that the info
/// is the rest of the packet, and servers length-encode it all the same: both are read.
/// </summary>
public readonly ref struct OkPacket
{
    public const byte OkHeader = 0x00, EndOfRowsHeader = 0xFE;

    public byte Header { get; private init; }
    public ulong AffectedRows { get; private init; }
    public ulong LastInsertId { get; private init; }
    public ServerStatus Status { get; private init; }
    public ushort Warnings { get; private init; }
    public ReadOnlySpan<byte> Info { get; private init; }
    public ReadOnlySpan<byte> SessionState { get; private init; }

    /// <summary>
    /// False when this is no OK packet: another header, or an 0xFE that is a row's first bytes or an old EOF packet.
    /// Throws <see cref="MalformedPacketException"/> when it is one and broken.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> payload, Capabilities capabilities, out OkPacket ok)
    {
        ok = default;
        if (payload.IsEmpty || payload[0] != OkHeader && payload[0] != EndOfRowsHeader) return false;
        // A row can start with 0xFE only when its first value has 16 MB or more; the shortest end of rows has 7 bytes, an old EOF 5.
        if (payload[0] == EndOfRowsHeader && (payload.Length >= Packet.MaxPayload || payload.Length < 7)) return false;
        var reader = new PayloadReader(payload);
        var header = reader.Byte();
        var affected = reader.LengthEncodedInteger();
        var inserted = reader.LengthEncodedInteger();
        var status = (ServerStatus)reader.UInt16();
        var warnings = reader.UInt16();
        ReadOnlySpan<byte> info = default, state = default;
        if (!reader.AtEnd && (capabilities & Capabilities.SessionTrack) != 0)
        {
            info = reader.LengthEncodedBytes();
            if ((status & ServerStatus.SessionStateChanged) != 0 && !reader.AtEnd) state = reader.LengthEncodedBytes();
        }
        else
        {
            info = Unwrapped(reader.Rest());
        }
        ok = new OkPacket
        {
            Header = header,
            AffectedRows = affected,
            LastInsertId = inserted,
            Status = status,
            Warnings = warnings,
            Info = info,
            SessionState = state,
        };
        return true;
    }

    public static void Write(PacketWriter writer, byte sequence, Capabilities capabilities, ServerStatus status, ulong affectedRows = 0,
        ulong lastInsertId = 0, ushort warnings = 0, ReadOnlySpan<byte> info = default, ReadOnlySpan<byte> sessionState = default, bool endOfRows = false)
    {
        var tracks = (capabilities & Capabilities.SessionTrack) != 0;
        if (!tracks || sessionState.IsEmpty) status &= ~ServerStatus.SessionStateChanged;
        else status |= ServerStatus.SessionStateChanged;
        writer.Begin(sequence);
        writer.UInt8(endOfRows ? EndOfRowsHeader : OkHeader);
        writer.LengthEncodedInteger(affectedRows);
        writer.LengthEncodedInteger(lastInsertId);
        writer.UInt16((ushort)status);
        writer.UInt16(warnings);
        var changed = (status & ServerStatus.SessionStateChanged) != 0;
        if (!info.IsEmpty || changed) writer.LengthEncodedBytes(info);
        if (changed) writer.LengthEncodedBytes(sessionState);
        writer.End();
    }

    static ReadOnlySpan<byte> Unwrapped(ReadOnlySpan<byte> info) =>
        info.Length > 0 && info[0] < 0xFB && info[0] == info.Length - 1 ? info[1..] : info;
}
