using System.Net;
using System.Text;
using Headwater.Wire;
using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.Tests.Wire;

public class RoundTripTests
{
    const Capabilities Common = Capabilities.Protocol41 | Capabilities.SecureConnection | Capabilities.PluginAuth | Capabilities.ConnectWithDb;

    [Theory]
    [InlineData(0UL), InlineData(250UL), InlineData(251UL), InlineData(0xFFFFUL), InlineData(0x10000UL), InlineData(0xFFFFFFUL), InlineData(0x1000000UL), InlineData(ulong.MaxValue)]
    public void A_length_encoded_integer_comes_back(ulong value)
    {
        var bytes = PrefixTests.Payload(w =>
        {
            w.Begin(0);
            w.LengthEncodedInteger(value);
            w.End();
        });
        var reader = new PayloadReader(bytes);
        Assert.Equal(value, reader.LengthEncodedInteger());
        Assert.True(reader.AtEnd);
    }

    [Fact]
    public void A_greeting_comes_back_with_MariaDBs_high_capabilities()
    {
        var sent = PrefixTests.SampleGreeting;
        var got = Greeting.Parse(PrefixTests.Payload(sent.Write));
        Assert.Equal(sent.Capabilities, got.Capabilities);
        Assert.Equal(sent.Scramble, got.Scramble);
        Assert.Equal((sent.ServerVersion, sent.ThreadId, sent.Collation, sent.Status, sent.AuthPlugin), (got.ServerVersion, got.ThreadId, got.Collation, got.Status, got.AuthPlugin));
    }

    [Fact]
    public void The_high_capabilities_are_filler_when_LongPassword_is_set()
    {
        var sent = PrefixTests.SampleGreeting with { Capabilities = Common | Capabilities.LongPassword | Capabilities.MariaDbStmtBulk };
        Assert.Equal(Common | Capabilities.LongPassword, Greeting.Parse(PrefixTests.Payload(sent.Write)).Capabilities);
    }

    [Theory]
    [InlineData(Capabilities.PluginAuthLenencData), InlineData(Capabilities.None), InlineData(Capabilities.ConnectAttributes), InlineData(Capabilities.MariaDbCacheMetadata)]
    public void A_login_comes_back_in_each_of_its_forms(Capabilities more)
    {
        var sent = PrefixTests.SampleLogin with { Capabilities = Common | more };
        var got = LoginRequest.Parse(PrefixTests.Payload(w => sent.Write(w, 1)));
        Assert.Equal((sent.User, sent.Schema, sent.AuthPlugin, sent.Capabilities), (got.User, got.Schema, got.AuthPlugin, got.Capabilities));
        Assert.Equal(sent.AuthResponse, got.AuthResponse);
        Assert.Equal((more & Capabilities.ConnectAttributes) != 0 ? sent.Attributes : [], got.Attributes);
    }

    [Fact]
    public void A_login_says_nothing_of_its_proof() =>
        Assert.DoesNotContain("01020304", PrefixTests.SampleLogin.ToString().Replace("-", "", StringComparison.Ordinal), StringComparison.Ordinal);

    [Fact]
    public void A_request_for_TLS_is_told_from_a_login()
    {
        Assert.True(LoginRequest.IsSslRequest(PrefixTests.Payload(w => SslRequest.Write(w, Common, 1 << 24, 45))));
        Assert.False(LoginRequest.IsSslRequest(PrefixTests.Payload(w => (PrefixTests.SampleLogin with { Capabilities = Common | Capabilities.Ssl }).Write(w, 1))));
    }

    [Fact]
    public void A_change_of_user_comes_back()
    {
        var all = Common | Capabilities.ConnectAttributes | Capabilities.PluginAuthLenencData;
        var sent = new ChangeUserRequest { User = "u", AuthResponse = new byte[20], Schema = "s", Collation = 224, AuthPlugin = "p", Attributes = [new("a", "b")] };
        var got = ChangeUserRequest.Parse(PrefixTests.Payload(w => sent.Write(w, all)), all);
        Assert.Equal((sent.User, sent.Schema, sent.Collation, sent.AuthPlugin), (got.User, got.Schema, got.Collation, got.AuthPlugin));
        Assert.Equal(sent.Attributes, got.Attributes);
    }

    [Fact]
    public void An_OK_with_session_state_comes_back_to_a_client_that_tracks()
    {
        byte[] state = [0, 12, 8, .. "last_gti"u8, 1, (byte)'x', 0];
        var payload = PrefixTests.Payload(w => OkPacket.Write(w, 1, Capabilities.SessionTrack, ServerStatus.Autocommit, 300, 70000, 3, "info"u8, state));
        Assert.True(OkPacket.TryParse(payload, Capabilities.SessionTrack, out var ok));
        Assert.Equal((300UL, 70000UL, (ushort)3), (ok.AffectedRows, ok.LastInsertId, ok.Warnings));
        Assert.Equal(ServerStatus.Autocommit | ServerStatus.SessionStateChanged, ok.Status);
        Assert.Equal("info", Encoding.UTF8.GetString(ok.Info));
        Assert.Equal(state, ok.SessionState);
    }

    [Fact]
    public void An_OK_keeps_session_state_from_a_client_that_does_not_track()
    {
        var payload = PrefixTests.Payload(w => OkPacket.Write(w, 1, Capabilities.None, ServerStatus.Autocommit, info: "info"u8, sessionState: [1, 2, 3]));
        Assert.True(OkPacket.TryParse(payload, Capabilities.None, out var ok));
        Assert.Equal(ServerStatus.Autocommit, ok.Status);
        Assert.Equal("info", Encoding.UTF8.GetString(ok.Info));
        Assert.True(ok.SessionState.IsEmpty);
    }

    [Fact]
    public void An_end_of_rows_is_told_from_an_old_EOF()
    {
        var end = PrefixTests.Payload(w => OkPacket.Write(w, 1, Capabilities.DeprecateEof, ServerStatus.MoreResults, endOfRows: true));
        var eof = PrefixTests.Payload(w => EofPacket.Write(w, 1, ServerStatus.Autocommit, 7));
        Assert.True(OkPacket.TryParse(end, Capabilities.DeprecateEof, out var ok));
        Assert.Equal((OkPacket.EndOfRowsHeader, ServerStatus.MoreResults), (ok.Header, ok.Status));
        Assert.False(OkPacket.TryParse(eof, Capabilities.None, out _));
        Assert.True(EofPacket.TryParse(eof, out var old));
        Assert.Equal((7, ServerStatus.Autocommit), (old.Warnings, old.Status));
    }

    [Fact]
    public void Several_variables_in_one_entry_are_yielded_one_by_one()
    {
        byte[] state = [0, 8, 1, (byte)'a', 1, (byte)'1', 1, (byte)'b', 1, (byte)'2', 99, 2, 7, 7, 1, 2, 1, (byte)'s', 3, 3, 0, 1, (byte)'g'];
        var reader = new SessionStateReader(state);
        var seen = new List<string>();
        while (reader.TryNext(out var kind, out var name, out var value)) seen.Add($"{kind} {Encoding.UTF8.GetString(name)}={Encoding.UTF8.GetString(value)}");
        Assert.False(reader.Malformed);
        Assert.Equal(["SystemVariable a=1", "SystemVariable b=2", "Schema =s", "Gtids =g"], seen);
    }

    [Fact]
    public void Session_state_that_lies_about_a_length_ends_the_walk_as_malformed()
    {
        var reader = new SessionStateReader([0, 4, 9, (byte)'a', 1, (byte)'1']);
        Assert.False(reader.TryNext(out _, out _, out _));
        Assert.True(reader.Malformed);
    }

    [Fact]
    public void An_error_comes_back_with_and_without_an_SQLSTATE()
    {
        Assert.True(ErrPacket.TryParse(PrefixTests.Payload(w => ErrPacket.Write(w, 1, 1064, "42000", "no")), out var error));
        Assert.Equal("1064 (42000): no", error.ToString());
        Assert.True(ErrPacket.TryParse([0xFF, 0x10, 0x04, .. "Too many connections"u8], out var early));
        Assert.Equal("1040 (HY000): Too many connections", early.ToString());
    }

    [Fact]
    public void A_payload_of_16_MB_is_split_and_ends_with_a_short_packet()
    {
        foreach (var length in (int[])[Packet.MaxPayload - 1, Packet.MaxPayload, Packet.MaxPayload + 1, 2 * Packet.MaxPayload])
        {
            var content = new byte[length];
            new Random(length).NextBytes(content);
            var writer = new PacketWriter();
            writer.Begin(3);
            writer.Bytes(content);
            writer.End();
            var joined = new MemoryStream();
            var rest = writer.Written;
            byte expected = 3;
            int last;
            do
            {
                Assert.True(Packet.TryRead(rest, out var sequence, out var payload, out var consumed));
                Assert.Equal(expected++, sequence);
                joined.Write(payload);
                rest = rest[consumed..];
                last = payload.Length;
            }
            while (last == Packet.MaxPayload);
            Assert.True(rest.IsEmpty);
            Assert.True(content.AsSpan().SequenceEqual(joined.ToArray()));
            Assert.Equal(expected, writer.NextSequence);
        }
    }

    [Theory]
    [InlineData(Capabilities.None), InlineData(Capabilities.DeprecateEof), InlineData(Capabilities.DeprecateEof | Capabilities.MariaDbExtendedMetadata | Capabilities.MariaDbCacheMetadata)]
    public void A_result_of_our_own_reads_as_a_servers_does(Capabilities client)
    {
        var writer = new PacketWriter();
        byte sequence = 1;
        TextResultSet.Write(writer, ref sequence, client, ["a", "b"], [["1", null], ["", "é"]], ServerStatus.Autocommit);
        var packets = new List<byte[]>();
        var rest = writer.Written;
        while (Packet.TryRead(rest, out _, out var payload, out var consumed))
        {
            packets.Add(payload.ToArray());
            rest = rest[consumed..];
        }
        Assert.Equal((client & Capabilities.DeprecateEof) != 0 ? 6 : 7, packets.Count);
        Assert.Equal(packets.Count + 1, sequence);
        Assert.Equal((client & Capabilities.MariaDbCacheMetadata) != 0 ? [2, 1] : (byte[])[2], packets[0]);
        Assert.Equal("b", ColumnDefinition.Parse(packets[2], client).Name);
        Assert.Equal((string?[])["1", null], TextResultSet.ReadRow(packets[^3], 2));
        Assert.Equal((string?[])["", "é"], TextResultSet.ReadRow(packets[^2], 2));
    }

    [Fact]
    public void Query_attributes_are_split_from_the_statement()
    {
        var payload = PrefixTests.Payload(static w => QueryAttributes.WriteQuery(w, Capabilities.QueryAttributes, "select 1"u8, [new("traceparent", "00-ab"), new("n", null)]));
        var sql = QueryAttributes.SqlOf(payload, Capabilities.QueryAttributes, out var attributes);
        Assert.Equal("select 1", Encoding.UTF8.GetString(sql));
        Assert.Equal([new("traceparent", "00-ab"), new("n", null)], attributes);
        Assert.Equal("select 1", Encoding.UTF8.GetString(QueryAttributes.SqlOf([3, .. "select 1"u8], Capabilities.None, out _)));
    }

    [Fact]
    public void An_execution_loses_its_attributes_and_keeps_its_parameters()
    {
        byte[] execute = [0x17, 1, 0, 0, 0, 8, 1, 0, 0, 0, 2, 0, 1, 3, 0, 0, 0xFE, 0, 1, (byte)'t', 5, 0, 0, 0, 2, (byte)'h', (byte)'i'];
        var payload = PrefixTests.Payload(w => QueryAttributes.WriteExecuteWithout(w, execute, 9, 1));
        Assert.Equal([0x17, 9, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 0, 5, 0, 0, 0], payload);
    }

    [Theory]
    [InlineData(0), InlineData(49), InlineData(50), InlineData(5000), InlineData(Packet.MaxPayload + 10)]
    public void Compressed_frames_give_back_what_was_put_in(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content.AsSpan(0, length / 2));
        var writer = new PacketWriter();
        byte sequence = 0;
        CompressedFrames.Write(writer, ref sequence, content);
        var joined = new MemoryStream();
        var rest = writer.Written;
        byte expected = 0;
        while (CompressedFrames.TryRead(rest, out var number, out var piece, out var consumed))
        {
            Assert.Equal(expected++, number);
            joined.Write(piece);
            rest = rest[consumed..];
        }
        Assert.True(rest.IsEmpty);
        Assert.Equal(expected, sequence);
        Assert.True(content.AsSpan().SequenceEqual(joined.ToArray()));
        if (length == 5000) Assert.True(writer.Written.Length < 3000);
    }

    [Fact]
    public void A_compressed_frame_that_is_longer_or_shorter_than_announced_is_malformed()
    {
        var writer = new PacketWriter();
        byte sequence = 0;
        CompressedFrames.Write(writer, ref sequence, new byte[1000]);
        foreach (byte announced in (byte[])[0xE7, 0xE9])
        {
            var frame = writer.Written.ToArray();
            frame[4] = announced;
            Assert.Throws<MalformedPacketException>(() => CompressedFrames.TryRead(frame, out _, out _, out _));
        }
    }

    [Theory]
    [InlineData("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "192.168.0.1:56324")]
    [InlineData("PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n", "[2001:db8::1]:1")]
    [InlineData("PROXY UNKNOWN\r\n", null)]
    [InlineData("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", null)]
    public void A_text_PROXY_header_names_the_source(string text, string? source)
    {
        byte[] bytes = [.. Encoding.ASCII.GetBytes(text), 9, 9];
        Assert.Equal(ProxyHeaderRead.Complete, ProxyHeader.Read(bytes, out var header, out var consumed));
        Assert.Equal(bytes.Length - 2, consumed);
        Assert.Equal(source is null ? null : IPEndPoint.Parse(source), header!.Source);
    }

    [Theory]
    [InlineData("PROXY TCP4 192.168.0.1 192.168.0.11 56324\r\n"), InlineData("PROXY TCP4 a b 1 2\r\n"), InlineData("PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n"), InlineData("PROXY \r\n"), InlineData("PROXY\r\n ")]
    public void A_broken_text_PROXY_header_is_refused(string text) =>
        Assert.NotEqual(ProxyHeaderRead.Complete, ProxyHeader.Read(Encoding.ASCII.GetBytes(text), out _, out _));

    [Fact]
    public void A_binary_PROXY_header_names_the_source_and_its_extras_are_skipped()
    {
        byte[] bytes = [.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x11, 0, 15, 10, 0, 0, 1, 10, 0, 0, 2, 0x13, 0x88, 0x0C, 0xEA, 4, 0, 0, 77];
        Assert.Equal(ProxyHeaderRead.Complete, ProxyHeader.Read(bytes, out var header, out var consumed));
        Assert.Equal(bytes.Length - 1, consumed);
        Assert.Equal(IPEndPoint.Parse("10.0.0.1:5000"), header!.Source);
        Assert.Equal(IPEndPoint.Parse("10.0.0.2:3306"), header.Destination);
    }

    [Theory]
    [InlineData(45, "utf8mb4"), InlineData(255, "utf8mb4"), InlineData(8, "latin1"), InlineData(33, "utf8mb3"), InlineData(63, "binary"), InlineData(28, "gbk"), InlineData(248, "gb18030"), InlineData(9999, null)]
    public void A_collation_tells_its_charset(int id, string? charset) => Assert.Equal(charset, Collations.CharsetOf(id));

    [Theory]
    [InlineData("gbk", true), InlineData("sjis", true), InlineData("big5", true), InlineData("cp932", true), InlineData(null, true), InlineData("nonsense", true), InlineData("utf8mb4", false), InlineData("utf8", false), InlineData("latin1", false), InlineData("ujis", false)]
    public void A_charset_that_may_hide_ASCII_is_known(string? charset, bool may) => Assert.Equal(may, Collations.MayHideAscii(charset));
}
