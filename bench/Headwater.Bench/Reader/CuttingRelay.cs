using System.Net;
using System.Net.Sockets;

namespace Headwater.Bench.Reader;

/// <summary>Stands before the server and knows how many bytes it has let through: after as many as were asked for, it says so, and cuts or holds the connection.</summary>
sealed class CuttingRelay : IDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly int _serverPort;
    readonly Lock _guard = new();
    long _left = long.MaxValue;
    Action? _reached;
    bool _cuts;

    public CuttingRelay(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        Run(Accept);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>After so many more bytes, counted over connections, <paramref name="reached"/> is called, from the thread that moves the bytes.</summary>
    /// <param name="cuts">The connection is closed there.</param>
    public void After(long bytes, bool cuts, Action reached)
    {
        lock (_guard) (_left, _cuts, _reached) = (bytes, cuts, reached);
    }

    public void Never() => After(long.MaxValue, false, static () => { });

    void Accept()
    {
        while (true)
        {
            var reader = _listener.AcceptSocket();
            var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            reader.NoDelay = true;
            server.Connect(IPAddress.Loopback, _serverPort);
            Run(() => Pump(reader, server, counts: false));
            Run(() => Pump(server, reader, counts: true));
        }
    }

    void Pump(Socket from, Socket to, bool counts)
    {
        var buffer = new byte[64 << 10];
        try
        {
            for (int read; (read = from.Receive(buffer)) > 0;)
            {
                var passes = counts ? Passing(read) : read;
                for (var sent = 0; sent < passes;) sent += to.Send(buffer, sent, passes - sent, SocketFlags.None);
                if (passes == read) continue;
                var (cuts, reached) = (_cuts, _reached!);
                reached();
                if (cuts) return;
                for (var sent = passes; sent < read;) sent += to.Send(buffer, sent, read - sent, SocketFlags.None);
            }
        }
        finally
        {
            from.Dispose();
            to.Dispose();
        }
    }

    int Passing(int read)
    {
        lock (_guard)
        {
            if (_left >= read)
            {
                _left -= read;
                return read;
            }
            var passes = (int)_left;
            _left = long.MaxValue;
            return passes;
        }
    }

    static void Run(Action work) => new Thread(() =>
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // One of the two is gone, which is what it is for.
        }
    })
    { IsBackground = true }.Start();

    public void Dispose() => _listener.Dispose();
}
