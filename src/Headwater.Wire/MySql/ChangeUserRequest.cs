using System.Text;

namespace Headwater.Wire.MySql;

/// <summary>
/// COM_CHANGE_USER: a new login on an open connection. Source: https://mariadb.com/kb/en/com_change_user/ .
///
/// Oddity: the proof's length is always one byte, whatever <see cref="Capabilities.PluginAuthLenencData"/> says, and the collation has two bytes here.
/// </summary>
public sealed record ChangeUserRequest
{
    public required string User { get; init; }
    public required byte[] AuthResponse { get; init; }
    public string? Schema { get; init; }
    public ushort Collation { get; init; } = 45;
    public string? AuthPlugin { get; init; }
    public IReadOnlyList<KeyValuePair<string, string>> Attributes { get; init; } = [];

    /// <summary><paramref name="payload"/> starts with the command byte.</summary>
    public static ChangeUserRequest Parse(ReadOnlySpan<byte> payload, Capabilities capabilities)
    {
        var reader = new PayloadReader(payload);
        if (reader.Byte() != (byte)Command.ChangeUser) throw MalformedPacketException.In("this is no COM_CHANGE_USER", payload, 0);
        var user = Encoding.UTF8.GetString(reader.NullTerminated());
        var proof = (capabilities & Capabilities.SecureConnection) != 0 ? reader.Bytes(reader.Byte()).ToArray() : reader.NullTerminated().ToArray();
        var schema = Encoding.UTF8.GetString(reader.NullTerminated());
        ushort collation = 0;
        string? plugin = null;
        IReadOnlyList<KeyValuePair<string, string>> attributes = [];
        // Everything from here on may be missing: older clients end here.
        if (!reader.AtEnd) collation = reader.UInt16();
        if (!reader.AtEnd && (capabilities & Capabilities.PluginAuth) != 0) plugin = Encoding.UTF8.GetString(reader.NullTerminated());
        if (!reader.AtEnd && (capabilities & Capabilities.ConnectAttributes) != 0) attributes = ConnectionAttributes.Read(ref reader);
        return new ChangeUserRequest
        {
            User = user,
            AuthResponse = proof,
            Schema = schema.Length == 0 ? null : schema,
            Collation = collation,
            AuthPlugin = plugin,
            Attributes = attributes,
        };
    }

    public void Write(PacketWriter writer, Capabilities capabilities)
    {
        writer.Begin(0);
        writer.UInt8((byte)Command.ChangeUser);
        writer.NullTerminated(User);
        if ((capabilities & Capabilities.SecureConnection) != 0)
        {
            writer.UInt8(checked((byte)AuthResponse.Length));
            writer.Bytes(AuthResponse);
        }
        else
        {
            writer.NullTerminated(AuthResponse);
        }
        writer.NullTerminated(Schema ?? "");
        writer.UInt16(Collation);
        if ((capabilities & Capabilities.PluginAuth) != 0) writer.NullTerminated(AuthPlugin ?? NativePassword.Name);
        if ((capabilities & Capabilities.ConnectAttributes) != 0) ConnectionAttributes.Write(writer, Attributes);
        writer.End();
    }

    public override string ToString() => $"change to user {User}, schema {Schema ?? "none"}";
}
