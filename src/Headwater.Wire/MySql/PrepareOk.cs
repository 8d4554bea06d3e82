namespace Headwater.Wire.MySql;

/// <summary>
/// The first packet of the answer to COM_STMT_PREPARE; parameter and column definitions follow. Source: https://mariadb.com/kb/en/com_stmt_prepare/ .
///
/// Oddity: each of the two lists is followed by an EOF packet unless <see cref="Capabilities.DeprecateEof"/> is agreed on, and an empty list has none.
/// </summary>
public readonly record struct PrepareOk(uint StatementId, ushort Columns, ushort Parameters, ushort Warnings)
{
    public const int Length = 12;

    public static PrepareOk Parse(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        if (reader.Byte() != 0) throw MalformedPacketException.In("this is no COM_STMT_PREPARE response", payload, 0);
        var id = reader.UInt32();
        var columns = reader.UInt16();
        var parameters = reader.UInt16();
        reader.Skip(1);
        return new PrepareOk(id, columns, parameters, reader.Remaining >= 2 ? reader.UInt16() : (ushort)0);
    }

    public void Write(PacketWriter writer, byte sequence)
    {
        writer.Begin(sequence);
        writer.UInt8(0);
        writer.UInt32(StatementId);
        writer.UInt16(Columns);
        writer.UInt16(Parameters);
        writer.UInt8(0);
        writer.UInt16(Warnings);
        writer.End();
    }
}
