using System.Text;

namespace Headwater.Wire.MySql;

/// <summary>
/// The client's answer to the greeting. Source: https://mariadb.com/kb/en/connection/#client-handshake-response .
///
/// Oddity: the last four of 23 filler bytes are MariaDB's high capability bits when <see cref="MySql.Capabilities.LongPassword"/> is unset.
/// The proof's length comes in three encodings. Text is in the charset of <see cref="Collation"/>; names beyond ASCII are read as UTF-8.
/// </summary>
public sealed record LoginRequest
{
    public Capabilities Capabilities { get; init; }
    public uint MaxPacket { get; init; } = 1 << 30;
    public byte Collation { get; init; } = 45;
    public required string User { get; init; }
    public required byte[] AuthResponse { get; init; }
    public string? Schema { get; init; }
    public string AuthPlugin { get; init; } = NativePassword.Name;
    public IReadOnlyList<KeyValuePair<string, string>> Attributes { get; init; } = [];

    /// <summary>True for the short form that asks for TLS before anything secret is said; the full request follows inside TLS.</summary>
    public static bool IsSslRequest(ReadOnlySpan<byte> payload) =>
        payload.Length == SslRequest.Length && (payload[1] & (byte)((uint)Capabilities.Ssl >> 8)) != 0;

    public static LoginRequest Parse(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var capabilities = (Capabilities)reader.UInt32();
        if ((capabilities & Capabilities.Protocol41) == 0)
            throw MalformedPacketException.In("the client does not speak protocol 4.1", payload, 0);
        var maxPacket = reader.UInt32();
        var collation = reader.Byte();
        reader.Skip(19);
        var high = reader.UInt32();
        if ((capabilities & Capabilities.LongPassword) == 0) capabilities |= (Capabilities)((ulong)high << 32);
        var user = Encoding.UTF8.GetString(reader.NullTerminated());
        var proof = ProofOf(ref reader, capabilities);
        var schema = (capabilities & Capabilities.ConnectWithDb) != 0 && !reader.AtEnd ? Encoding.UTF8.GetString(reader.NullTerminated()) : null;
        var plugin = (capabilities & Capabilities.PluginAuth) != 0 && !reader.AtEnd ? Encoding.UTF8.GetString(reader.NullTerminated()) : NativePassword.Name;
        var attributes = (capabilities & Capabilities.ConnectAttributes) != 0 && !reader.AtEnd ? ConnectionAttributes.Read(ref reader) : [];
        return new LoginRequest
        {
            Capabilities = capabilities,
            MaxPacket = maxPacket,
            Collation = collation,
            User = user,
            AuthResponse = proof,
            Schema = string.IsNullOrEmpty(schema) ? null : schema,
            AuthPlugin = plugin,
            Attributes = attributes,
        };
    }

    public void Write(PacketWriter writer, byte sequence)
    {
        writer.Begin(sequence);
        SslRequest.WriteCommonPart(writer, Capabilities, MaxPacket, Collation);
        writer.NullTerminated(User);
        if ((Capabilities & Capabilities.PluginAuthLenencData) != 0)
        {
            writer.LengthEncodedBytes(AuthResponse);
        }
        else if ((Capabilities & Capabilities.SecureConnection) != 0)
        {
            writer.UInt8(checked((byte)AuthResponse.Length));
            writer.Bytes(AuthResponse);
        }
        else
        {
            writer.NullTerminated(AuthResponse);
        }
        if ((Capabilities & Capabilities.ConnectWithDb) != 0) writer.NullTerminated(Schema ?? "");
        if ((Capabilities & Capabilities.PluginAuth) != 0) writer.NullTerminated(AuthPlugin);
        if ((Capabilities & Capabilities.ConnectAttributes) != 0) ConnectionAttributes.Write(writer, Attributes);
        writer.End();
    }

    /// <summary>Without the proof: what a user sends to log in belongs in no log.</summary>
    public override string ToString() => $"login of {User} to {Schema ?? "no schema"} by {AuthPlugin}";

    internal static byte[] ProofOf(ref PayloadReader reader, Capabilities capabilities) =>
        (capabilities & Capabilities.PluginAuthLenencData) != 0 ? reader.LengthEncodedBytes().ToArray()
        : (capabilities & Capabilities.SecureConnection) != 0 ? reader.Bytes(reader.Byte()).ToArray()
        : reader.NullTerminated().ToArray();
}
