using Headwater.Gateway.Reactor;
using Headwater.Gateway.Transport;
using Headwater.Wire.MySql;

namespace Headwater.Tests.Gateway;

/// <summary>The packet reader, fed with every prefix and every split of what clients send.</summary>
public class PacketInputTests
{
    static readonly byte[] Stream =
    [
        .. RawClient.QueryBytes("select 1"), .. RawClient.CommandBytes(Command.Ping, []), 0, 0, 0, 0,
        .. RawClient.QueryBytes("insert into t values ('" + new string('x', 300) + "')"), .. RawClient.CommandBytes(Command.Quit, []),
    ];

    /// <summary>Reads all messages; each as a copy, since it is valid until the next await only.</summary>
    static (List<byte[]> Messages, PacketInput Input, long Outstanding) Read(IEnumerable<byte[]> pieces, int limit = 1 << 20, int? expected = 0)
    {
        using var loop = new EventLoop(0, _ => { });
        var endpoint = new MemoryEndpoint(loop);
        var input = new PacketInput(endpoint) { Limit = limit, ExpectedSequence = expected };
        var messages = new List<byte[]>();
        async Task ReadAll()
        {
            while (true)
            {
                var message = await input.NextAsync();
                if (message.IsEnd) return;
                messages.Add(message.Bytes.ToArray());
            }
        }
        var reading = ReadAll();
        foreach (var piece in pieces) endpoint.Arrive(piece);
        endpoint.HangUp();
        Assert.True(reading.IsCompletedSuccessfully);
        input.Release();
        return (messages, input, loop.Buffers.Outstanding);
    }

    [Fact]
    public void Messages_are_the_same_however_the_bytes_are_split()
    {
        var whole = Read([Stream]);
        Assert.Equal(5, whole.Messages.Count);
        for (var at = 1; at < Stream.Length; at++)
        {
            var split = Read([Stream[..at], Stream[at..]]);
            Assert.Equal(whole.Messages, split.Messages);
            Assert.Equal(0, split.Outstanding);
        }
        Assert.Equal(whole.Messages, Read(Stream.Select(b => new[] { b })).Messages);
    }

    [Fact]
    public void Every_prefix_gives_the_whole_messages_in_it_and_then_an_end()
    {
        var whole = Read([Stream]).Messages;
        for (var length = 0; length <= Stream.Length; length++)
        {
            var (messages, _, outstanding) = Read([Stream[..length]]);
            Assert.Equal(whole.Take(messages.Count), messages);
            Assert.True(messages.Sum(m => m.Length) <= length);
            Assert.Equal(0, outstanding);
        }
    }

    [Fact]
    public void A_payload_of_16_MB_and_more_is_one_message_of_several_packets()
    {
        var writer = new PacketWriter();
        writer.Begin(0);
        writer.UInt8((byte)Command.Query);
        writer.Zeros(Packet.MaxPayload + 1000);
        writer.End();
        var bytes = writer.Written.ToArray();
        var (messages, _, outstanding) = Read(bytes.Chunk(1_000_003), limit: 1 << 26);
        Assert.Equal(bytes, Assert.Single(messages));
        Assert.Equal(0, outstanding);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_message_beyond_the_limit_ends_the_connection_before_its_bytes_are_taken(int split)
    {
        byte[] header = [0xFF, 0xFF, 0xFF, 0];
        var (messages, input, outstanding) = Read(split == 0 ? [header] : [header[..2], header[2..]], limit: 1000);
        Assert.Empty(messages);
        Assert.True(input.TooLong);
        Assert.Equal(0, outstanding);
    }

    [Fact]
    public void A_packet_out_of_order_ends_the_connection()
    {
        Assert.True(Read([RawClient.CommandBytes(Command.Ping, [], sequence: 1)]).Input.OutOfOrder);
        var (messages, input, _) = Read([[.. RawClient.CommandBytes(Command.Ping, []), .. RawClient.CommandBytes(Command.Ping, [], sequence: 7)]]);
        Assert.Single(messages);
        Assert.True(input.OutOfOrder);
    }

    [Fact]
    public void Random_bytes_end_in_messages_or_an_end_and_nothing_is_kept()
    {
        var chance = new Seeded(42);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[chance.Below(200)];
            for (var b = 0; b < bytes.Length; b++) bytes[b] = chance.OneIn(2) ? (byte)chance.Below(5) : (byte)chance.Next();
            var at = chance.Below(bytes.Length + 1);
            Assert.Equal(0, Read([bytes[..at], bytes[at..]], limit: 100_000, expected: chance.OneIn(2) ? 0 : null).Outstanding);
        }
    }
}
