using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Headwater.Wire.MySql;

namespace Headwater.Tests.Gateway;

/// <summary>How an answer is delivered, when not simply.</summary>
sealed record Delivery
{
    public static readonly Delivery Plain = new();

    /// <summary>The connection is closed after this many bytes of the answer.</summary>
    public int? CutAfter { get; init; }

    /// <summary>The answer is sent in two writes, this many bytes first.</summary>
    public int? SplitAt { get; init; }

    /// <summary>A byte of the answer is changed.</summary>
    public (int At, byte Mask)? Flip { get; init; }

    /// <summary>Nothing is answered, and the connection closed only after this.</summary>
    public TimeSpan? Hang { get; init; }
    public TimeSpan Delay { get; init; }

    /// <summary>Sent instead of the answer.</summary>
    public byte[]? Instead { get; init; }
}

/// <summary>
/// A scripted MariaDB server on a real socket: it logs in, answers by <see cref="FakeAnswers"/>, and misbehaves as
/// <see cref="Deliver"/> says (called for every answer with the command, its statement's text, and the answer's length; null command: during login).
/// </summary>
sealed class FakeServer : IAsyncDisposable
{
    readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    readonly CancellationTokenSource _stopping = new();
    readonly Task _accepting;
    readonly System.Collections.Concurrent.ConcurrentDictionary<Socket, bool> _connections = new();
    int _threads, _open;

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"fake-{Environment.ProcessId}-{Guid.NewGuid():N}.sock");
    public Func<byte[]?, string, int, Delivery> Deliver { get; set; } = (_, _, _) => Delivery.Plain;
    public Func<string, FakeAnswer?> Script { get; set; } = _ => null;
    public Capabilities Offered { get; init; } = (Capabilities)0x3FFFFFFF & ~(Capabilities.LongPassword | Capabilities.Ssl | Capabilities.Compress | Capabilities.OptionalResultsetMetadata | Capabilities.QueryAttributes | Capabilities.MultiFactorAuthentication) | Capabilities.MariaDbStmtBulk;
    public int ConnectionsOpen => Volatile.Read(ref _open);
    public int ConnectionsEver => Volatile.Read(ref _threads);
    public List<string> Received { get; } = [];
    public bool Records { get; set; }

    public FakeServer()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen(512);
        _accepting = AcceptAsync();
    }

    /// <summary>Another process at the same address: connections are gone, and thread ids begin anew.</summary>
    public async Task RestartAsync()
    {
        Interlocked.Exchange(ref _threads, 0);
        await CloseConnectionsAsync();
    }

    public async Task CloseConnectionsAsync()
    {
        foreach (var socket in _connections.Keys) socket.Dispose();
        while (ConnectionsOpen > 0) await Task.Delay(1);
    }

    async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_stopping.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
            _ = ServeAsync(socket);
        }
    }

    async Task ServeAsync(Socket socket)
    {
        Interlocked.Increment(ref _open);
        _connections[socket] = true;
        var connection = new PacketSocket(socket);
        try
        {
            await TalkAsync(connection);
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException or MalformedPacketException)
        {
            // The other side went away, or we stop.
        }
        finally
        {
            socket.Dispose();
            _connections.TryRemove(socket, out _);
            Interlocked.Decrement(ref _open);
        }
    }

    async Task TalkAsync(PacketSocket connection)
    {
        var state = new FakeState();
        var writer = new PacketWriter();
        new Greeting
        {
            ServerVersion = "10.11.6-MariaDB",
            ThreadId = (uint)Interlocked.Increment(ref _threads),
            Capabilities = Offered,
            Scramble = Encoding.ASCII.GetBytes(Convert.ToHexString(RandomNumberGenerator.GetBytes(10))),
        }.Write(writer);
        if (!await SendAsync(connection, null, "", writer.Written.ToArray())) return;
        if (await connection.ReadAsync(_stopping.Token) is not { } login) return;
        state.Capabilities = LoginRequest.Parse(login.Payload).Capabilities & Offered;
        writer.Reset();
        OkPacket.Write(writer, (byte)(login.Sequence + 1), state.Capabilities, state.Status);
        if (!await SendAsync(connection, null, "", writer.Written.ToArray())) return;
        while (await connection.ReadAsync(_stopping.Token) is { } command)
        {
            if (Records && command.Payload.Length > 0)
                lock (Received) Received.Add(command.Payload[0] == (byte)Command.Query ? Encoding.UTF8.GetString(command.Payload.AsSpan(1)) : $"({(Command)command.Payload[0]})");
            if (command.Payload is [(byte)Command.Quit]) return;
            var text = TextOf(state, command.Payload);
            var scripted = command.Payload is [(byte)Command.Query, ..] ? Script(text) : null;
            var answer = scripted ?? FakeAnswers.To(state, command.Payload);
            if (answer.Bytes.Length > 0 && !await SendAsync(connection, command.Payload, text, answer.Bytes)) return;
            if (!answer.WantsFile) continue;
            byte sequence;
            while (true)
            {
                if (await connection.ReadAsync(_stopping.Token) is not { } part) return;
                sequence = (byte)(part.Sequence + 1);
                if (part.Payload.Length == 0) break;
            }
            if (!await SendAsync(connection, command.Payload, text, FakeAnswers.AfterFile(state, sequence))) return;
        }
    }

    static string TextOf(FakeState state, byte[] command) => command switch
    {
        [(byte)Command.Query or (byte)Command.StmtPrepare, ..] => Encoding.UTF8.GetString(command.AsSpan(1)),
        [(byte)Command.StmtExecute or (byte)Command.StmtFetch, _, _, _, _, ..] when state.Statements.TryGetValue(BitConverter.ToUInt32(command, 1), out var statement) => statement.Sql,
        _ => "",
    };

    /// <summary>False: the connection is to be closed.</summary>
    async Task<bool> SendAsync(PacketSocket connection, byte[]? command, string text, byte[] answer)
    {
        var how = Deliver(command, text, answer.Length);
        if (how.Delay > TimeSpan.Zero) await Task.Delay(how.Delay, _stopping.Token);
        if (how.Hang is { } hang)
        {
            await Task.Delay(hang, _stopping.Token);
            return false;
        }
        if (how.Instead is { } instead) answer = instead;
        if (how.Flip is { } flip)
        {
            answer = (byte[])answer.Clone();
            answer[flip.At % answer.Length] ^= flip.Mask;
            // The other side may now wait for bytes that never come.
            _ = Task.Delay(300).ContinueWith(_ => connection.Close(), TaskScheduler.Default);
        }
        if (how.CutAfter is { } cut)
        {
            await connection.SendAsync(answer.AsMemory(0, Math.Min(cut, answer.Length)), _stopping.Token);
            return false;
        }
        if (how.SplitAt is { } split && split < answer.Length)
        {
            await connection.SendAsync(answer.AsMemory(0, split), _stopping.Token);
            await Task.Yield();
            answer = answer[split..];
        }
        await connection.SendAsync(answer, _stopping.Token);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        File.Delete(Path);
    }
}

/// <summary>One packet as read from a socket.</summary>
readonly record struct ReadPacket(byte Sequence, byte[] Payload);

/// <summary>A socket that packets are read from, for both the fake server and the raw client.</summary>
sealed class PacketSocket(Socket socket)
{
    byte[] _buffer = new byte[4096];
    int _start, _end;

    public Socket Socket => socket;

    /// <summary>Null: closed.</summary>
    public async ValueTask<ReadPacket?> ReadAsync(CancellationToken ct)
    {
        if (!await FillAsync(Packet.HeaderSize, ct)) return null;
        var length = Packet.PayloadLength(_buffer.AsSpan(_start));
        var sequence = _buffer[_start + 3];
        if (!await FillAsync(Packet.HeaderSize + length, ct)) return null;
        var payload = _buffer.AsSpan(_start + Packet.HeaderSize, length).ToArray();
        _start += Packet.HeaderSize + length;
        return new ReadPacket(sequence, payload);
    }

    async ValueTask<bool> FillAsync(int needed, CancellationToken ct)
    {
        while (_end - _start < needed)
        {
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                _end -= _start;
                _start = 0;
            }
            if (_buffer.Length < needed || _end == _buffer.Length) Array.Resize(ref _buffer, Math.Max(needed, _buffer.Length * 2));
            int count;
            try
            {
                count = await socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, ct);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }
            if (count == 0) return false;
            _end += count;
        }
        return true;
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct = default)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, ct)..];
    }

    public void Close() => socket.Dispose();
}
