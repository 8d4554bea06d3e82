using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using Headwater.Bench.Lab;

namespace Headwater.Bench.Hits;

/// <summary>GET and SET over a blocking connection, as cheap as the SQL client beside it. Source: https://redis.io/docs/latest/develop/reference/protocol-spec/ .</summary>
sealed class RedisClient : IDisposable
{
    readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    readonly byte[] _in = new byte[4096], _out = new byte[512];

    public RedisClient(int port) => _socket.Connect(IPAddress.Loopback, port);

    /// <summary>The length of the value.</summary>
    public int Get(int key)
    {
        Span<byte> digits = stackalloc byte[11];
        Utf8Formatter.TryFormat(key, digits, out var length);
        var at = Put(0, "*2\r\n$3\r\nGET\r\n$"u8);
        Utf8Formatter.TryFormat(length, _out.AsSpan(at), out var written);
        at = Put(Put(Put(at + written, "\r\n"u8), digits[..length]), "\r\n"u8);
        _socket.Send(_out.AsSpan(0, at));
        var received = _socket.Receive(_in);
        if (_in[0] != '$' || !Utf8Parser.TryParse(_in.AsSpan(1, received - 1), out int size, out var used) || size < 0) throw new UsageException("redis has no such key");
        for (var whole = 1 + used + 2 + size + 2; received < whole;) received += _socket.Receive(_in.AsSpan(received));
        return size;
    }

    public void Set(int key, string value)
    {
        var text = System.Text.Encoding.ASCII.GetBytes($"*3\r\n$3\r\nSET\r\n${key.ToString(System.Globalization.CultureInfo.InvariantCulture).Length}\r\n{key}\r\n${value.Length}\r\n{value}\r\n");
        _socket.Send(text);
        _socket.Receive(_in);
    }

    int Put(int at, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_out.AsSpan(at));
        return at + bytes.Length;
    }

    public static ChildProcess StartServer(string directory, int port) => ChildProcess.Start("redis-server", "redis-server",
        ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", directory], Path.Combine(directory, "redis.log"));

    public void Dispose() => _socket.Dispose();
}
