using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Headwater.Bench.Split;

/// <summary>
/// A long wire: what the primary sends comes out at the replica's end a fixed time later, what the replica says goes at once.
/// MASTER_DELAY knows whole seconds only, and slow disks are no fixed time.
/// </summary>
sealed class DelayRelay : IDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly ConcurrentBag<Socket> _sockets = [];
    readonly int _primaryPort;
    readonly TimeSpan _delay;

    // To log in and to ask for the log takes a dozen questions and answers, which a long wire would make minutes.
    static readonly TimeSpan _introduction = TimeSpan.FromSeconds(1);

    public DelayRelay(int primaryPort, TimeSpan delay)
    {
        _primaryPort = primaryPort;
        _delay = delay;
        _listener.Start();
        Run(Accept);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    void Accept()
    {
        while (true)
        {
            var replica = _listener.AcceptSocket();
            var primary = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            replica.NoDelay = true;
            _sockets.Add(replica);
            _sockets.Add(primary);
            primary.Connect(IPAddress.Loopback, _primaryPort);
            var line = new BlockingCollection<(long Due, byte[] Bytes)>(100_000);
            Run(() => Pump(replica, primary));
            Run(() => Enter(primary, line));
            Run(() => Leave(line, replica));
        }
    }

    void Enter(Socket primary, BlockingCollection<(long, byte[])> line)
    {
        var buffer = new byte[64 * 1024];
        var delay = (long)(_delay.TotalSeconds * Stopwatch.Frequency);
        var begun = Stopwatch.GetTimestamp();
        int read;
        while ((read = primary.Receive(buffer)) > 0) line.Add((Stopwatch.GetTimestamp() + (Stopwatch.GetElapsedTime(begun) < _introduction ? 0 : delay), buffer[..read]));
        line.CompleteAdding();
    }

    static void Leave(BlockingCollection<(long Due, byte[] Bytes)> line, Socket replica)
    {
        foreach (var (due, bytes) in line.GetConsumingEnumerable())
        {
            var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (left > TimeSpan.Zero) Thread.Sleep(left);
            replica.Send(bytes);
        }
        replica.Dispose();
    }

    static void Pump(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = from.Receive(buffer)) > 0) to.Send(buffer, read, SocketFlags.None);
        to.Dispose();
    }

    static void Run(Action work) => new Thread(() =>
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // One end is gone, and with it this wire; replicas connect again by themselves.
        }
    })
    { IsBackground = true }.Start();

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var socket in _sockets) socket.Dispose();
    }
}
