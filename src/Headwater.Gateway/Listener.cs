using System.Runtime.CompilerServices;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Transport;

namespace Headwater.Gateway;

/// <summary>A listening socket on a reactor. Accepted descriptors are handed on with the peer's address.</summary>
internal sealed unsafe class Listener : Watched
{
    readonly EventLoop _loop;
    readonly ListenerOptions _options;
    readonly Action<int, string> _accepted;
    int _fd;
    bool _paused;

    public int Port { get; private set; }

    Listener(EventLoop loop, ListenerOptions options, int fd, Action<int, string> accepted)
    {
        _loop = loop;
        _options = options;
        _fd = fd;
        _accepted = accepted;
    }

    /// <param name="inherited">The descriptor of a socket that listens already, which another process has given away; null: one is made.</param>
    public static Listener Open(EventLoop loop, ListenerOptions options, int? inherited, Action<int, string> accepted)
    {
        var fd = inherited ?? Listen(options);
        var listener = new Listener(loop, options, fd, accepted) { OwnsFile = inherited is null };
        if (options.Socket is null) listener.Port = BoundPort(fd);
        loop.Post(() => loop.Add(listener, fd));
        return listener;
    }

    static int Listen(ListenerOptions options)
    {
        var address = options.Socket is { } path ? SocketAddress.Unix(path) : SocketAddress.Tcp(options.Address, options.Port);
        var fd = Native.socket(address.Family, Native.SockStream | Native.SockNonBlock | Native.SockCloseOnExec, 0);
        if (fd < 0) throw Failed(options, "socket");
        if (options.Socket is { } old)
        {
            // A socket file outlives its process; one that answers belongs to somebody.
            if (File.Exists(old))
            {
                if (Answers(address)) throw new IOException($"cannot listen on {old}: another process listens there");
                File.Delete(old);
            }
        }
        else Native.SetOption(fd, Native.SolSocket, Native.SoReuseAddr, 1);
        fixed (byte* bytes = address.Bytes)
            if (Native.bind(fd, bytes, address.Bytes.Length) != 0) throw Failed(options, "bind", fd);
        if (Native.listen(fd, 4096) != 0) throw Failed(options, "listen", fd);
        // Whoever may log in may connect, as with the servers' own sockets; the folder decides who may come near.
        if (options.Socket is { } made && !OperatingSystem.IsWindows()) File.SetUnixFileMode(made, (UnixFileMode)0x1FF);
        return fd;
    }

    public bool IsFor(ListenerOptions options) => options.Socket == _options.Socket && options.Port == _options.Port && options.Address.Equals(_options.Address) && options == _options;

    /// <summary>Whether a socket's file goes with it: not one that somebody else made, who may listen there yet.</summary>
    public bool OwnsFile { get; set; }

    /// <summary>What the configuration calls it: by that a successor finds it among what it is given.</summary>
    public string Name => NameOf(_options);
    public static string NameOf(ListenerOptions options) => options.Socket ?? $"{options.Address}:{options.Port}";
    public int Descriptor => _fd;

    public string Describe() => _options.Socket ?? $"{_options.Address}:{Port}";

    static bool Answers(SocketAddress address)
    {
        var probe = Native.socket(address.Family, Native.SockStream | Native.SockCloseOnExec, 0);
        fixed (byte* bytes = address.Bytes)
        {
            var answers = Native.connect(probe, bytes, address.Bytes.Length) == 0;
            _ = Native.close(probe);
            return answers;
        }
    }

    static IOException Failed(ListenerOptions options, string call, int fd = -1)
    {
        var error = Native.LastError;
        if (fd >= 0) _ = Native.close(fd);
        var where = options.Socket ?? $"{options.Address}:{options.Port}";
        return new IOException($"cannot listen on {where}: {call}: {Native.Message(error)}");
    }

    static int BoundPort(int fd)
    {
        var bytes = stackalloc byte[28];
        var length = 28;
        return Native.getsockname(fd, bytes, &length) == 0 ? (bytes[2] << 8) | bytes[3] : 0;
    }

    internal override void OnEvents(uint events)
    {
        var address = stackalloc byte[128];
        while (!_paused && _fd >= 0)
        {
            var length = 128;
            var fd = Native.accept4(_fd, address, &length, Native.SockNonBlock | Native.SockCloseOnExec);
            if (fd < 0)
            {
                var error = Native.LastError;
                if (error is Native.Interrupted or Native.ConnectionAborted) continue;
                // Out of descriptors: edge-triggered, so try again by ourselves.
                if (error != Native.Again) _loop.After(TimeSpan.FromMilliseconds(50), () => { if (_fd >= 0) OnEvents(0); });
                return;
            }
            _accepted(fd, SocketAddress.Describe(new ReadOnlySpan<byte>(address, length)));
        }
    }

    /// <summary>Accepts nobody, or again: meanwhile the kernel keeps who comes.</summary>
    public void Pause(bool paused) => Do(() =>
    {
        _paused = paused;
        if (!paused) OnEvents(0);
    });

    public void Close() => Do(() =>
    {
        if (_fd < 0) return;
        _loop.Remove(this);
        _ = Native.close(_fd);
        _fd = -1;
        // While it is paused, another process has it too, and may go on.
        if (OwnsFile && !_paused && _options.Socket is { } path) File.Delete(path);
    });

    // Done when it returns.
    void Do(Action action)
    {
        if (_loop.IsCurrent)
        {
            action();
            return;
        }
        var done = new ManualResetEventSlim();
        _loop.Post(() =>
        {
            action();
            done.Set();
        });
        done.Wait(TimeSpan.FromSeconds(2));
    }
}
