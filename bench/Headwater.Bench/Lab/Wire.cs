using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Headwater.Bench.Lab;

/// <summary>A wire to a port of this machine that can be cut: nothing comes through any more, and neither end is told, as when packets are dropped.</summary>
sealed class Wire : IDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly ConcurrentBag<Socket> _sockets = [];
    readonly int _to;
    volatile bool _cut;

    public Wire(int to)
    {
        _to = to;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Cut() => _cut = true;

    /// <summary>What was connected ends now: what it had sent meanwhile is gone.</summary>
    public void Mend()
    {
        while (_sockets.TryTake(out var socket)) socket.Dispose();
        _cut = false;
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var (near, far) = (await _listener.AcceptSocketAsync(), new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
                near.NoDelay = true;
                _sockets.Add(near);
                _sockets.Add(far);
                _ = JoinAsync(near, far);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It ends.
        }
    }

    async Task JoinAsync(Socket near, Socket far)
    {
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _to);
            await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One end is gone.
        }
        near.Dispose();
        far.Dispose();
    }

    async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        while (await from.ReceiveAsync(buffer) is > 0 and var read)
            if (!_cut) await to.SendAsync(buffer.AsMemory(0, read));
    }

    public void Dispose()
    {
        _listener.Dispose();
        Mend();
    }
}
