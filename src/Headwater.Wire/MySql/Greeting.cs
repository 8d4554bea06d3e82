using System.Text;

namespace Headwater.Wire.MySql;

/// <summary>
/// The first packet of a connection, from the server. Source: https://mariadb.com/kb/en/connection/#initial-handshake-packet .
///
/// Oddity: where <see cref="MySql.Capabilities.LongPassword"/> is unset, the last four of ten filler bytes are MariaDB's high capability bits.
/// The scramble comes in two pieces, 8 bytes and then at least 13 with a closing zero that is no part of it.
/// MariaDB writes <c>5.5.5-</c> before its version, for replicas of old that took 10 for less than 5.
/// </summary>
public sealed record Greeting
{
    public const int ScrambleLength = 20;

    public byte Protocol { get; init; } = 10;
    public required string ServerVersion { get; init; }
    public uint ThreadId { get; init; }
    public required byte[] Scramble { get; init; }
    public Capabilities Capabilities { get; init; }
    public byte Collation { get; init; } = 45;
    public ServerStatus Status { get; init; } = ServerStatus.Autocommit;
    public string AuthPlugin { get; init; } = NativePassword.Name;

    public static Greeting Parse(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var protocol = reader.Byte();
        if (protocol != 10) throw MalformedPacketException.In($"protocol {protocol} is not spoken (10 is)", payload, 0);
        var version = Encoding.UTF8.GetString(reader.NullTerminated());
        var thread = reader.UInt32();
        var scramble = new byte[ScrambleLength];
        reader.Bytes(8).CopyTo(scramble);
        reader.Skip(1);
        var capabilities = (Capabilities)reader.UInt16();
        var collation = reader.Byte();
        var status = (ServerStatus)reader.UInt16();
        capabilities |= (Capabilities)((ulong)reader.UInt16() << 16);
        var scrambleLength = reader.Byte();
        reader.Skip(6);
        var high = reader.UInt32();
        if ((capabilities & Capabilities.LongPassword) == 0) capabilities |= (Capabilities)((ulong)high << 32);
        var plugin = NativePassword.Name;
        if ((capabilities & Capabilities.SecureConnection) != 0)
        {
            var second = reader.Bytes(Math.Max(12, scrambleLength - 9));
            second[..12].CopyTo(scramble.AsSpan(8));
            if (!reader.AtEnd) reader.Skip(1);
        }
        if ((capabilities & Capabilities.PluginAuth) != 0)
        {
            // Some old servers leave out the closing zero of the name.
            var name = reader.Rest();
            var end = name.IndexOf((byte)0);
            plugin = Encoding.UTF8.GetString(end < 0 ? name : name[..end]);
        }
        return new Greeting
        {
            Protocol = protocol,
            ServerVersion = version,
            ThreadId = thread,
            Scramble = scramble,
            Capabilities = capabilities,
            Collation = collation,
            Status = status,
            AuthPlugin = plugin,
        };
    }

    /// <summary>Writes the packet with sequence 0, which a greeting always has.</summary>
    public void Write(PacketWriter writer)
    {
        if (Scramble.Length != ScrambleLength) throw new InvalidOperationException("A scramble has 20 bytes.");
        writer.Begin(0);
        writer.UInt8(Protocol);
        writer.NullTerminated(ServerVersion);
        writer.UInt32(ThreadId);
        writer.Bytes(Scramble.AsSpan(0, 8));
        writer.UInt8(0);
        writer.UInt16((ushort)Capabilities);
        writer.UInt8(Collation);
        writer.UInt16((ushort)Status);
        writer.UInt16((ushort)((ulong)Capabilities >> 16));
        writer.UInt8(ScrambleLength + 1);
        writer.Zeros(6);
        writer.UInt32((Capabilities & Capabilities.LongPassword) == 0 ? (uint)((ulong)Capabilities >> 32) : 0);
        writer.Bytes(Scramble.AsSpan(8, 12));
        writer.UInt8(0);
        writer.NullTerminated(AuthPlugin);
        writer.End();
    }

    public override string ToString() => $"greeting of {ServerVersion}, thread {ThreadId}";
}
