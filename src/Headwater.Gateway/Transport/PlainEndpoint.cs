using Headwater.Gateway.Reactor;

namespace Headwater.Gateway.Transport;

/// <summary>A TCP or Unix socket as it is.</summary>
internal sealed unsafe class PlainEndpoint : Endpoint
{
    /// <summary>Milliseconds; 1,000 is the least that the kernel takes.</summary>
    const int MostBetweenRetransmissions = 1000;

    readonly OutputQueue _output;
    int _fd;
    Action<int>? _onConnected; // errno, 0 when connected

    public PlainEndpoint(EventLoop loop, int fd) : base(loop)
    {
        _fd = fd;
        _output = new OutputQueue(loop.Buffers);
        loop.Add(this, fd);
    }

    public override long PendingOutput => _output.Length;

    /// <summary>Starts connecting; the callback gets 0 or an errno, on this reactor, possibly at once.</summary>
    public static PlainEndpoint Connect(EventLoop loop, SocketAddress address, Action<PlainEndpoint, int> connected)
    {
        var fd = Native.socket(address.Family, Native.SockStream | Native.SockNonBlock | Native.SockCloseOnExec, 0);
        if (fd < 0) throw new IOException($"socket failed: {Native.Message(Native.LastError)}");
        if (address.Family != Native.AfUnix)
        {
            Native.SetOption(fd, Native.IpProtoTcp, Native.TcpNoDelay, 1);
            // What is lost is sent again at growing intervals: after an interruption of four seconds the next try would come three seconds later. Kernels before 6.15 do not know it.
            Native.SetOption(fd, Native.IpProtoTcp, Native.TcpRtoMaxMs, MostBetweenRetransmissions);
        }
        int error;
        fixed (byte* bytes = address.Bytes)
            error = Native.connect(fd, bytes, address.Bytes.Length) == 0 ? 0 : Native.LastError;
        var endpoint = new PlainEndpoint(loop, fd);
        if (error == Native.InProgress) endpoint._onConnected = code => connected(endpoint, code);
        else connected(endpoint, error);
        return endpoint;
    }

    public override int Receive(Span<byte> into)
    {
        if (IsClosed) return -1;
        while (true)
        {
            nint received;
            fixed (byte* buffer = into) received = Native.recv(_fd, buffer, into.Length, 0);
            if (received > 0)
            {
                // epoll(7): a short read means the socket is drained, and the next bytes will raise an event.
                MaybeReadable = received == into.Length || IsHungUp;
                return (int)received;
            }
            if (received == 0) return -1;
            var error = Native.LastError;
            if (error == Native.Interrupted) continue;
            if (error != Native.Again) return -1;
            MaybeReadable = false;
            return 0;
        }
    }

    public override void Send(ReadOnlySpan<byte> bytes)
    {
        if (IsClosed || bytes.IsEmpty) return;
        if (_output.Length == 0) bytes = bytes[SendNow(bytes)..];
        if (!bytes.IsEmpty && !IsClosed) _output.Append(bytes);
    }

    int SendNow(ReadOnlySpan<byte> bytes)
    {
        var sent = 0;
        fixed (byte* buffer = bytes)
        {
            while (sent < bytes.Length)
            {
                var count = Native.send(_fd, buffer + sent, bytes.Length - sent, Native.MsgNoSignal);
                if (count >= 0)
                {
                    sent += (int)count;
                    continue;
                }
                var error = Native.LastError;
                if (error == Native.Interrupted) continue;
                if (error != Native.Again)
                {
                    // The reader finds out: what is lost here can no longer be told to anybody.
                    IsHungUp = true;
                    MaybeReadable = true;
                    return bytes.Length;
                }
                break;
            }
        }
        return sent;
    }

    internal override void OnEvents(uint events)
    {
        if (_onConnected is { } connected && (events & (Native.EpollOut | Native.EpollErr | Native.EpollHup)) != 0)
        {
            _onConnected = null;
            connected(Native.SocketError(_fd));
            if (IsClosed) return;
        }
        if ((events & Native.EpollOut) != 0 && _output.Length > 0)
        {
            while (_output.Length > 0)
            {
                var head = _output.Head;
                var sent = SendNow(head);
                _output.Consume(sent);
                if (sent < head.Length) break;
            }
            if (_output.Length == 0) Owner?.OnDrained();
            if (IsClosed) return;
        }
        if ((events & (Native.EpollIn | Native.EpollErr | Native.EpollHup | Native.EpollRdHup)) != 0)
        {
            if ((events & (Native.EpollErr | Native.EpollHup | Native.EpollRdHup)) != 0) IsHungUp = true;
            MaybeReadable = true;
            Owner?.OnReadable();
        }
    }

    public override void Close()
    {
        if (IsClosed) return;
        IsClosed = true;
        Loop.Remove(this);
        _output.Clear();
        _ = Native.close(_fd);
        _fd = -1;
        Owner = null;
        _onConnected = null;
    }
}
