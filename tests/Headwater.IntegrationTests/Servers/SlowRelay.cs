using System.Net;
using System.Net.Sockets;

namespace Headwater.IntegrationTests.Servers;

/// <summary>A narrow wire to a server: what it sends comes in pieces with pauses between, so that so many bytes take so long.</summary>
sealed class SlowRelay : IAsyncDisposable
{
    const int Piece = 100_000;
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _ends = new();
    readonly Task _running;

    public SlowRelay(int serverPort, TimeSpan takes, int bytes)
    {
        _listener.Start();
        _running = RunAsync(serverPort, takes * Piece / bytes);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    async Task RunAsync(int serverPort, TimeSpan pause)
    {
        try
        {
            using var reader = await _listener.AcceptSocketAsync(_ends.Token);
            using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await server.ConnectAsync(IPAddress.Loopback, serverPort, _ends.Token);
            await Task.WhenAny(PumpAsync(reader, server, TimeSpan.Zero), PumpAsync(server, reader, pause));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The test is over.
        }
    }

    async Task PumpAsync(Socket from, Socket to, TimeSpan pause)
    {
        var piece = new byte[Piece];
        for (int read; (read = await from.ReceiveAsync(piece, _ends.Token)) > 0;)
        {
            await to.SendAsync(piece.AsMemory(0, read), _ends.Token);
            if (pause > TimeSpan.Zero) await Task.Delay(pause * read / Piece, _ends.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        await _running;
        _listener.Dispose();
        _ends.Dispose();
    }
}
