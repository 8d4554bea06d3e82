using System.Diagnostics;
using System.Globalization;
using System.Text;
using Headwater.Core.Statements;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Sessions;
using Headwater.Gateway.Transport;
using Headwater.Wire.MySql;

namespace Headwater.Tests.Gateway;

/// <summary>
/// Changed inputs for everything that reads what a client or a server sent, without sockets: packet reader, login packets, answers,
/// session state, classifier. Each must read or refuse, in time, and keep nothing. One case follows from the seed and its number.
/// </summary>
sealed class InputFuzz(ulong seed)
{
    /// <summary>No input of this size may take longer; generous, because the machine does other things too.</summary>
    static readonly TimeSpan Slow = TimeSpan.FromSeconds(2);
    static readonly byte[] Interesting = [0, 1, 2, 3, 0x7F, 0x80, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF, (byte)'\'', (byte)'"', (byte)'`', (byte)'\\', (byte)'/', (byte)'*', (byte)'!', (byte)'-', (byte)'#', (byte)'(', (byte)')', (byte)';', (byte)'@', (byte)':', (byte)'=', (byte)'?', (byte)'\n'];

    static readonly string[] Statements =
    [
        "select c from sbtest1 where id = 12345", "SELECT /*! SQL_CALC_FOUND_ROWS */ a, 'it''s' FROM `t` WHERE x IN (1, 2, 3) -- end", "insert into t (a, b) values (1, \"x\\\"y\"), (2, null)",
        "/*!50101 update t set a = @v := 1 */ ; select last_insert_id()", "set statement max_statement_time=1 for select * from t for update", "with recursive r as (select 1 union all select 1 + n from r) select * from r",
        "start transaction read only", "prepare s from 'select ?'; execute s using @a", "create temporary table t (a int) select * from u", "select get_lock('a', 1), release_all_locks()", "explain route select 1",
        "show headwater sessions", "set headwater.level = 'bounded(1.5s)'", "set @@session.sql_mode = 'ANSI_QUOTES', autocommit = 0", "load data local infile 'x' into table t", "call p(1, @x)", "select 1 into outfile 'x'", "kill query 7",
        "begin not atomic select 1; end", "select x'4142', 0x41, b'01', N'a', _utf8mb4'a' collate utf8mb4_bin, 1e5, .5, 1.", "alter table a rename to b, add key (c)", "drop temporary table if exists a, `b c`", "handler t open", "lock tables a read, b write",
        "xa start 'a','b',1", "select * from (((((select 1) a) b) c) d) e where ((((1))))", "select headwater_token() as tok", "set names 'gbk' collate gbk_bin",
    ];

    long _cases;
    readonly Dictionary<string, long> _byKind = [];
    readonly EventLoop _loop = new(0, fault => throw new InvalidOperationException("a fault on the reactor", fault));
    readonly SettingsInterner _interner = new();
    readonly FactsCache _facts = new(1 << 20);

    public List<string> Findings { get; } = [];
    public string Summary => $"{_cases.ToString(CultureInfo.InvariantCulture)} inputs: {string.Join(", ", _byKind.OrderBy(k => k.Key).Select(k => $"{k.Key} {k.Value}"))}";

    public void Run(TimeSpan duration, long from = 0, long most = long.MaxValue)
    {
        var until = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        for (var number = from; number - from < most && Findings.Count < 10; number++)
        {
            if (Stopwatch.GetTimestamp() > until) break;
            One(number);
        }
    }

    void One(long number)
    {
        var chance = new Seeded(seed ^ (ulong)(number + 1) * 0x9E3779B97F4A7C15);
        var (kind, run) = Case(chance);
        _cases++;
        _byKind[kind] = _byKind.GetValueOrDefault(kind) + 1;
        var started = Stopwatch.GetTimestamp();
        try
        {
            run();
            if (_loop.Buffers.Outstanding != 0) Findings.Add($"seed {seed}, input {number}: {kind}: {_loop.Buffers.Outstanding} buffers are not returned");
        }
        catch (MalformedPacketException)
        {
            // Refused: that is an answer.
        }
        catch (Exception e)
        {
            Findings.Add($"seed {seed}, input {number}: {kind}: {e}");
        }
        if (Stopwatch.GetElapsedTime(started) is var took && took > Slow) Findings.Add($"seed {seed}, input {number}: {kind}: took {took.TotalSeconds:F1} s");
    }

    (string Kind, Action Run) Case(Seeded chance)
    {
        switch (chance.Below(8))
        {
            case 0:
                {
                    var login = Changed(chance, Written(w => new LoginRequest
                    {
                        Capabilities = (Capabilities)chance.Next() | Capabilities.Protocol41,
                        User = "app",
                        AuthResponse = new byte[chance.Below(2) * 20],
                        Schema = "s",
                        Attributes = [new("_client_name", "libmariadb"), new("k", "v")],
                    }.Write(w, 1)));
                    return ("login", () =>
                    {
                        LoginRequest.IsSslRequest(login);
                        _ = LoginRequest.Parse(login).ToString();
                    }
                    );
                }
            case 1:
                {
                    var capabilities = (Capabilities)chance.Next();
                    var change = Changed(chance, Written(w => new ChangeUserRequest { User = "app", AuthResponse = new byte[20], Schema = "s", AuthPlugin = "mysql_native_password", Attributes = [new("a", "b")] }.Write(w, capabilities | Capabilities.Protocol41 | Capabilities.SecureConnection)));
                    return ("change user", () => ChangeUserRequest.Parse(change, capabilities));
                }
            case 2:
                {
                    var greeting = Changed(chance, Written(w => new Greeting { ServerVersion = "10.11.6-MariaDB", Scramble = Encoding.ASCII.GetBytes("12345678901234567890"), Capabilities = (Capabilities)chance.Next() }.Write(w)));
                    return ("greeting", () => Greeting.Parse(greeting));
                }
            case 3:
                {
                    var stream = Changed(chance, [.. RawClient.QueryBytes(Statements[chance.Below(Statements.Length)]), .. RawClient.ExecuteBytes(1, 2), .. RawClient.CommandBytes(Command.Ping, [])]);
                    var pieces = Pieces(chance, stream);
                    return ("packets", () => ReadPackets(pieces, chance.OneIn(2) ? 0 : null));
                }
            case 4:
                {
                    var answer = Recorded.Answers[chance.Below(Recorded.Answers.Count)];
                    var pieces = Pieces(chance, Changed(chance, answer.Bytes));
                    return ("answers", () => Follow(answer, pieces));
                }
            case 5:
                {
                    var frame = new PacketWriter();
                    byte sequence = 0;
                    CompressedFrames.Write(frame, ref sequence, RawClient.QueryBytes(Statements[chance.Below(Statements.Length)] + new string(' ', chance.Below(200))));
                    var pieces = Pieces(chance, Changed(chance, frame.Written.ToArray()));
                    return ("compressed packets", () => ReadCompressed(pieces));
                }
            default:
                {
                    var text = Changed(chance, Encoding.UTF8.GetBytes(Text(chance)));
                    var syntax = (SqlSyntax)chance.Below(16);
                    return ("statements", () =>
                    {
                        var cached = _facts.Get(text, syntax, Catalogue.Empty);
                        // What is found in the cache is what a fresh look says.
                        if (cached.Needs != Classifier.Classify(text, syntax, Catalogue.Empty).Needs) throw new InvalidOperationException($"the cache says {cached.Needs} of: {Convert.ToHexString(text)}");
                    }
                    );
                }
        }
    }

    static string Text(Seeded chance)
    {
        var text = Statements[chance.Below(Statements.Length)];
        switch (chance.Below(6))
        {
            case 0:
                return text + ";" + Statements[chance.Below(Statements.Length)];
            case 1:
                return string.Concat(Enumerable.Repeat("(", 1 + chance.Below(3000))) + text;
            case 2:
                return string.Concat(Enumerable.Repeat("/*", 1 + chance.Below(500))) + text;
            case 3:
                return text.Replace(" ", new string(' ', chance.Below(40)) + "/**/", StringComparison.Ordinal);
            default:
                return text;
        }
    }

    static byte[] Written(Action<PacketWriter> write)
    {
        var writer = new PacketWriter();
        write(writer);
        return writer.Written[Packet.HeaderSize..].ToArray();
    }

    static byte[] Changed(Seeded chance, byte[] bytes)
    {
        var changed = bytes.ToList();
        for (var i = chance.Below(5); i > 0 && changed.Count > 0; i--)
        {
            var at = chance.Below(changed.Count);
            switch (chance.Below(7))
            {
                case 0:
                    changed[at] ^= (byte)(1 << chance.Below(8));
                    break;
                case 1:
                    changed[at] = Interesting[chance.Below(Interesting.Length)];
                    break;
                case 2:
                    changed.RemoveRange(at, Math.Min(1 + chance.Below(8), changed.Count - at));
                    break;
                case 3:
                    changed.Insert(at, Interesting[chance.Below(Interesting.Length)]);
                    break;
                case 4:
                    changed.InsertRange(at, changed.GetRange(at, Math.Min(1 + chance.Below(30), changed.Count - at)));
                    break;
                case 5:
                    changed.RemoveRange(at, changed.Count - at);
                    break;
                default:
                    changed[at] = (byte)chance.Next();
                    break;
            }
        }
        return [.. changed];
    }

    static List<byte[]> Pieces(Seeded chance, byte[] bytes)
    {
        var pieces = new List<byte[]>();
        for (var at = 0; at < bytes.Length;)
        {
            var take = Math.Min(bytes.Length - at, 1 + chance.Below(1 + chance.Below(bytes.Length)));
            pieces.Add(bytes[at..(at + take)]);
            at += take;
        }
        return pieces;
    }

    void ReadPackets(List<byte[]> pieces, int? expected)
    {
        var endpoint = new MemoryEndpoint(_loop);
        Read(endpoint, new PacketInput(endpoint) { Limit = 1 << 20, ExpectedSequence = expected }, pieces);
    }

    void ReadCompressed(List<byte[]> pieces)
    {
        var plain = new MemoryEndpoint(_loop);
        var endpoint = new CompressedEndpoint(plain);
        Read(plain, new PacketInput(endpoint) { Limit = 1 << 20, ExpectedSequence = 0 }, pieces);
    }

    static void Read(MemoryEndpoint endpoint, PacketInput input, List<byte[]> pieces)
    {
        async Task ReadAll()
        {
            while (!(await input.NextAsync()).IsEnd)
            {
            }
        }
        var reading = ReadAll();
        foreach (var piece in pieces) endpoint.Arrive(piece);
        endpoint.HangUp();
        if (!reading.IsCompleted) throw new InvalidOperationException("the end was not noticed");
        reading.GetAwaiter().GetResult();
        input.Release();
    }

    void Follow(RecordedAnswer answer, List<byte[]> pieces)
    {
        var backend = new MemoryEndpoint(_loop);
        var exchange = new Exchange(new MemoryEndpoint(_loop), new SessionTracking(_interner, answer.TracksForClient), static _ => false);
        async Task Relay() => _ = await exchange.Relay(backend, answer.Shape, answer.DeprecateEof, holdErrors: true, clientStatementId: 7);
        var relay = Relay();
        foreach (var piece in pieces) backend.Arrive(piece);
        backend.HangUp();
        if (!relay.IsCompleted) throw new InvalidOperationException("the end was not noticed");
        relay.GetAwaiter().GetResult();
    }
}
