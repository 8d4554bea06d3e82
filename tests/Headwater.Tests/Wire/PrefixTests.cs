using System.Text;
using Headwater.Wire;
using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.Tests.Wire;

/// <summary>Feeds every prefix, every flipped byte and random bytes to every parser: it may refuse, and nothing else.</summary>
public class PrefixTests
{
    const Capabilities All = (Capabilities)ulong.MaxValue & ~Capabilities.LongPassword;

    static readonly Dictionary<string, (byte[] Valid, Action<byte[]> Parse)> Parsers = new()
    {
        ["greeting"] = (Payload(w => SampleGreeting.Write(w)), static b => Greeting.Parse(b)),
        ["login"] = (Payload(w => SampleLogin.Write(w, 1)), static b => LoginRequest.Parse(b)),
        ["change user"] = (Payload(w => new ChangeUserRequest { User = "u", AuthResponse = new byte[20], Schema = "s", AuthPlugin = "p", Attributes = [new("a", "b")] }.Write(w, All)),
            static b => ChangeUserRequest.Parse(b, All)),
        ["ok"] = (Payload(w => OkPacket.Write(w, 1, All, ServerStatus.Autocommit, 300, 70000, 3, "info"u8, [0, 4, 1, (byte)'a', 1, (byte)'b'])), static b => OkPacket.TryParse(b, All, out _)),
        ["end of rows"] = (Payload(w => OkPacket.Write(w, 1, All, ServerStatus.Autocommit, endOfRows: true)), static b => OkPacket.TryParse(b, All, out _)),
        ["err"] = (Payload(w => ErrPacket.Write(w, 1, 1064, "42000", "no")), static b => ErrPacket.TryParse(b, out _)),
        ["eof"] = (Payload(w => EofPacket.Write(w, 1, ServerStatus.Autocommit)), static b => EofPacket.TryParse(b, out _)),
        ["auth switch"] = (Payload(w => new AuthSwitchRequest { Plugin = "p", Data = new byte[20] }.Write(w, 2)), static b => AuthSwitchRequest.Parse(b)),
        ["column"] = (Payload(w => new ColumnDefinition { Name = "c", ExtendedMetadata = [1, 2] }.Write(w, 1, All)), static b => ColumnDefinition.Parse(b, All)),
        ["row"] = ([1, (byte)'a', 0xFB, 2, (byte)'b', (byte)'c'], static b => TextResultSet.ReadRow(b, 3)),
        ["prepare ok"] = (Payload(w => new PrepareOk(1, 2, 3, 4).Write(w, 1)), static b => PrepareOk.Parse(b)),
        ["query"] = (Payload(w => QueryAttributes.WriteQuery(w, All, "select 1"u8, [new("traceparent", "x"), new("n", null)])), static b => QueryAttributes.SqlOf(b, All, out _)),
        ["execute"] = (SampleExecute, static b => QueryAttributes.WriteExecuteWithout(new PacketWriter(), b, 9, 1)),
        ["session state"] = ([0, 8, 1, (byte)'a', 1, (byte)'b', 1, (byte)'c', 1, (byte)'d', 1, 2, 1, (byte)'s', 3, 3, 0, 1, (byte)'g'], static b => Walk(b)),
        ["compressed"] = (Compressed(new byte[1000]), static b => CompressedFrames.TryRead(b, out _, out _, out _)),
        ["proxy 1"] = ("PROXY TCP4 10.0.0.1 10.0.0.2 5000 3306\r\n"u8.ToArray(), static b => ProxyHeader.Read(b, out _, out _)),
        ["proxy 2"] = (SampleProxyV2, static b => ProxyHeader.Read(b, out _, out _)),
    };

    public static TheoryData<string> Names => [.. Parsers.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_valid_packet_is_read(string name) => Parsers[name].Parse(Parsers[name].Valid);

    [Theory, MemberData(nameof(Names))]
    public void Every_prefix_is_read_or_refused_and_nothing_else(string name)
    {
        var (valid, parse) = Parsers[name];
        for (var length = 0; length < valid.Length; length++) OnlyRefuses(parse, valid[..length]);
    }

    [Theory, MemberData(nameof(Names))]
    public void Every_changed_byte_is_read_or_refused_and_nothing_else(string name)
    {
        var (valid, parse) = Parsers[name];
        for (var at = 0; at < valid.Length; at++)
            foreach (byte value in (byte[])[0, 1, 0x7F, 0x80, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF])
            {
                var changed = (byte[])valid.Clone();
                changed[at] = value;
                OnlyRefuses(parse, changed);
            }
    }

    [Theory, MemberData(nameof(Names))]
    public void Random_bytes_are_read_or_refused_and_nothing_else(string name)
    {
        const int Seed = 20261121;
        var chance = new Random(Seed);
        var (valid, parse) = Parsers[name];
        for (var round = 0; round < 5000; round++)
        {
            var bytes = new byte[chance.Next(80)];
            chance.NextBytes(bytes);
            if (round % 2 == 0) valid.AsSpan(0, Math.Min(valid.Length, chance.Next(1 + bytes.Length))).TryCopyTo(bytes);
            OnlyRefuses(parse, bytes);
        }
    }

    [Fact]
    public void A_proxy_header_is_incomplete_at_every_prefix()
    {
        foreach (var name in (string[])["proxy 1", "proxy 2"])
            for (var length = 1; length < Parsers[name].Valid.Length; length++)
                Assert.Equal(ProxyHeaderRead.Incomplete, ProxyHeader.Read(Parsers[name].Valid.AsSpan(0, length), out _, out _));
    }

    static void OnlyRefuses(Action<byte[]> parse, byte[] bytes)
    {
        try
        {
            parse(bytes);
        }
        catch (MalformedPacketException e)
        {
            Assert.True(e.Message.Length < 400);
        }
        catch (Exception e)
        {
            Assert.Fail($"{e.GetType().Name} for [{Convert.ToHexString(bytes)}]: {e}");
        }
    }

    static void Walk(byte[] state)
    {
        var reader = new SessionStateReader(state);
        while (reader.TryNext(out _, out _, out _)) { }
    }

    internal static byte[] Payload(Action<PacketWriter> write)
    {
        var writer = new PacketWriter();
        write(writer);
        return writer.Written[Packet.HeaderSize..].ToArray();
    }

    internal static Greeting SampleGreeting => new()
    {
        ServerVersion = "5.5.5-10.11.9-MariaDB",
        ThreadId = 77,
        Scramble = [.. Enumerable.Range(1, 20).Select(static i => (byte)i)],
        Capabilities = All,
        Collation = 45,
    };

    internal static LoginRequest SampleLogin => new()
    {
        Capabilities = All,
        User = "anna",
        AuthResponse = [.. Enumerable.Range(1, 20).Select(static i => (byte)i)],
        Schema = "shop",
        Attributes = [new("_client_name", "test"), new("empty", "")],
    };

    // COM_STMT_EXECUTE with one parameter (an int, 5) and one attribute ("t", a text).
    static byte[] SampleExecute => [0x17, 1, 0, 0, 0, 8, 1, 0, 0, 0, 2, 0, 1, 3, 0, 0, 0xFE, 0, 1, (byte)'t', 5, 0, 0, 0, 2, (byte)'h', (byte)'i'];

    static byte[] SampleProxyV2 => [.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x11, 0, 12, 10, 0, 0, 1, 10, 0, 0, 2, 0x13, 0x88, 0x0C, 0xEA];

    static byte[] Compressed(byte[] content)
    {
        var writer = new PacketWriter();
        byte sequence = 0;
        CompressedFrames.Write(writer, ref sequence, content);
        return writer.Written.ToArray();
    }
}
