using System.Text;
using Headwater.Wire.MySql;

namespace Headwater.Tests.Gateway;

/// <summary>Whole sessions over real sockets, cut and split at every byte, on the client's side and on the server's.</summary>
public class SplitSessionTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static TheoryData<bool, bool> Dialects => new() { { false, false }, { false, true }, { true, false }, { true, true } };

    static Capabilities Dialect(bool deprecateEof, bool tracks) =>
        RawClient.Usual | (deprecateEof ? Capabilities.DeprecateEof : 0) | (tracks ? Capabilities.SessionTrack : 0);

    /// <summary>All that a client says after its login, at once: the gateway takes the commands in turn.</summary>
    static byte[] Commands()
    {
        byte[] file = [3, 0, 0, 2, (byte)'a', (byte)',', (byte)'b', 0, 0, 0, 3];
        return
        [
            .. RawClient.QueryBytes("select 'a' from t where rows = 3 and width = 9"),
            .. RawClient.QueryBytes("select 'x' from missing"),
            .. RawClient.QueryBytes("call p('multi') rows = 2"),
            .. RawClient.CommandBytes(Command.StmtPrepare, "select 'p' from t where rows = 4 and a = ?"u8),
            .. RawClient.ExecuteBytes(1, 1),
            .. RawClient.ExecuteBytes(1, 1, cursor: 1),
            .. RawClient.IdBytes(Command.StmtFetch, 1, 2, 0, 0, 0),
            .. RawClient.IdBytes(Command.StmtClose, 1),
            .. RawClient.QueryBytes("load data local infile 'f' into table t"), .. file,
            .. RawClient.QueryBytes("begin"),
            .. RawClient.QueryBytes("commit"),
            .. RawClient.CommandBytes(Command.Ping, []),
        ];
    }

    static async Task<(byte[] Bytes, string End)> ReadAsync(RawClient client, int length)
    {
        using var limit = new CancellationTokenSource(Patience);
        var bytes = new byte[length];
        var filled = 0;
        while (filled < length)
        {
            int count;
            try
            {
                count = await client.Socket.ReceiveAsync(bytes.AsMemory(filled), limit.Token);
            }
            catch (OperationCanceledException)
            {
                return (bytes[..filled], "and no more for now");
            }
            if (count == 0) return (bytes[..filled], "closed");
            filled += count;
        }
        return (bytes, "all");
    }

    /// <summary>Where two differ, and what they say from a little before that.</summary>
    static string Difference(byte[] expected, byte[] found)
    {
        var at = expected.AsSpan().CommonPrefixLength(found);
        static string Shown(byte[] bytes, int from) => Encoding.Latin1.GetString(bytes.AsSpan(from, Math.Min(120, bytes.Length - from)));
        return $"alike up to {at}, then\n{Shown(expected, Math.Max(0, at - 40))}\nbecame\n{Shown(found, Math.Max(0, at - 40))}\n";
    }

    [Theory, MemberData(nameof(Dialects))]
    public async Task Answers_are_the_same_bytes_wherever_the_clients_bytes_are_split(bool deprecateEof, bool tracks)
    {
        await using var cluster = new FakeCluster();
        var commands = Commands();
        byte[] whole;
        using (var client = await cluster.LoggedInAsync(Dialect(deprecateEof, tracks)))
        {
            await client.SendAsync(commands);
            var answers = new List<byte>();
            using var limit = new CancellationTokenSource(Patience);
            foreach (var command in (Command[])[Command.Query, Command.Query, Command.Query, Command.StmtPrepare, Command.StmtExecute, Command.StmtExecute, Command.StmtFetch, Command.Query])
                answers.AddRange((await client.AnswerAsync(command, limit.Token)).Bytes);
            foreach (var (command, first) in ((Command, byte)[])[(Command.Query, 4), (Command.Query, 1), (Command.Query, 1), (Command.Ping, 1)])
            {
                var answer = await client.AnswerAsync(command, limit.Token, first);
                Assert.True(answer is { IsOk: true, OutOfOrder: false });
                answers.AddRange(answer.Bytes);
            }
            whole = [.. answers];
        }
        for (var at = 1; at < commands.Length; at++)
        {
            using var client = await cluster.LoggedInAsync(Dialect(deprecateEof, tracks));
            await client.SendAsync(commands.AsMemory(0, at));
            await Task.Yield();
            await client.SendAsync(commands.AsMemory(at));
            var (answers, end) = await ReadAsync(client, whole.Length);
            Assert.True(Enumerable.SequenceEqual(whole, answers), $"split at {at}: {answers.Length} of {whole.Length} bytes ({end}), {Difference(whole, answers)}; {string.Join("; ", cluster.Gateway.AllSessions.Select(s => s.WhatItDoes))}");
        }
        using (var client = await cluster.LoggedInAsync(Dialect(deprecateEof, tracks)))
        {
            foreach (var one in commands) await client.SendAsync(new[] { one });
            Assert.Equal(whole, (await ReadAsync(client, whole.Length)).Bytes);
        }
        Assert.Equal("", await cluster.LeftoversAsync());
    }

    [Theory, MemberData(nameof(Dialects))]
    public async Task A_client_may_leave_after_any_byte_and_nothing_stays(bool deprecateEof, bool tracks)
    {
        await using var cluster = new FakeCluster();
        var commands = Commands();
        var capabilities = Dialect(deprecateEof, tracks);
        for (var length = 0; ; length++)
        {
            using var client = await cluster.ConnectAsync(capabilities);
            using var limit = new CancellationTokenSource(Patience);
            Assert.True(await client.GreetedAsync(limit.Token));
            byte[] said = [.. client.LoginBytes(FakeCluster.User, FakeCluster.Password), .. commands];
            if (length > said.Length) break;
            await client.SendAsync(said.AsMemory(0, length));
        }
        Assert.Equal("", await cluster.LeftoversAsync());
        using var after = await cluster.LoggedInAsync();
        Assert.True((await after.QueryAsync("select 'still' from t", TestContext.Current.CancellationToken)).IsOk);
    }

    [Theory]
    [InlineData("select 'r' from t where rows = 3 and width = 4", true)]
    [InlineData("update t set a = 1", false)]
    [InlineData("call p('multi') rows = 2", false)]
    public async Task A_server_may_cut_its_answer_at_any_byte_and_the_client_is_told_or_served(string sql, bool isRead)
    {
        await using var cluster = new FakeCluster();
        int? cutAt = null;
        var length = 0;
        foreach (var server in cluster.Servers)
            server.Deliver = (_, text, bytes) =>
            {
                if (text != sql) return Delivery.Plain;
                length = bytes;
                var how = cutAt is { } at ? new Delivery { CutAfter = at } : Delivery.Plain;
                cutAt = null;
                return how;
            };
        using (var client = await cluster.LoggedInAsync()) Assert.True((await client.QueryAsync(sql, TestContext.Current.CancellationToken)).IsOk);
        var whole = length;
        for (var at = 0; at < whole; at++)
        {
            using var client = await cluster.LoggedInAsync();
            using var limit = new CancellationTokenSource(Patience);
            cutAt = at;
            var answer = await client.QueryAsync(sql, limit.Token);
            Assert.False(answer.OutOfOrder, $"cut after {at}");
            // Closed only where a packet was under way; else an error that says so; and a read that had shown nothing is answered.
            if (answer.Complete) Assert.True(answer.ErrorCode is 0 or 1158 or 1180, $"cut after {at}: {answer.ErrorCode} {answer.ErrorMessage}");
            if (isRead && at < 5) Assert.True(answer.IsOk && answer.Rows == 3, $"cut after {at}: {answer.ErrorMessage}");
            if (!isRead) Assert.False(answer.IsOk, $"cut after {at}: a statement with unknown outcome was said to have succeeded");
            if (answer.ErrorCode != 0) Assert.True((await client.QueryAsync("select 'next' from t", limit.Token)).IsOk, $"cut after {at}: the session did not live on");
        }
        Assert.Equal("", await cluster.LeftoversAsync());
    }

    [Fact]
    public async Task A_server_may_cut_a_login_at_any_byte_and_the_statement_is_run_all_the_same()
    {
        for (var stage = 0; stage < 2; stage++)
            for (var at = 0; at < 90; at += stage == 0 ? 1 : 3)
            {
                await using var cluster = new FakeCluster(1);
                var logins = 0;
                cluster.Servers[0].Deliver = (command, _, length) => command is null && logins++ == stage && at < length ? new Delivery { CutAfter = at } : Delivery.Plain;
                using var client = await cluster.LoggedInAsync();
                using var limit = new CancellationTokenSource(Patience);
                var answer = await client.QueryAsync("select 'x' from t", limit.Token);
                Assert.True(answer.IsOk, $"stage {stage}, cut after {at}: {answer.ErrorMessage}");
                if (stage == 1 && at > 12) break;
            }
    }

    [Fact]
    public async Task A_server_that_hangs_is_left_when_it_is_declared_dead_and_the_read_is_repeated_elsewhere()
    {
        await using var cluster = new FakeCluster(3);
        var hung = new TaskCompletionSource<int>();
        for (var i = 0; i < cluster.Servers.Count; i++)
        {
            var number = i;
            cluster.Servers[i].Deliver = (_, text, _) => text.Contains("hang", StringComparison.Ordinal) && hung.TrySetResult(number) ? new Delivery { Hang = TimeSpan.FromMinutes(1) } : Delivery.Plain;
        }
        using var client = await cluster.LoggedInAsync();
        using var limit = new CancellationTokenSource(Patience);
        var asked = client.QueryAsync("select 'hang' from t where rows = 2", limit.Token);
        cluster.Down(await hung.Task);
        var answer = await asked;
        Assert.True(answer.IsOk, answer.ErrorMessage);
        Assert.Equal(2, answer.Rows);
    }
}
