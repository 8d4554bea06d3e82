using System.Text;

namespace Headwater.Wire.MySql;

/// <summary>
/// A refusal. Source: https://mariadb.com/kb/en/err_packet/ .
///
/// Oddities: code 0xFFFF is no error but a MariaDB progress report (<see cref="IsProgress"/>), followed by the real answer. An error during
/// the very first exchange (too many connections) has no <c>#</c> and SQLSTATE.
/// </summary>
public readonly ref struct ErrPacket
{
    public const byte Header = 0xFF;
    const ushort ProgressCode = 0xFFFF;

    public ushort Code { get; private init; }
    public ReadOnlySpan<byte> SqlState { get; private init; }
    public ReadOnlySpan<byte> Message { get; private init; }
    public bool IsProgress => Code == ProgressCode;

    public static bool TryParse(ReadOnlySpan<byte> payload, out ErrPacket error)
    {
        error = default;
        if (payload.IsEmpty || payload[0] != Header) return false;
        var reader = new PayloadReader(payload);
        reader.Skip(1);
        var code = reader.UInt16();
        var state = "HY000"u8;
        if (code != ProgressCode && !reader.AtEnd && reader.Peek() == (byte)'#')
        {
            reader.Skip(1);
            state = reader.Bytes(5);
        }
        error = new ErrPacket { Code = code, SqlState = state, Message = reader.Rest() };
        return true;
    }

    public static void Write(PacketWriter writer, byte sequence, ushort code, string sqlState, string message)
    {
        if (sqlState.Length != 5) throw new ArgumentException("An SQLSTATE has five characters.", nameof(sqlState));
        writer.Begin(sequence);
        writer.UInt8(Header);
        writer.UInt16(code);
        writer.UInt8((byte)'#');
        writer.Text(sqlState);
        writer.Text(message);
        writer.End();
    }

    public override string ToString() => $"{Code} ({Encoding.UTF8.GetString(SqlState)}): {Encoding.UTF8.GetString(Message)}";
}
