using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Headwater.Commands;

/// <summary>
/// Tells systemd how far the service has come, and that it lives: sd_notify(3), one datagram each to the socket that NOTIFY_SOCKET names. Does nothing where nobody asked.
/// By hand because it is this page; the package for it wants the whole hosting model around it.
/// </summary>
sealed class SystemdNotice : IDisposable
{
    readonly Socket? _socket;
    readonly CancellationTokenSource _end = new();
    readonly TimeSpan? _watchdog;

    public SystemdNotice() : this(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), Environment.GetEnvironmentVariable("WATCHDOG_USEC"))
    {
    }

    /// <param name="address">A path, or a name behind an @ in Linux's abstract namespace.</param>
    /// <param name="watchdogMicroseconds">How long systemd waits for a sign of life; null: it waits for none.</param>
    internal SystemdNotice(string? address, string? watchdogMicroseconds)
    {
        if (string.IsNullOrEmpty(address)) return;
        if (long.TryParse(watchdogMicroseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0) _watchdog = TimeSpan.FromMicroseconds(limit);
        try
        {
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            _socket.Connect(new UnixDomainSocketEndPoint(address[0] == '@' ? "\0" + address[1..] : address));
        }
        catch (SocketException)
        {
            // Who cannot be told is not waited for: the service is what matters.
            _socket?.Dispose();
            _socket = null;
        }
    }

    /// <summary>It serves. From now on signs of life are given, for as long as <paramref name="lives"/> says so.</summary>
    /// <param name="lives">Asked at half of the time that systemd waits; what it awaits should end by then.</param>
    public void Ready(string status, Func<TimeSpan, Task<bool>> lives)
    {
        Tell($"READY=1\nSTATUS={status}");
        if (_socket is not null && _watchdog is { } limit) _ = GiveSignsAsync(limit / 2, lives);
    }

    /// <summary>Another process is the service from now on: what it says counts, and what this one says does not.</summary>
    public void GiveTo(int pid)
    {
        Tell(string.Create(CultureInfo.InvariantCulture, $"MAINPID={pid}"));
        _end.Cancel();
    }

    public void Status(string status) => Tell($"STATUS={status}");

    public void Stopping() => Tell("STOPPING=1\nSTATUS=no new sessions; running transactions may end");

    async Task GiveSignsAsync(TimeSpan every, Func<TimeSpan, Task<bool>> lives)
    {
        try
        {
            using var timer = new PeriodicTimer(every);
            do
                if (await lives(every)) Tell("WATCHDOG=1");
            while (await timer.WaitForNextTickAsync(_end.Token));
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    void Tell(string state)
    {
        try
        {
            _socket?.Send(Encoding.UTF8.GetBytes(state.Replace("\r", " ", StringComparison.Ordinal)));
        }
        catch (SocketException)
        {
            // As above.
        }
    }

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
        _socket?.Dispose();
    }
}
