using Headwater.Gateway.Sessions;
using Headwater.Wire.MySql;

namespace Headwater.Tests.Gateway;

/// <summary>The relay of answers, fed with every prefix, every split and changed bytes of recorded answers.</summary>
public class ExchangeTests
{
    static IEnumerable<ReadOnlyMemory<byte>> Whole(byte[] bytes) => [bytes];
    static IEnumerable<ReadOnlyMemory<byte>> Split(byte[] bytes, int at) => [bytes.AsMemory(0, at), bytes.AsMemory(at)];
    static IEnumerable<ReadOnlyMemory<byte>> EachByte(byte[] bytes) => Enumerable.Range(0, bytes.Length).Select(i => (ReadOnlyMemory<byte>)bytes.AsMemory(i, 1));

    [Fact]
    public void An_answer_is_followed_to_its_end_and_not_beyond()
    {
        using var following = new Following();
        foreach (var answer in Recorded.Answers)
        {
            var (client, outcome, held) = following.Run(answer, Whole(answer.Bytes));
            Assert.True(outcome is { End: ExchangeEnd.Complete or ExchangeEnd.FirstError }, answer.Name);
            Assert.True(client.Length + held.Length > 0, answer.Name);
            // Without session state of the gateway's own, and with the client's own statement id, it is what the server sent.
            if (answer.Shape != ResponseShape.Prepare && !ContainsState(answer)) Assert.Equal(answer.Bytes, (byte[])[.. client, .. held]);
        }
        Assert.Equal(0, following.BuffersOutstanding);
    }

    static bool ContainsState(RecordedAnswer answer) =>
        answer.Name.StartsWith("insert", StringComparison.Ordinal) || answer.Name.StartsWith("set", StringComparison.Ordinal) || answer.Name.StartsWith("use", StringComparison.Ordinal);

    [Fact]
    public void The_client_gets_the_same_bytes_however_the_answer_is_split()
    {
        using var following = new Following();
        foreach (var answer in Recorded.Answers)
        {
            var (whole, outcome, held) = following.Run(answer, Whole(answer.Bytes));
            var ways = Enumerable.Range(1, answer.Bytes.Length - 1).Select(at => (Split(answer.Bytes, at), $"split at {at}")).Append((EachByte(answer.Bytes), "byte by byte"));
            foreach (var (pieces, way) in ways)
            {
                var (split, splitOutcome, splitHeld) = following.Run(answer, pieces);
                Assert.True(whole.AsSpan().SequenceEqual(split), $"{answer.Name}, {way}");
                Assert.True(held.AsSpan().SequenceEqual(splitHeld), $"{answer.Name}, {way}");
                // An answer that is whole says nothing of what was forwarded before it was.
                Assert.True(outcome == splitOutcome!.Value with { Forwarded = outcome!.Value.Forwarded }, $"{answer.Name}, {way}: {splitOutcome} instead of {outcome}");
            }
        }
        Assert.Equal(0, following.BuffersOutstanding);
    }

    [Fact]
    public void A_client_that_takes_its_bytes_late_gets_them_all()
    {
        using var following = new Following();
        foreach (var answer in Recorded.Answers)
        {
            var whole = following.Run(answer, Whole(answer.Bytes)).Client;
            Assert.Equal(whole, following.Run(answer, EachByte(answer.Bytes), stuckClient: true).Client);
        }
    }

    [Fact]
    public void Every_prefix_ends_with_the_backend_lost_and_tells_truly_what_the_client_has_seen()
    {
        using var following = new Following();
        foreach (var answer in Recorded.Answers)
        {
            var whole = following.Run(answer, Whole(answer.Bytes)).Client;
            for (var length = 0; length < answer.Bytes.Length; length++)
            {
                var where = $"{answer.Name}, cut after {length}";
                var (client, outcome, _) = following.Run(answer, Whole(answer.Bytes[..length]), hangUp: true);
                Assert.True(outcome is { End: ExchangeEnd.BackendLost }, $"{where}: {outcome}");
                Assert.True(whole.AsSpan().StartsWith(client), where);
                var seen = outcome.Value.Forwarded;
                Assert.True(seen == Forwarded.Nothing == (client.Length == 0), where);
                if (seen == Forwarded.WholePackets)
                {
                    Assert.True(EndsWithAPacket(client, out var last), where);
                    Assert.True(outcome.Value.NextSequence == (byte)(last + 1), where);
                }
                if (seen == Forwarded.PartOfPacket) Assert.False(EndsWithAPacket(client, out _), where);
            }
        }
        Assert.Equal(0, following.BuffersOutstanding);
    }

    static bool EndsWithAPacket(byte[] bytes, out byte sequence)
    {
        sequence = 0;
        var at = 0;
        while (at + Packet.HeaderSize <= bytes.Length)
        {
            sequence = bytes[at + 3];
            at += Packet.HeaderSize + Packet.PayloadLength(bytes.AsSpan(at));
        }
        return at == bytes.Length;
    }

    [Fact]
    public void A_changed_byte_never_breaks_the_relay_and_nothing_is_kept()
    {
        using var following = new Following();
        foreach (var answer in Recorded.Answers)
            for (var at = 0; at < answer.Bytes.Length; at++)
                foreach (byte mask in (byte[])[0x01, 0x80, 0xFF])
                {
                    var changed = (byte[])answer.Bytes.Clone();
                    changed[at] ^= mask;
                    var (client, outcome, _) = following.Run(answer, Whole(changed), hangUp: true);
                    Assert.True(following.BuffersOutstanding == 0, $"{answer.Name}, byte {at} changed by {mask:X2}");
                    if (outcome is { End: ExchangeEnd.BackendLost, Forwarded: Forwarded.Nothing }) Assert.Empty(client);
                    if (outcome is { End: ExchangeEnd.BackendLost, Forwarded: Forwarded.WholePackets }) Assert.True(EndsWithAPacket(client, out _));
                }
    }

    [Fact]
    public void Random_bytes_for_an_answer_never_break_the_relay()
    {
        using var following = new Following();
        var chance = new Seeded(20261121);
        for (var i = 0; i < 20_000; i++)
        {
            var answer = Recorded.Answers[chance.Below(Recorded.Answers.Count)];
            var bytes = new byte[chance.Below(300)];
            for (var b = 0; b < bytes.Length; b++) bytes[b] = chance.OneIn(2) ? (byte)chance.Below(9) : (byte)chance.Next();
            following.Run(answer, Split(bytes, chance.Below(bytes.Length + 1)), hangUp: true);
        }
        Assert.Equal(0, following.BuffersOutstanding);
    }

    [Fact]
    public void More_than_was_asked_for_makes_the_backend_useless()
    {
        using var loop = new Headwater.Gateway.Reactor.EventLoop(0, _ => { });
        var answer = Recorded.Answers[0];
        var client = new MemoryEndpoint(loop);
        var backend = new MemoryEndpoint(loop);
        var exchange = new Exchange(client, new SessionTracking(new SettingsInterner(), false), static _ => false);
        var relay = exchange.Relay(backend, answer.Shape, answer.DeprecateEof, holdErrors: true);
        Assert.False(relay.IsCompleted);
        backend.Arrive((byte[])[.. answer.Bytes, 1, 0, 0, 1, 0]);
        Assert.True(relay.IsCompleted);
        Assert.Equal(answer.Bytes, client.Sent);
        Assert.True(exchange.Desynchronized);
    }

    [Theory]
    [InlineData("00 0000 0240 0000 FEFFFFFFFFFFFFFFFF 0100")]
    [InlineData("00 0000 0240 0000 00 FEFFFFFFFFFFFFFFFF")]
    [InlineData("00 0000 0240 0000 00 0A 00FEFFFFFFFFFFFFFFFF")]
    [InlineData("00 0000 0240 0000 00 0B 0009FEFFFFFFFFFFFFFFFF")]
    public void Lengths_beyond_all_measure_in_session_state_are_refused(string ok)
    {
        var payload = Convert.FromHexString(ok.Replace(" ", "", StringComparison.Ordinal));
        foreach (var tracks in (bool[])[false, true])
        {
            using var following = new Following();
            var (_, outcome, _) = following.Run(new RecordedAnswer("ok", ResponseShape.Result, [], true, tracks), Whole([(byte)payload.Length, 0, 0, 1, .. payload]));
            Assert.Equal(ExchangeEnd.Complete, outcome?.End);
        }
    }

    [Fact]
    public void A_client_that_left_before_the_answer_is_noticed()
    {
        using var loop = new Headwater.Gateway.Reactor.EventLoop(0, _ => { });
        var client = new MemoryEndpoint(loop);
        client.HangUp();
        var relay = new Exchange(client, new SessionTracking(new SettingsInterner(), false), static _ => false).Relay(new MemoryEndpoint(loop), ResponseShape.Result, true, holdErrors: true);
        Assert.True(relay.IsCompleted);
#pragma warning disable xUnit1031 // not a task: it is complete, and would not block if it were not
        Assert.Equal(ExchangeEnd.ClientLost, relay.GetResult().End);
#pragma warning restore xUnit1031
    }
}
