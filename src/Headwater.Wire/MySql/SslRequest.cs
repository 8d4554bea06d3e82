namespace Headwater.Wire.MySql;

/// <summary>
/// The first 32 bytes of a login, sent in clear to ask for TLS. Source: https://mariadb.com/kb/en/connection/#sslrequest-packet .
/// </summary>
public static class SslRequest
{
    public const int Length = 32;

    /// <summary>A client sends it as packet 1; the login itself is then packet 2.</summary>
    public static void Write(PacketWriter writer, Capabilities capabilities, uint maxPacket, byte collation)
    {
        writer.Begin(1);
        WriteCommonPart(writer, capabilities | Capabilities.Ssl, maxPacket, collation);
        writer.End();
    }

    internal static void WriteCommonPart(PacketWriter writer, Capabilities capabilities, uint maxPacket, byte collation)
    {
        writer.UInt32((uint)capabilities);
        writer.UInt32(maxPacket);
        writer.UInt8(collation);
        writer.Zeros(19);
        writer.UInt32((capabilities & Capabilities.LongPassword) == 0 ? (uint)((ulong)capabilities >> 32) : 0);
    }
}
