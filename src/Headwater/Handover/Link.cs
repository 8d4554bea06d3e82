using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using Headwater.Gateway.Transport;

namespace Headwater.Handover;

/// <summary>Two processes of one machine that tell each other <see cref="Message"/>s over a Unix socket, with descriptors. Ends when either closes it.</summary>
sealed class Link : IDisposable
{
    const int LongestMessage = 1 << 20;
    readonly Socket _socket;
    readonly Channel<(Message, int[])> _received = Channel.CreateUnbounded<(Message, int[])>(new UnboundedChannelOptions { SingleWriter = true });
    readonly Channel<(Message, int[])> _sent = Channel.CreateUnbounded<(Message, int[])>(new UnboundedChannelOptions { SingleReader = true });
    readonly Task _sending;

    public Link(Socket socket)
    {
        _socket = socket;
        // Threads of their own: these calls wait in the kernel.
        _ = Task.Factory.StartNew(Receive, TaskCreationOptions.LongRunning);
        _sending = Task.Factory.StartNew(Send, TaskCreationOptions.LongRunning);
    }

    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static Link To(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        return new Link(socket);
    }

    /// <summary>Sent in order, soon; never blocks. The descriptors have to stay open until the other side has answered.</summary>
    public void Tell(Message message, params int[] descriptors) => _sent.Writer.TryWrite((message, descriptors));

    /// <summary>The next message and the descriptors that came with it, which are the caller's; null: the other side is gone, or says what this one does not understand.</summary>
    public async ValueTask<(Message Message, int[] Descriptors)?> NextAsync(CancellationToken ct)
    {
        try
        {
            return await _received.Reader.ReadAsync(ct);
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    void Receive()
    {
        var (buffer, filled) = (new byte[4096], 0);
        var descriptors = new List<int>();
        try
        {
            while (true)
            {
                if (filled == buffer.Length)
                {
                    if (filled >= LongestMessage) return;
                    Array.Resize(ref buffer, 2 * filled);
                }
                if (DescriptorPassing.Receive(_socket, buffer.AsSpan(filled), descriptors) is not (> 0 and var count)) return;
                filled += count;
                while (buffer.AsSpan(0, filled).IndexOf((byte)'\n') is >= 0 and var length)
                {
                    if (JsonSerializer.Deserialize(buffer.AsSpan(0, length), MessageJson.Default.Message) is not { } message) return;
                    // A message ends with its line, and what descriptors there are came with its first byte.
                    _received.Writer.TryWrite((message, [.. descriptors]));
                    descriptors.Clear();
                    filled -= length + 1;
                    buffer.AsSpan(length + 1, filled).CopyTo(buffer);
                }
            }
        }
        catch (Exception trouble) when (trouble is JsonException or ObjectDisposedException or NotSupportedException)
        {
            // Said by the end of it.
        }
        finally
        {
            DescriptorPassing.Close(descriptors);
            _received.Writer.TryComplete();
        }
    }

    void Send()
    {
        try
        {
            while (_sent.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
                while (_sent.Reader.TryRead(out var next))
                    DescriptorPassing.Send(_socket, [.. JsonSerializer.SerializeToUtf8Bytes(next.Item1, MessageJson.Default.Message), (byte)'\n'], next.Item2);
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or JsonException or NotSupportedException)
        {
            // The reader says so.
        }
    }

    /// <summary>What was to be told is told first, within a second.</summary>
    public void Dispose()
    {
        if (!_sent.Writer.TryComplete()) return;
        _sending.Wait(TimeSpan.FromSeconds(1));
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // It is gone already.
        }
        _socket.Dispose();
    }
}
