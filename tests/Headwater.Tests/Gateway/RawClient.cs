using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Headwater.Wire.MySql;

namespace Headwater.Tests.Gateway;

/// <summary>What came back to one command.</summary>
sealed record Answer
{
    /// <summary>False: the connection ended before the answer was whole.</summary>
    public bool Complete { get; init; }
    public ushort ErrorCode { get; init; }
    public string ErrorMessage { get; init; } = "";
    public bool IsOk => Complete && ErrorCode == 0;
    public bool WantsFile { get; init; }
    public int Rows { get; init; }
    public ServerStatus Status { get; init; }
    public uint StatementId { get; init; }

    /// <summary>Every packet, header included.</summary>
    public List<byte> Bytes { get; } = [];

    /// <summary>First field of every text row.</summary>
    public HashSet<string> Tokens { get; } = [];

    /// <summary>A packet that did not carry the sequence number that was due.</summary>
    public bool OutOfOrder { get; set; }
    public byte LastSequence { get; set; }
}

/// <summary>A client that says exactly what it is told to, right or wrong, and reads answers by the protocol's rules.</summary>
sealed class RawClient(Socket socket, Capabilities capabilities) : IDisposable
{
    public const Capabilities Usual =
        Capabilities.LongFlag | Capabilities.Protocol41 | Capabilities.Transactions | Capabilities.SecureConnection | Capabilities.MultiStatements | Capabilities.MultiResults
        | Capabilities.PsMultiResults | Capabilities.PluginAuth | Capabilities.PluginAuthLenencData | Capabilities.LocalFiles | Capabilities.LongPassword;

    readonly PacketSocket _packets = new(socket);

    public Capabilities Capabilities => capabilities;
    public Socket Socket => socket;
    public Greeting? Greeting { get; private set; }

    public static async Task<RawClient> ConnectAsync(string path, Capabilities capabilities = Usual)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return new RawClient(socket, capabilities);
    }

    public static async Task<RawClient> ConnectAsync(int port, Capabilities capabilities = Usual)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new RawClient(socket, capabilities);
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _packets.SendAsync(bytes);
    public ValueTask<ReadPacket?> ReadAsync(CancellationToken ct = default) => _packets.ReadAsync(ct);

    /// <summary>Reads the greeting; false when there is none.</summary>
    public async Task<bool> GreetedAsync(CancellationToken ct = default)
    {
        if (await ReadAsync(ct) is not { } packet || packet.Payload is [0xFF, ..]) return false;
        Greeting = Greeting.Parse(packet.Payload);
        return true;
    }

    public byte[] LoginBytes(string user, string password, string? schema = null, byte sequence = 1)
    {
        var writer = new PacketWriter();
        new LoginRequest
        {
            Capabilities = capabilities | (schema is null ? 0 : Capabilities.ConnectWithDb),
            User = user,
            Schema = schema,
            AuthResponse = NativePassword.Response(Greeting!.Scramble, NativePassword.Sha1Of(password)),
        }.Write(writer, sequence);
        return writer.Written.ToArray();
    }

    public async Task<bool> LoginAsync(string user = FakeCluster.User, string password = FakeCluster.Password, string? schema = null, CancellationToken ct = default)
    {
        if (!await GreetedAsync(ct)) return false;
        await SendAsync(LoginBytes(user, password, schema));
        return await ReadAsync(ct) is { } answer && answer.Payload is [0, ..];
    }

    public static byte[] CommandBytes(Command command, ReadOnlySpan<byte> argument, byte sequence = 0)
    {
        var bytes = new byte[Packet.HeaderSize + 1 + argument.Length];
        Packet.WriteHeader(bytes, argument.Length + 1, sequence);
        bytes[4] = (byte)command;
        argument.CopyTo(bytes.AsSpan(5));
        return bytes;
    }

    public static byte[] QueryBytes(string sql) => CommandBytes(Command.Query, Encoding.UTF8.GetBytes(sql));

    /// <summary>COM_STMT_EXECUTE without parameters, or with every parameter the text 'p'.</summary>
    public static byte[] ExecuteBytes(uint id, int parameters = 0, byte cursor = 0, bool types = true)
    {
        var writer = new PacketWriter();
        writer.UInt32(id);
        writer.UInt8(cursor);
        writer.UInt32(1);
        if (parameters > 0)
        {
            writer.Zeros((parameters + 7) / 8);
            writer.UInt8((byte)(types ? 1 : 0));
            if (types) for (var i = 0; i < parameters; i++) writer.UInt16(0xFD);
            for (var i = 0; i < parameters; i++) writer.LengthEncodedText("p");
        }
        return CommandBytes(Command.StmtExecute, writer.Written);
    }

    public static byte[] IdBytes(Command command, uint id, params byte[] more)
    {
        var argument = new byte[4 + more.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(argument, id);
        more.CopyTo(argument, 4);
        return CommandBytes(command, argument);
    }

    public async Task<Answer> AskAsync(byte[] command, CancellationToken ct = default)
    {
        await SendAsync(command);
        return await AnswerAsync((Command)command[4], ct);
    }

    public Task<Answer> QueryAsync(string sql, CancellationToken ct = default) => AskAsync(QueryBytes(sql), ct);

    /// <summary>Reads one whole answer. <paramref name="first"/>: the sequence number it begins with.</summary>
    public async Task<Answer> AnswerAsync(Command command, CancellationToken ct = default, byte first = 1)
    {
        var answer = new Answer();
        var expected = first;
        var deprecateEof = (capabilities & Capabilities.DeprecateEof) != 0;

        async ValueTask<byte[]?> Next()
        {
            if (await ReadAsync(ct) is not { } packet) return null;
            if (packet.Sequence != expected) answer.OutOfOrder = true;
            expected = (byte)(packet.Sequence + 1);
            answer.LastSequence = packet.Sequence;
            var header = new byte[4];
            Packet.WriteHeader(header, packet.Payload.Length, packet.Sequence);
            answer.Bytes.AddRange(header);
            answer.Bytes.AddRange(packet.Payload);
            return packet.Payload;
        }

        var rows = 0;
        var inRows = command == Command.StmtFetch;
        while (true)
        {
            if (!inRows)
            {
                if (await Next() is not { Length: > 0 } payload) return answer;
                if (payload[0] == 0xFF) return Failed(answer, payload, rows);
                if (command == Command.Statistics) return answer with { Complete = true };
                if (command == Command.FieldList)
                {
                    while (payload[0] != 0xFE)
                        if ((payload = await Next()) is not { Length: > 0 }) return answer;
                        else if (payload[0] == 0xFF) return Failed(answer, payload, rows);
                    return answer with { Complete = true };
                }
                if (payload[0] == 0xFB) return answer with { Complete = true, WantsFile = true };
                if (payload[0] == 0xFE && payload.Length < 9) return answer with { Complete = true };
                if (payload[0] == 0x00)
                {
                    if (command == Command.StmtPrepare)
                    {
                        if (payload.Length < 12) return answer;
                        var prepared = PrepareOk.Parse(payload);
                        foreach (var count in (int[])[prepared.Parameters, prepared.Columns])
                            for (var i = count == 0 || !deprecateEof ? 0 : 1; i <= count && count > 0; i++)
                                if (await Next() is not { } definition) return answer;
                                else if (definition is [0xFF, ..]) return Failed(answer, definition, rows);
                        return answer with { Complete = true, StatementId = prepared.StatementId };
                    }
                    if (!OkPacket.TryParse(payload, capabilities, out var ok)) return answer;
                    if ((ok.Status & ServerStatus.MoreResults) != 0) continue;
                    return answer with { Complete = true, Status = ok.Status, Rows = rows };
                }
                int columns = payload[0];
                for (var i = 0; i < columns; i++)
                    if (await Next() is not { Length: > 0 } definition) return answer;
                    else if (definition[0] == 0xFF) return Failed(answer, definition, rows);
                if (!deprecateEof)
                {
                    if (await Next() is not { Length: >= 5 } eof) return answer;
                    if (eof[0] == 0xFF) return Failed(answer, eof, rows);
                    if (((ServerStatus)BinaryPrimitives.ReadUInt16LittleEndian(eof.AsSpan(3)) & ServerStatus.CursorExists) != 0) return answer with { Complete = true, Status = ServerStatus.CursorExists };
                }
            }
            inRows = false;
            ServerStatus status;
            while (true)
            {
                if (await Next() is not { } payload) return answer with { Rows = rows };
                if (payload is [0xFF, ..]) return Failed(answer, payload, rows);
                if (payload is [0xFE, ..] && payload.Length < (deprecateEof ? 0xFFFFFF : 9))
                {
                    if (deprecateEof) status = OkPacket.TryParse(payload, capabilities, out var end) ? end.Status : 0;
                    else status = (ServerStatus)BinaryPrimitives.ReadUInt16LittleEndian(payload.AsSpan(3));
                    break;
                }
                rows++;
                if (command == Command.Query && payload.Length > 1 && payload[0] < payload.Length) answer.Tokens.Add(Encoding.UTF8.GetString(payload, 1, payload[0]));
            }
            if ((status & ServerStatus.MoreResults) == 0) return answer with { Complete = true, Rows = rows, Status = status };
        }
    }

    static Answer Failed(Answer answer, byte[] payload, int rows)
    {
        if (payload.Length < 3) return answer;
        ErrPacket.TryParse(payload, out var error);
        return answer with { Complete = true, ErrorCode = error.Code, ErrorMessage = Encoding.UTF8.GetString(error.Message), Rows = rows };
    }

    public void Dispose() => socket.Dispose();
}
