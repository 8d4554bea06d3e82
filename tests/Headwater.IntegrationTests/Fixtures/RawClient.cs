using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Headwater.Wire.MySql;

namespace Headwater.IntegrationTests.Fixtures;

/// <summary>
/// A client that keeps each packet of an answer as the bytes that came. Only the login uses the product's codec: what is compared must
/// not have passed through what is tested. Where an answer ends is read off the protocol's grammar here once more, on purpose.
/// </summary>
internal sealed class RawClient : IAsyncDisposable
{
    public const Capabilities Plain = Capabilities.Protocol41 | Capabilities.SecureConnection | Capabilities.PluginAuth | Capabilities.PluginAuthLenencData | Capabilities.LongFlag |
        Capabilities.Transactions | Capabilities.MultiStatements | Capabilities.MultiResults | Capabilities.PsMultiResults | Capabilities.LocalFiles;

    readonly Socket _socket;
    readonly NetworkStream _stream;
    readonly Account _account;
    byte _sequence;

    public Greeting Greeting { get; private set; } = null!;
    public Capabilities Capabilities { get; private set; }
    public uint ThreadId => Greeting.ThreadId;

    /// <summary>What LOAD DATA LOCAL gets, whatever name the server asks for.</summary>
    public byte[] LocalFile { get; set; } = [];

    RawClient(Socket socket, Account account)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _account = account;
    }

    public static Task<RawClient> ConnectAsync(Reachable to, Account account, CancellationToken ct) => ConnectAsync(to, account, Plain, ct);

    public static async Task<RawClient> ConnectAsync(Reachable to, Account account, Capabilities wanted, CancellationToken ct)
    {
        var socket = to.Socket == null
            ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(to.Socket == null ? new IPEndPoint(IPAddress.Parse(to.Host), to.Port) : new UnixDomainSocketEndPoint(to.Socket), ct);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        var client = new RawClient(socket, account);
        try
        {
            await client.LogInAsync(wanted, ct);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    async Task LogInAsync(Capabilities wanted, CancellationToken ct)
    {
        var first = await ReadPayloadAsync(ct);
        if (first[0] == 0xFF) throw Refusal(first);
        Greeting = Greeting.Parse(first);
        // MariaDB's own bits are spoken only where LongPassword (CLIENT_MYSQL) is unset on both sides.
        Capabilities = wanted & Greeting.Capabilities & ~Capabilities.LongPassword;
        if (_account.Schema != null) Capabilities |= Capabilities.ConnectWithDb;
        var writer = new PacketWriter();
        new LoginRequest
        {
            Capabilities = Capabilities,
            User = _account.User,
            Schema = _account.Schema,
            Collation = 45,
            AuthResponse = NativePassword.Response(Greeting.Scramble, NativePassword.Sha1Of(_account.Password)),
        }.Write(writer, _sequence);
        await _stream.WriteAsync(writer.WrittenMemory, ct);
        _sequence = writer.NextSequence;
        await FinishAuthenticationAsync(ct);
    }

    async Task<byte[]> FinishAuthenticationAsync(CancellationToken ct)
    {
        var answer = await ReadPayloadAsync(ct);
        if (answer[0] == 0xFE && answer.Length > 1)
        {
            var request = AuthSwitchRequest.Parse(answer);
            if (request.Plugin != NativePassword.Name) throw new InvalidOperationException($"The server asks for {request.Plugin}, which this client does not speak.");
            await WriteAsync(NativePassword.Response(request.Data.AsSpan(0, 20), NativePassword.Sha1Of(_account.Password)), ct);
            answer = await ReadPayloadAsync(ct);
        }
        return answer[0] == 0xFF ? throw Refusal(answer) : answer;
    }

    /// <summary>Sends one command and returns every packet of its answer, each as its whole payload.</summary>
    public async Task<List<byte[]>> SendAsync(Command command, ReadOnlyMemory<byte> argument, CancellationToken ct)
    {
        var payload = new byte[1 + argument.Length];
        payload[0] = (byte)command;
        argument.CopyTo(payload.AsMemory(1));
        _sequence = 0;
        await WriteAsync(payload, ct);
        var answer = new List<byte[]>();
        switch (command)
        {
            case Command.StmtClose or Command.StmtSendLongData or Command.Quit:
                break;
            case Command.StmtPrepare:
                await ReadPreparedAsync(answer, ct);
                break;
            case Command.FieldList:
                while (!EndsRows(await AddAsync(answer, ct))) { }
                break;
            case Command.StmtFetch:
                while (!EndsRows(await AddAsync(answer, ct))) { }
                break;
            case Command.Query or Command.StmtExecute or Command.ProcessInfo or Command.StmtBulkExecute:
                while (await ReadResultAsync(answer, ct)) { }
                break;
            case Command.ChangeUser:
                answer.Add(await FinishAuthenticationAsync(ct));
                break;
            default:
                await AddAsync(answer, ct);
                break;
        }
        return answer;
    }

    public Task<List<byte[]>> QueryAsync(string sql, CancellationToken ct) => SendAsync(Command.Query, Encoding.UTF8.GetBytes(sql), ct);

    /// <summary>A statement that must succeed.</summary>
    public async Task DoAsync(string sql, CancellationToken ct)
    {
        var answer = await QueryAsync(sql, ct);
        if (answer[^1][0] == 0xFF) throw Refusal(answer[^1]);
    }

    /// <summary>The first column of the first row, or null when it is NULL or there is no row.</summary>
    public async Task<string?> ScalarAsync(string sql, CancellationToken ct)
    {
        var answer = await QueryAsync(sql, ct);
        if (answer[^1][0] == 0xFF) throw Refusal(answer[^1]);
        var columns = answer[0][0];
        var firstRow = 1 + columns + ((Capabilities & Capabilities.DeprecateEof) == 0 ? 1 : 0);
        return firstRow >= answer.Count - 1 || answer[firstRow][0] == 0xFB ? null : FirstText(answer[firstRow]);
    }

    static string FirstText(byte[] row)
    {
        var reader = new PayloadReader(row);
        return reader.LengthEncodedText();
    }

    async Task<byte[]> AddAsync(List<byte[]> answer, CancellationToken ct)
    {
        var payload = await ReadPayloadAsync(ct);
        answer.Add(payload);
        return payload;
    }

    /// <summary>One result of possibly several; true when another follows.</summary>
    async Task<bool> ReadResultAsync(List<byte[]> answer, CancellationToken ct)
    {
        var head = await AddAsync(answer, ct);
        if (head[0] == 0xFF) return false;
        if (head[0] == 0xFB)
        {
            if (LocalFile.Length > 0) await WriteAsync(LocalFile, ct);
            await WriteAsync(ReadOnlyMemory<byte>.Empty, ct);
            head = await AddAsync(answer, ct);
            if (head[0] == 0xFF) return false;
        }
        if (head[0] == 0x00) return (StatusOfOk(head) & ServerStatus.MoreResults) != 0;

        var columns = CountOf(head, out var length);
        var metadataFollows = (Capabilities & Capabilities.MariaDbCacheMetadata) == 0 || head[length] == 1;
        for (ulong i = 0; metadataFollows && i < columns; i++) await AddAsync(answer, ct);
        if ((Capabilities & Capabilities.DeprecateEof) == 0)
        {
            var end = await AddAsync(answer, ct);
            if ((StatusOfEnd(end) & ServerStatus.CursorExists) != 0) return false;
        }
        while (true)
        {
            var packet = await AddAsync(answer, ct);
            if (packet[0] == 0xFF) return false;
            if (EndsRows(packet)) return (StatusOfEnd(packet) & ServerStatus.MoreResults) != 0;
        }
    }

    async Task ReadPreparedAsync(List<byte[]> answer, CancellationToken ct)
    {
        var head = await AddAsync(answer, ct);
        if (head[0] == 0xFF) return;
        if (head[0] != 0 || head.Length != 12) throw new InvalidDataException($"No answer to a prepare: {Convert.ToHexString(head)}.");
        int columns = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(5)), parameters = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(7));
        var ended = (Capabilities & Capabilities.DeprecateEof) == 0 ? 1 : 0;
        for (var i = 0; i < (parameters > 0 ? parameters + ended : 0) + (columns > 0 ? columns + ended : 0); i++) await AddAsync(answer, ct);
    }

    /// <summary>EOF has at most 5 bytes; the OK that replaces it may be longer, and a row that begins with 0xFE is longer than a packet.</summary>
    bool EndsRows(byte[] packet) => packet[0] == 0xFF || packet[0] == 0xFE && ((Capabilities & Capabilities.DeprecateEof) != 0 ? packet.Length < Packet.MaxPayload : packet.Length < 9);

    internal ServerStatus StatusOfEnd(byte[] packet) =>
        packet[0] == 0xFF ? default : (Capabilities & Capabilities.DeprecateEof) != 0 ? StatusOfOk(packet) : (ServerStatus)BinaryPrimitives.ReadUInt16LittleEndian(packet.AsSpan(3));

    static ServerStatus StatusOfOk(byte[] packet)
    {
        var reader = new PayloadReader(packet);
        reader.Skip(1);
        reader.LengthEncodedInteger();
        reader.LengthEncodedInteger();
        return (ServerStatus)reader.UInt16();
    }

    static ulong CountOf(byte[] packet, out int length)
    {
        var reader = new PayloadReader(packet);
        var count = reader.LengthEncodedInteger();
        length = reader.Offset;
        return count;
    }

    async Task WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        var header = new byte[Packet.HeaderSize];
        while (true)
        {
            var length = Math.Min(payload.Length, Packet.MaxPayload);
            Packet.WriteHeader(header, length, _sequence++);
            await _stream.WriteAsync(header, ct);
            await _stream.WriteAsync(payload[..length], ct);
            payload = payload[length..];
            if (length < Packet.MaxPayload) return;
        }
    }

    async Task<byte[]> ReadPayloadAsync(CancellationToken ct)
    {
        var header = new byte[Packet.HeaderSize];
        byte[] whole = [];
        while (true)
        {
            await _stream.ReadExactlyAsync(header, ct);
            if (header[3] != _sequence) throw new InvalidDataException($"A packet has sequence {header[3]} where {_sequence} was due.");
            _sequence++;
            var length = Packet.PayloadLength(header);
            var part = new byte[length];
            await _stream.ReadExactlyAsync(part, ct);
            whole = whole.Length == 0 ? part : [.. whole, .. part];
            if (length < Packet.MaxPayload) return whole;
        }
    }

    static InvalidOperationException Refusal(byte[] error)
    {
        var text = Encoding.UTF8.GetString(error.AsSpan(3));
        return new InvalidOperationException($"error {BinaryPrimitives.ReadUInt16LittleEndian(error.AsSpan(1))} {text}");
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _sequence = 0;
            await WriteAsync(new byte[] { (byte)Command.Quit }, CancellationToken.None);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // the other side was first
        }
        await _stream.DisposeAsync();
    }
}
