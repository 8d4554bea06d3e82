using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Headwater.Wire.MySql;

namespace Headwater.Tests.Gateway;

/// <summary>
/// Sessions that do anything a client may do, and much that it may not, against servers that do the same. What a session does follows
/// from the seed and its number alone, and a server's misbehaviour from a number in the statement's text, so a finding is run again by
/// seed and number. (Only what a server does to the gateway's own statements depends on timing.)
/// </summary>
sealed class RandomSessions(ulong seed)
{
    TimeSpan HangsAfter => TimeSpan.FromSeconds(Corrupts ? 4 : 20);
    readonly ConcurrentDictionary<long, bool> _misbehaved = new();
    readonly ConcurrentQueue<string> _findings = new();
    long _done, _commands, _answers, _errors, _closed, _misbehaviours;

    /// <summary>Servers also change bytes; then answers may be wrong, and only hangs, leaks and faults count.</summary>
    public bool Corrupts { get; init; }
    public int Parallel { get; init; } = 24;

    /// <summary>Told all that is said and answered, to look at one session.</summary>
    public Action<string>? Trace { get; init; }

    /// <summary>Per server; few of them make sessions wait for each other and take over each other's leavings.</summary>
    public int MaxBackends { get; init; } = 8;
    public IReadOnlyCollection<string> Findings => _findings;

    public string Summary => string.Create(CultureInfo.InvariantCulture,
        $"{_done} sessions, {_commands} commands: {_answers} answers, {_errors} errors, {_closed} connections ended early; servers misbehaved {_misbehaviours} times");

    public async Task RunAsync(long sessions, TimeSpan? atMost = null, long from = 0, Action<string>? progress = null)
    {
        await using var cluster = new FakeCluster(3, options => options with { MaxBackendsPerServer = MaxBackends });
        var chance = new Seeded(seed);
        cluster.Gateway.Suspected += cluster.Confirm; // a greeting that was changed on its way gives an id beyond all others
        foreach (var server in cluster.Servers) server.Deliver = (command, text, length) => Misbehave(command, text, length, chance);
        var until = atMost is { } limit ? Stopwatch.GetTimestamp() + (long)(limit.TotalSeconds * Stopwatch.Frequency) : long.MaxValue;
        var next = from - 1;
        var last = from + sessions;
        var workers = Enumerable.Range(0, Parallel).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetTimestamp() < until && _findings.Count < 20)
            {
                var number = Interlocked.Increment(ref next);
                if (number >= last) return;
                await OneAsync(cluster, number);
                var done = Interlocked.Increment(ref _done);
                if (done % 10_000 == 0) progress?.Invoke(Summary);
                if (done % 2_000 == 0 && cluster.Log.Faults.TryPeek(out var fault)) _findings.Enqueue($"a fault was logged by session {number} or earlier: {fault}");
            }
        })).ToArray();
        await Task.WhenAll(workers);

        if (await cluster.LeftoversAsync(TimeSpan.FromSeconds(5)) is { Length: > 0 } before)
        {
            // What waits for a server that hangs is let go when the server is declared dead.
            cluster.Down();
            await Task.Delay(100);
            if (await cluster.LeftoversAsync(TimeSpan.FromSeconds(3)) is { Length: > 0 } left) _findings.Enqueue($"after all sessions: {left} (before the servers were declared dead: {before})");
        }
        cluster.Up();
        foreach (var server in cluster.Servers) server.Deliver = (_, _, _) => Delivery.Plain;
        try
        {
            using var client = await cluster.LoggedInAsync();
            var answer = await client.QueryAsync("select 'still' from t where rows = 3");
            if (!answer.IsOk || answer.Rows != 3) _findings.Enqueue($"the gateway does not serve any more: {answer.ErrorMessage}");
        }
        catch (Exception e)
        {
            _findings.Enqueue($"the gateway does not serve any more: {e.Message}");
        }
        if (cluster.Log.Lines.Any(l => l.Contains(FakeCluster.Password, StringComparison.Ordinal))) _findings.Enqueue("a password was logged");
    }

    Delivery Misbehave(byte[]? command, string text, int length, Seeded chance)
    {
        lock (chance)
        {
            if (length == 0) return Delivery.Plain;
            var number = chance.Next();
            var at = text.IndexOf("chaos = ", StringComparison.Ordinal);
            if (at >= 0)
            {
                var digits = text.AsSpan(at + 8);
                var end = 0;
                while (end < digits.Length && char.IsAsciiDigit(digits[end])) end++;
                if (!long.TryParse(digits[..end], CultureInfo.InvariantCulture, out var chaos) || chaos == 0) return Delivery.Plain;
                // Once: what the gateway repeats elsewhere succeeds.
                if (!_misbehaved.TryAdd(chaos * 256 + (command?[0] ?? 0), true)) return Delivery.Plain;
                number = new Seeded((ulong)chaos).Next();
            }
            else if (number % 200 != 0) return Delivery.Plain;
            Interlocked.Increment(ref _misbehaviours);
            var pick = number >> 16;
            var position = (int)((number >> 32) % (ulong)length);
            return (pick % (Corrupts ? 8u : 5u)) switch
            {
                0 => new Delivery { CutAfter = position },
                1 => new Delivery { CutAfter = 0 },
                2 => new Delivery { SplitAt = position, Delay = TimeSpan.FromMilliseconds(1) },
                3 => new Delivery { SplitAt = position },
                4 => new Delivery { Hang = TimeSpan.FromMilliseconds(5 + position % 60) },
                5 => new Delivery { Instead = Garbage(new Seeded(number)), CutAfter = 4000 },
                _ => new Delivery { Flip = (position, (byte)(1 << (int)(pick % 8))) },
            };
        }
    }

    static byte[] Garbage(Seeded chance)
    {
        var bytes = new byte[1 + chance.Below(300)];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)chance.Next();
        // Half of them with a header that fits, so that the payload is looked at.
        if (bytes.Length > 5 && chance.OneIn(2)) Packet.WriteHeader(bytes, bytes.Length - 4, 1);
        return bytes;
    }

    async Task OneAsync(FakeCluster cluster, long number)
    {
        using var limit = new CancellationTokenSource(HangsAfter);
        var chance = new Seeded(seed ^ (ulong)(number + 1) * 0x9E3779B97F4A7C15);
        var what = "connect";
        try
        {
            var capabilities = RawClient.Usual | (chance.OneIn(2) ? Capabilities.DeprecateEof : 0) | (chance.OneIn(2) ? Capabilities.SessionTrack : 0);
            using var client = await cluster.ConnectAsync(capabilities);
            var session = new RandomSession(client, chance, number, Corrupts, limit.Token) { Trace = Trace };
            try
            {
                await session.RunAsync(w =>
                {
                    what = w;
                    Trace?.Invoke(w);
                });
            }
            catch (OperationCanceledException)
            {
                // Garbage may say that more is to come, to the client as to anybody; then the gateway is done and takes commands.
                if (Corrupts && client.Greeting is { } greeting && cluster.Gateway.FindSession(greeting.ThreadId) is { Input.IsWaiting: true }) return;
                what += $" ({string.Join("; ", cluster.Gateway.AllSessions.Select(s => s.WhatItDoes))})";
                throw;
            }
            Interlocked.Add(ref _commands, session.Commands);
            Interlocked.Add(ref _answers, session.Answers);
            Interlocked.Add(ref _errors, session.Errors);
            if (session.EndedEarly) Interlocked.Increment(ref _closed);
            if (session.Finding is { } finding) _findings.Enqueue($"seed {seed}, session {number}: {what}: {finding}");
        }
        catch (OperationCanceledException)
        {
            _findings.Enqueue($"seed {seed}, session {number}: no answer within {HangsAfter.TotalSeconds} s to: {what}");
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            Interlocked.Increment(ref _closed);
        }
        catch (Exception e) when (Corrupts && e is MalformedPacketException or ArgumentOutOfRangeException)
        {
            // The client could not read what a corrupting server had said.
        }
    }
}

/// <summary>What one random client does.</summary>
sealed class RandomSession(RawClient client, Seeded chance, long number, bool corrupts, CancellationToken ct)
{
    int _statement;

    public Action<string>? Trace { get; init; }
    public long Commands { get; private set; }
    public long Answers { get; private set; }
    public long Errors { get; private set; }
    public bool EndedEarly { get; private set; }
    public string? Finding { get; private set; }

    public async Task RunAsync(Action<string> says)
    {
        if (!await LoginAsync(says)) return;
        for (var left = 1 + chance.Below(6); left > 0 && !EndedEarly && Finding is null; left--)
            if (!await ActAsync(says)) return;
        if (chance.OneIn(2)) await client.SendAsync(RawClient.CommandBytes(Command.Quit, []));
    }

    async Task<bool> LoginAsync(Action<string> says)
    {
        switch (chance.Below(40))
        {
            case 0:
                says("leave before the greeting");
                return false;
            case 1:
                says("leave after the greeting");
                await client.GreetedAsync(ct);
                return false;
            case 2:
                says("garbage for a login");
                await client.GreetedAsync(ct);
                await client.SendAsync(Noise(200, header: true, sequence: 1));
                await client.ReadAsync(ct);
                return false;
            case 3:
                says("a wrong password");
                if (await client.LoginAsync(password: "wrong", ct: ct)) Finding = "was let in";
                return false;
            case 4:
                says("a cut login");
                await client.GreetedAsync(ct);
                var login = client.LoginBytes(FakeCluster.User, FakeCluster.Password);
                await client.SendAsync(login.AsMemory(0, chance.Below(login.Length)));
                return false;
            case 5:
                says("a user of another plugin");
                if (await client.LoginAsync("signed", "x", ct: ct)) Finding = "was let in";
                return false;
            default:
                says("login");
                var ok = await client.LoginAsync(schema: chance.OneIn(3) ? $"s{chance.Below(3)}" : null, ct: ct);
                EndedEarly = !ok;
                return ok;
        }
    }

    async Task<bool> ActAsync(Action<string> says)
    {
        Commands++;
        switch (chance.Below(30))
        {
            case < 8:
                await CheckedSelectAsync(says);
                return true;
            case 8 or 9:
                await AskAsync(says, $"insert into t values ('{Token()}') /* */{Chaos()}");
                return true;
            case 10:
                await AskAsync(says, "begin");
                await AskAsync(says, $"insert into t values ('{Token()}') {Chaos()}");
                if (chance.OneIn(3)) await CheckedSelectAsync(says);
                if (chance.OneIn(4)) return !chance.OneIn(2);
                await AskAsync(says, chance.OneIn(2) ? $"commit {Comment()}" : "rollback");
                return true;
            case 11:
                await AskAsync(says, Pick("select 'x' from missing", "select 'x' from midway", "insert into missing values (1)", "update deadlock set a = 1", "call p() rows = 4"));
                return true;
            case 12:
                await PreparedAsync(says);
                return true;
            case 13:
                await CursorAsync(says);
                return true;
            case 14:
                await LongDataAsync(says);
                return true;
            case 15:
                return await LoadAsync(says);
            case 16:
                await AskAsync(says, Pick("set autocommit = 0", "set autocommit = 1", "set sql_mode = 'ANSI_QUOTES'", "set @v := 1", "use s1", "use s2", "set time_zone = '+01:00'", "select @v", "select LAST_INSERT_ID()", "select get_lock('a', 1)"));
                return true;
            case 17:
                await AskAsync(says, RawClient.CommandBytes(chance.OneIn(2) ? Command.ResetConnection : Command.Ping, []));
                return true;
            case 18:
                await AskAsync(says, RawClient.CommandBytes(Command.InitDb, Encoding.UTF8.GetBytes(chance.OneIn(4) ? "nosuch" : $"s{chance.Below(4)}")));
                return true;
            case 19:
                await AskAsync(says, RawClient.CommandBytes(Command.FieldList, "t\0%"u8));
                return true;
            case 20:
                await AskAsync(says, chance.OneIn(2) ? RawClient.CommandBytes(Command.Statistics, []) : RawClient.CommandBytes(Command.SetOption, [(byte)chance.Below(2), 0]));
                return true;
            case 21:
                await AskAsync(says, Pick("show headwater sessions", "show headwater servers", "show headwater nonsense", "explain route select 1", "select headwater_token()", "set headwater.level = 'strong'", "set headwater.level = 'wrong'", "set headwater.token = 'x'", $"kill {chance.Below(100000) + 1}"));
                return true;
            case 22:
                await ChangeUserAsync(says);
                return true;
            case 23:
                await PipelinedAsync(says);
                return true;
            case 24:
                says("leave in the middle of an answer");
                await client.SendAsync(RawClient.QueryBytes($"select '{Token()}' from t where rows = {chance.Below(2000)} and width = 200 {Chaos()}"));
                await client.ReadAsync(ct);
                return false;
            case 25:
                says("half a command");
                var whole = RawClient.QueryBytes($"select '{Token()}' from t");
                await client.SendAsync(whole.AsMemory(0, chance.Below(whole.Length)));
                return false;
            case 26:
                says("a command in pieces");
                var pieces = RawClient.QueryBytes($"select '{Token()}' from t where rows = 2 {Chaos()}");
                var cut = chance.Below(pieces.Length);
                await client.SendAsync(pieces.AsMemory(0, cut));
                await client.SendAsync(pieces.AsMemory(cut));
                Check(await client.AnswerAsync(Command.Query, ct));
                return true;
            default:
                return await BadAsync(says);
        }
    }

    /// <summary>What must be answered with an error or a closed connection.</summary>
    async Task<bool> BadAsync(Action<string> says)
    {
        byte[] bytes;
        switch (chance.Below(8))
        {
            case 0:
                says("an unknown command");
                bytes = RawClient.CommandBytes((Command)(0x40 + chance.Below(0x80)), Noise(20));
                break;
            case 1:
                says("an empty packet");
                bytes = [0, 0, 0, 0];
                break;
            case 2:
                says("a wrong sequence number");
                bytes = RawClient.CommandBytes(Command.Ping, [], sequence: (byte)(1 + chance.Below(255)));
                break;
            case 3:
                says("an absurd length");
                bytes = [0xFF, 0xFF, 0xFF, 0, 3, .. Noise(100)];
                await client.SendAsync(bytes);
                return false;
            case 4:
                says("unknown statement ids");
                await AskAsync(says, RawClient.ExecuteBytes((uint)chance.Next()));
                await AskAsync(says, RawClient.IdBytes(Command.StmtFetch, (uint)chance.Next(), 1, 0, 0, 0));
                await AskAsync(says, RawClient.IdBytes(Command.StmtReset, (uint)chance.Next()));
                await client.SendAsync(RawClient.IdBytes(Command.StmtClose, (uint)chance.Next()));
                await client.SendAsync(RawClient.IdBytes(Command.StmtSendLongData, (uint)chance.Next(), 0, 0, 1, 2));
                return true;
            case 5:
                says("statement commands cut short");
                await AskAsync(says, RawClient.CommandBytes((Command)Pick(22, 23, 26, 28, 0xFA), Noise(3)));
                return true;
            case 6:
                says("noise");
                await client.SendAsync(Noise(400));
                return false;
            default:
                says("noise in a packet");
                bytes = RawClient.CommandBytes((Command)Pick(2, 3, 4, 12, 17, 22, 27), Noise(40));
                break;
        }
        await client.SendAsync(bytes);
        // Some noise is a good command with any answer; then reading one packet and leaving is all that can be done.
        if (await client.ReadAsync(ct) is not { } packet)
        {
            EndedEarly = true;
            return false;
        }
        return packet.Payload is [0xFF, ..] && bytes[3] == 0 && bytes.Length < 5;
    }

    async Task CheckedSelectAsync(Action<string> says)
    {
        var token = Token();
        var rows = chance.OneIn(20) ? chance.Below(3000) : chance.Below(5);
        var sql = $"select '{token}' from t where rows = {rows} and width = {chance.Below(60)} {Chaos()}";
        says(sql);
        var answer = await client.QueryAsync(sql, ct);
        Check(answer);
        if (!answer.IsOk || corrupts) return;
        if (answer.Rows != rows) Finding = $"{answer.Rows} rows instead of {rows}";
        else if (rows > 0 && (answer.Tokens.Count != 1 || !answer.Tokens.Contains(token))) Finding = $"rows of {string.Join(", ", answer.Tokens)} instead of {token}";
    }

    async Task PreparedAsync(Action<string> says)
    {
        var parameters = chance.Below(3);
        var sql = $"select '{Pick("a", "b", Token())}' from t where rows = {chance.Below(4)} {string.Concat(Enumerable.Repeat(" and x = ?", parameters))} {Comment()}";
        says($"prepare {sql}");
        var prepared = await client.AskAsync(RawClient.CommandBytes(chance.OneIn(20) ? Command.StmtPrepare : Command.StmtPrepare, Encoding.UTF8.GetBytes(sql)), ct);
        Check(prepared);
        if (!prepared.IsOk) return;
        for (var i = chance.Below(4); i > 0 && !EndedEarly; i--)
        {
            Commands++;
            Check(await client.AskAsync(RawClient.ExecuteBytes(prepared.StatementId, parameters, types: i != 1 || chance.OneIn(2)), ct));
        }
        if (chance.OneIn(2) && !EndedEarly) await client.SendAsync(RawClient.IdBytes(Command.StmtClose, prepared.StatementId));
    }

    async Task CursorAsync(Action<string> says)
    {
        var sql = $"select 'cursor' from t where rows = {chance.Below(30)} {Comment()}";
        says($"cursor on {sql}");
        var prepared = await client.AskAsync(RawClient.CommandBytes(Command.StmtPrepare, Encoding.UTF8.GetBytes(sql)), ct);
        Check(prepared);
        if (!prepared.IsOk) return;
        var opened = await client.AskAsync(RawClient.ExecuteBytes(prepared.StatementId, cursor: 1), ct);
        Check(opened);
        if (!opened.IsOk) return;
        for (var i = chance.Below(5); i > 0 && !EndedEarly; i--)
        {
            Commands++;
            var fetched = await client.AskAsync(RawClient.IdBytes(Command.StmtFetch, prepared.StatementId, (byte)(1 + chance.Below(10)), 0, 0, 0), ct);
            Check(fetched);
            if (!fetched.IsOk) break;
        }
        if (EndedEarly) return;
        if (chance.OneIn(3)) Check(await client.AskAsync(RawClient.IdBytes(Command.StmtReset, prepared.StatementId), ct));
        else if (chance.OneIn(2)) await client.SendAsync(RawClient.IdBytes(Command.StmtClose, prepared.StatementId));
    }

    async Task LongDataAsync(Action<string> says)
    {
        var sql = $"insert into t values (?) {Comment()}";
        says($"long data for {sql}");
        var prepared = await client.AskAsync(RawClient.CommandBytes(Command.StmtPrepare, Encoding.UTF8.GetBytes(sql)), ct);
        Check(prepared);
        if (!prepared.IsOk) return;
        for (var i = chance.Below(4); i > 0; i--) await client.SendAsync(RawClient.IdBytes(Command.StmtSendLongData, prepared.StatementId, [0, 0, .. Noise(500)]));
        switch (chance.Below(4))
        {
            case 0:
                Check(await client.AskAsync(RawClient.IdBytes(Command.StmtReset, prepared.StatementId), ct));
                break;
            case 1:
                await client.SendAsync(RawClient.IdBytes(Command.StmtClose, prepared.StatementId));
                break;
            default:
                Check(await client.AskAsync(RawClient.ExecuteBytes(prepared.StatementId, 1), ct));
                break;
        }
    }

    async Task<bool> LoadAsync(Action<string> says)
    {
        says("load data local infile");
        var asked = await client.QueryAsync($"load data local infile 'file.csv' into table t {Comment()}", ct);
        if (!asked.WantsFile)
        {
            Check(asked);
            return true;
        }
        var sequence = (byte)(asked.LastSequence + 1);
        for (var i = chance.Below(6); i > 0; i--)
        {
            var content = Noise(3000);
            var packet = new byte[4 + content.Length];
            Packet.WriteHeader(packet, content.Length, sequence++);
            content.CopyTo(packet, 4);
            if (chance.OneIn(12))
            {
                await client.SendAsync(packet.AsMemory(0, chance.Below(packet.Length)));
                return false;
            }
            await client.SendAsync(packet);
        }
        await client.SendAsync(new byte[] { 0, 0, 0, sequence++ });
        Check(await client.AnswerAsync(Command.Query, ct, sequence));
        return true;
    }

    async Task ChangeUserAsync(Action<string> says)
    {
        says("change user");
        var writer = new PacketWriter();
        new ChangeUserRequest { User = chance.OneIn(4) ? "nobody" : FakeCluster.User, AuthResponse = [], Schema = chance.OneIn(2) ? "s1" : null, AuthPlugin = NativePassword.Name }.Write(writer, client.Capabilities);
        await client.SendAsync(writer.Written.ToArray());
        if (await client.ReadAsync(ct) is not { } asked || asked.Payload is not [0xFE, ..])
        {
            EndedEarly = true;
            return;
        }
        var request = AuthSwitchRequest.Parse(asked.Payload);
        var proof = chance.OneIn(8) ? Noise(40) : NativePassword.Response(request.Data, NativePassword.Sha1Of(FakeCluster.Password));
        var packet = new byte[4 + proof.Length];
        Packet.WriteHeader(packet, proof.Length, (byte)(asked.Sequence + 1));
        proof.CopyTo(packet, 4);
        await client.SendAsync(packet);
        EndedEarly = await client.ReadAsync(ct) is not { Payload: [0, ..] };
    }

    async Task PipelinedAsync(Action<string> says)
    {
        says("several commands at once");
        var bytes = new List<byte>();
        var kinds = new List<Command>();
        for (var i = 2 + chance.Below(6); i > 0; i--)
        {
            var ping = chance.OneIn(3);
            bytes.AddRange(ping ? RawClient.CommandBytes(Command.Ping, []) : RawClient.QueryBytes($"select '{Token()}' from t where rows = {chance.Below(4)} {Chaos()}"));
            kinds.Add(ping ? Command.Ping : Command.Query);
        }
        await client.SendAsync(bytes.ToArray());
        foreach (var kind in kinds)
        {
            Check(await client.AnswerAsync(kind, ct));
            if (EndedEarly) return;
        }
    }

    Task AskAsync(Action<string> says, string sql) => AskAsync(says, RawClient.QueryBytes(sql), sql);

    async Task AskAsync(Action<string> says, byte[] command, string? text = null)
    {
        if (EndedEarly) return;
        says(text ?? $"{(Command)command[4]}");
        Check(await client.AskAsync(command, ct));
    }

    void Check(Answer answer)
    {
        Trace?.Invoke($"  complete {answer.Complete}, error {answer.ErrorCode} {answer.ErrorMessage}, rows {answer.Rows}, {answer.Status}: {Convert.ToHexString(answer.Bytes.Take(400).ToArray())}");
        // A corrupting server may ask for a file that nobody has offered: there is nothing to be said then.
        if (!answer.Complete || answer.WantsFile)
        {
            EndedEarly = true;
            return;
        }
        Answers++;
        if (answer.ErrorCode != 0) Errors++;
        if (answer.OutOfOrder && !corrupts) Finding = $"packets out of order in the answer ({answer.ErrorCode} {answer.ErrorMessage})";
    }

    string Token() => $"s{number}x{_statement++}";

    /// <summary>Sometimes a number by which the server misbehaves.</summary>
    string Chaos() => chance.OneIn(8) ? $"and chaos = {chance.Next() % 1_000_000_000_000}" : "";
    string Comment() => chance.OneIn(8) ? $"/* chaos = {chance.Next() % 1_000_000_000_000} */" : "";

    T Pick<T>(params T[] of) => of[chance.Below(of.Length)];

    byte[] Noise(int most, bool header = false, byte sequence = 0)
    {
        var bytes = new byte[1 + chance.Below(most) + (header ? 5 : 0)];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)chance.Next();
        if (header) Packet.WriteHeader(bytes, bytes.Length - 4, sequence);
        return bytes;
    }
}
