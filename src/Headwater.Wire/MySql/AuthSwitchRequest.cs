using System.Text;

namespace Headwater.Wire.MySql;

/// <summary>
/// The server asks for another way to prove who one is. Source: https://mariadb.com/kb/en/connection/#authentication-switch-request .
///
/// Oddity: the data usually ends with a zero byte that is no part of it; ed25519's 32 bytes have none.
/// A packet of the header alone asks for the password scheme from before 4.1, which is refused.
/// </summary>
public sealed record AuthSwitchRequest
{
    public const byte Header = 0xFE;

    public required string Plugin { get; init; }
    public required byte[] Data { get; init; }

    public static AuthSwitchRequest Parse(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        if (reader.Byte() != Header) throw MalformedPacketException.In("this is no authentication switch", payload, 0);
        if (reader.AtEnd) throw MalformedPacketException.In("the password scheme from before 4.1 is not spoken", payload, 0);
        var plugin = Encoding.UTF8.GetString(reader.NullTerminated());
        var data = reader.Rest();
        if (data.Length == Greeting.ScrambleLength + 1 && data[^1] == 0) data = data[..^1];
        return new AuthSwitchRequest { Plugin = plugin, Data = data.ToArray() };
    }

    public void Write(PacketWriter writer, byte sequence)
    {
        writer.Begin(sequence);
        writer.UInt8(Header);
        writer.NullTerminated(Plugin);
        writer.Bytes(Data);
        if (Data.Length == Greeting.ScrambleLength) writer.UInt8(0);
        writer.End();
    }

    public override string ToString() => $"authentication switch to {Plugin}";
}
