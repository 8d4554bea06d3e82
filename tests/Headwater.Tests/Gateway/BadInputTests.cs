using System.Text;
using Headwater.Gateway;
using Headwater.Wire.MySql;

namespace Headwater.Tests.Gateway;

/// <summary>Each kind of bad input gets an error in the protocol's own form, costs its own connection at most, and nobody else anything.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));
    FakeCluster _cluster = null!;
    RawClient _other = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = new FakeCluster(2, options => options with { LoginTimeout = TimeSpan.FromMilliseconds(300), MaxPacketBytes = 1 << 20 });
        _other = await _cluster.LoggedInAsync();
    }

    /// <summary>After every test: the other session lives, nothing is left, nothing secret was logged.</summary>
    public async ValueTask DisposeAsync()
    {
        Assert.True((await _other.QueryAsync("select 'other' from t", _limit.Token)).IsOk);
        _other.Dispose();
        Assert.Equal("", await _cluster.LeftoversAsync());
        Assert.DoesNotContain(_cluster.Log.Lines, line => line.Contains(FakeCluster.Password, StringComparison.Ordinal));
        await _cluster.DisposeAsync();
        _limit.Dispose();
    }

    async Task<(ushort Code, byte Sequence)> ErrorAsync(RawClient client)
    {
        var packet = await client.ReadAsync(_limit.Token);
        Assert.NotNull(packet);
        Assert.Equal(0xFF, packet.Value.Payload[0]);
        Assert.True(ErrPacket.TryParse(packet.Value.Payload, out var error));
        Assert.NotEmpty(error.Message.ToArray());
        return (error.Code, packet.Value.Sequence);
    }

    async Task AssertClosedAsync(RawClient client) => Assert.Null(await client.ReadAsync(_limit.Token));

    async Task<RawClient> GreetedAsync()
    {
        var client = await _cluster.ConnectAsync();
        Assert.True(await client.GreetedAsync(_limit.Token));
        return client;
    }

    static byte[] PacketOf(byte[] payload, byte sequence)
    {
        var writer = new PacketWriter();
        writer.Begin(sequence);
        writer.Bytes(payload);
        writer.End();
        return writer.Written.ToArray();
    }

    [Fact]
    public async Task An_absurd_length_is_refused_before_a_byte_of_it_is_taken()
    {
        using var client = await _cluster.LoggedInAsync();
        await client.SendAsync(new byte[] { 0xFE, 0xFF, 0xFF, 0, 3 });
        Assert.Equal((1153, 1), await ErrorAsync(client));
        await AssertClosedAsync(client);
    }

    [Fact]
    public async Task A_command_beyond_the_limit_is_refused_and_one_within_is_run()
    {
        using var client = await _cluster.LoggedInAsync();
        Assert.True((await client.QueryAsync($"select 'x' from t /* {new string('x', 900_000)} */", _limit.Token)).IsOk);
        await client.SendAsync(RawClient.QueryBytes($"select 'x' from t /* {new string('x', 1_100_000)} */").AsMemory(0, 100_000));
        Assert.Equal((1153, 1), await ErrorAsync(client));
    }

    [Fact]
    public async Task A_wrong_sequence_number_is_refused()
    {
        using var client = await _cluster.LoggedInAsync();
        await client.SendAsync(RawClient.CommandBytes(Command.Ping, [], sequence: 5));
        Assert.Equal((1156, 1), await ErrorAsync(client));
        await AssertClosedAsync(client);
    }

    [Fact]
    public async Task Unknown_commands_and_empty_packets_are_refused_and_the_session_lives_on()
    {
        using var client = await _cluster.LoggedInAsync();
        foreach (var bytes in (byte[][])[[0, 0, 0, 0], RawClient.CommandBytes((Command)0x77, []), RawClient.CommandBytes((Command)0xFF, "x"u8), RawClient.CommandBytes(Command.SetOption, [])])
        {
            await client.SendAsync(bytes);
            Assert.Equal((1047, 1), await ErrorAsync(client));
        }
        Assert.True((await client.QueryAsync("select 'x' from t", _limit.Token)).IsOk);
    }

    [Fact]
    public async Task Unknown_statement_ids_are_refused_and_the_session_lives_on()
    {
        using var client = await _cluster.LoggedInAsync();
        foreach (var bytes in (byte[][])[RawClient.ExecuteBytes(99), RawClient.IdBytes(Command.StmtReset, 99), RawClient.IdBytes(Command.StmtFetch, 99, 1, 0, 0, 0), RawClient.CommandBytes(Command.StmtExecute, [1]), RawClient.CommandBytes(Command.StmtFetch, [])])
        {
            await client.SendAsync(bytes);
            Assert.Equal((1243, 1), await ErrorAsync(client));
        }
        // These have no answer.
        await client.SendAsync(RawClient.IdBytes(Command.StmtClose, 99));
        await client.SendAsync(RawClient.IdBytes(Command.StmtSendLongData, 99, 0, 0, 1));
        Assert.True((await client.QueryAsync("select 'x' from t", _limit.Token)).IsOk);
    }

    [Fact]
    public async Task An_executed_statement_that_a_server_no_longer_prepares_gives_that_servers_error_at_once()
    {
        using var client = await _cluster.LoggedInAsync();
        var prepared = await client.AskAsync(RawClient.CommandBytes(Command.StmtPrepare, "select 'p' from t where rows = 1"u8), _limit.Token);
        Assert.True(prepared.IsOk);
        _cluster.Down();
        _cluster.Up();
        var gone = new PacketWriter();
        ErrPacket.Write(gone, 1, 1146, "42S02", "Table 't' doesn't exist");
        foreach (var server in _cluster.Servers) server.Deliver = (command, _, _) => command is [(byte)Command.StmtPrepare, ..] ? new Delivery { Instead = gone.Written.ToArray() } : Delivery.Plain;
        var answer = await client.AskAsync(RawClient.ExecuteBytes(prepared.StatementId), _limit.Token);
        Assert.Equal(1146, answer.ErrorCode);
        foreach (var server in _cluster.Servers) server.Deliver = (_, _, _) => Delivery.Plain;
        Assert.True((await client.AskAsync(RawClient.ExecuteBytes(prepared.StatementId), _limit.Token)).IsOk);
    }

    [Fact]
    public async Task What_the_gateway_answers_itself_does_not_speak_of_a_cursor_that_is_open()
    {
        using var client = await _cluster.LoggedInAsync();
        var prepared = await client.AskAsync(RawClient.CommandBytes(Command.StmtPrepare, "select 'p' from t where rows = 3"u8), _limit.Token);
        Assert.True((await client.AskAsync(RawClient.ExecuteBytes(prepared.StatementId, cursor: 1), _limit.Token)).IsOk);
        var answer = await client.QueryAsync("show headwater servers", _limit.Token);
        Assert.Equal(2, answer.Rows);
        Assert.Equal(ServerStatus.Autocommit, answer.Status);
    }

    [Theory]
    [InlineData("garbage", 1835)]
    [InlineData("old protocol", 1835)]
    [InlineData("out of order", 1156)]
    [InlineData("too long", 1153)]
    [InlineData("long user name", 1045)]
    [InlineData("long proof", 1045)]
    [InlineData("wrong plugin and garbage after the switch", 1045)]
    [InlineData("account of another plugin", 1045)]
    [InlineData("locked out by no password", 1045)]
    public async Task A_bad_login_gets_an_error_with_the_next_number_and_is_closed(string kind, int code)
    {
        using var client = await GreetedAsync();
        var login = new LoginRequest { Capabilities = RawClient.Usual, User = FakeCluster.User, AuthResponse = new byte[20] };
        byte[] bytes;
        var next = 2;
        switch (kind)
        {
            case "garbage":
                bytes = PacketOf([.. BitConverter.GetBytes((uint)RawClient.Usual), 1, 2, 3], 1);
                break;
            case "old protocol":
                bytes = PacketOf(new byte[40], 1);
                break;
            case "out of order":
                bytes = client.LoginBytes(FakeCluster.User, FakeCluster.Password, sequence: 9);
                break;
            case "too long":
                bytes = PacketOf(new byte[100_000], 1)[..1000];
                break;
            case "long user name":
                bytes = Of(login with { User = new string('u', 50_000) });
                break;
            case "long proof":
                bytes = Of(login with { AuthResponse = new byte[40_000] });
                break;
            case "account of another plugin":
                bytes = Of(login with { User = "signed" });
                break;
            case "locked out by no password":
                bytes = Of(login with { AuthResponse = [] });
                break;
            default:
                await client.SendAsync(Of(login with { AuthPlugin = new string('p', 300) }));
                Assert.Equal(0xFE, (await client.ReadAsync(_limit.Token))!.Value.Payload[0]);
                bytes = PacketOf(Encoding.ASCII.GetBytes(new string('g', 5000)), 3);
                next = 4;
                break;
        }
        await client.SendAsync(bytes);
        // Where the switch was asked for, the answer comes after it.
        var packet = await client.ReadAsync(_limit.Token);
        if (packet is { Payload: [0xFE, ..] })
        {
            await client.SendAsync(PacketOf(new byte[64], (byte)(packet.Value.Sequence + 1)));
            packet = await client.ReadAsync(_limit.Token);
            next = 4;
        }
        Assert.NotNull(packet);
        Assert.True(ErrPacket.TryParse(packet.Value.Payload, out var error));
        Assert.Equal(code, error.Code);
        Assert.Equal(next, packet.Value.Sequence);
        await AssertClosedAsync(client);
        static byte[] Of(LoginRequest request)
        {
            var writer = new PacketWriter();
            request.Write(writer, 1);
            return writer.Written.ToArray();
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(30)]
    public async Task A_login_that_takes_too_long_is_ended(int bytes)
    {
        using var client = await GreetedAsync();
        await client.SendAsync(client.LoginBytes(FakeCluster.User, FakeCluster.Password).AsMemory(0, bytes));
        Assert.Equal((1159, 2), await ErrorAsync(client));
        await AssertClosedAsync(client);
    }

    [Fact]
    public async Task A_client_that_asks_on_and_on_and_reads_nothing_is_not_answered_without_end()
    {
        using var client = await _cluster.LoggedInAsync();
        var flood = Enumerable.Range(0, 2_000).SelectMany(_ => RawClient.QueryBytes("show headwater stats")).ToArray();
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++) await client.SendAsync(flood);
        }, _limit.Token);
        var most = 0L;
        for (var since = 0; since < 40; since += most > 0 ? 1 : 0)
        {
            await Task.Delay(10, _limit.Token);
            foreach (var session in _cluster.Gateway.AllSessions) most = Math.Max(most, session.Client.PendingOutput);
        }
        Assert.True(most < 1 << 20, $"{most} bytes wait for a client that does not read");
        client.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
    }

    [Fact]
    public async Task A_server_that_says_more_than_it_was_asked_does_not_answer_the_next_statement_with_it()
    {
        var stray = new PacketWriter();
        OkPacket.Write(stray, 1, 0, ServerStatus.Autocommit);
        OkPacket.Write(stray, 1, 0, ServerStatus.Autocommit, affectedRows: 99);
        foreach (var server in _cluster.Servers) server.Deliver = (_, text, _) => text.Contains("stray", StringComparison.Ordinal) ? new Delivery { Instead = stray.Written.ToArray() } : Delivery.Plain;
        using var client = await _cluster.LoggedInAsync();
        for (var i = 0; i < 10; i++)
        {
            Assert.True((await client.QueryAsync("update stray set a = 1", _limit.Token)).IsOk);
            var answer = await client.QueryAsync($"select 'mine{i}' from t", _limit.Token);
            Assert.True(answer.IsOk && answer.Tokens.SetEquals([$"mine{i}"]));
        }
    }

    [Fact]
    public async Task Parameter_data_that_was_lost_with_its_server_is_not_executed_without()
    {
        using var client = await _cluster.LoggedInAsync();
        var prepared = await client.AskAsync(RawClient.CommandBytes(Command.StmtPrepare, "insert into t values (?)"u8), _limit.Token);
        await client.SendAsync(RawClient.IdBytes(Command.StmtSendLongData, prepared.StatementId, 0, 0, 1, 2, 3));
        Assert.True((await client.AskAsync(RawClient.CommandBytes(Command.Ping, []), _limit.Token)).IsOk);
        _cluster.Down();
        _cluster.Up();
        Assert.Equal(1158, (await client.AskAsync(RawClient.ExecuteBytes(prepared.StatementId, 1), _limit.Token)).ErrorCode);
        Assert.True((await client.AskAsync(RawClient.ExecuteBytes(prepared.StatementId, 1), _limit.Token)).IsOk);
    }
}
