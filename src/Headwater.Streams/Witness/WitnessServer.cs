using System.Net;
using System.Net.Sockets;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Streams.Store;
using Microsoft.Extensions.Logging;

namespace Headwater.Streams.Witness;

/// <summary>
/// A server that has the log and no data. To a primary it is a replica that acknowledges what is on its disk; to a controller, one that answers as any other and that nobody reads
/// from or promotes; to a replica, a source. So with a primary, a replica and a witness each of them can be lost for ever.
/// </summary>
public sealed class WitnessServer : IAsyncDisposable
{
    /// <summary>By the last word of it a witness is known.</summary>
    public const string Version = "10.11.0-MariaDB" + ServerCapabilities.WitnessVersion;

    readonly WitnessOptions _options;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly long _startedAt;
    readonly LogStore _store;
    readonly WitnessReplication _replication;
    readonly Socket _listener;
    readonly CancellationTokenSource _end = new();
    readonly Task _accepting;
    readonly List<Task> _sessions = [];
    uint _threads;
    const int MostSessions = 500;

    /// <exception cref="StoreException">The store cannot be opened.</exception>
    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public WitnessServer(WitnessOptions options, TimeProvider time, ILoggerFactory log)
    {
        (_time, _log, _startedAt) = (time, log.CreateLogger("Headwater.Witness"), time.GetTimestamp());
        if (!options.Accounts.Any(static account => account.Password.Length > 0)) throw new StoreException("A witness needs an account with a password: monitor.password, or control.replication_password.");
        // Whatever it says that it holds is on the disk.
        _store = LogStore.Open(options.Store with { Sync = SyncPolicy.Always }, time);
        _listener = new Socket(options.Listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Bind(options.Listen);
        _listener.Listen(64);
        _options = options with { Listen = (IPEndPoint)_listener.LocalEndPoint! };
        _replication = new WitnessReplication(_options, _store, time, _log);
        _accepting = AcceptAsync();
    }

    public IPEndPoint Address => _options.Listen;
    public StoreEnd End => _store.End;

    /// <summary>Whom it follows, and why not, in a sentence.</summary>
    public string Sentence => $"{(_replication.IsReceiving ? "follows" : "does not follow")} {_replication.Source}{(_replication.IsAcknowledging ? ", and acknowledges" : "")}{(_replication.Error.Length > 0 ? $": {_replication.Error}" : "")}";

    /// <summary>What the log held before the first transaction that is here; null while it is empty.</summary>
    public Position? Begin => _store.Begin;

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket;
                try
                {
                    socket = await _listener.AcceptAsync(_end.Token);
                }
                catch (SocketException busy)
                {
                    // No descriptor is free, say: those who are here go on, and somebody will leave.
                    Log.CannotAccept(_log, busy.Message);
                    await Task.Delay(TimeSpan.FromSeconds(1), _time, _end.Token);
                    continue;
                }
                _sessions.RemoveAll(static done => done.IsCompleted);
                if (_sessions.Count >= MostSessions)
                {
                    socket.Dispose();
                    continue;
                }
                socket.NoDelay = true;
                var session = new WitnessSession(_options, _store, _replication, _time, _startedAt, ++_threads, socket, _log, _end.Token);
                _sessions.Add(Task.Run(session.RunAsync));
            }
        }
        catch (OperationCanceledException)
        {
            // It ends.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_sessions);
        await _replication.DisposeAsync();
        _store.Dispose();
        _end.Dispose();
    }
}
