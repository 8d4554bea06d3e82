using System.Net.Sockets;
using Headwater.Gateway.Reactor;

namespace Headwater.Gateway.Transport;

/// <summary>Bytes and open descriptors over a Unix socket, which the runtime's sockets cannot do: unix(7), SCM_RIGHTS.</summary>
public static unsafe class DescriptorPassing
{
    /// <summary>As many as the kernel takes in one message (SCM_MAX_FD).</summary>
    public const int Most = 253;
    static readonly int HeaderSize = sizeof(Native.ControlHeader);

    /// <summary>Sends all bytes; blocks while the other side does not read. The descriptors go with the first of them, and stay open here too.</summary>
    /// <exception cref="IOException">The other side is gone.</exception>
    public static void Send(Socket socket, ReadOnlySpan<byte> bytes, ReadOnlySpan<int> descriptors)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Length, Most);
        using var held = new HeldHandle(socket);
        var control = stackalloc byte[HeaderSize + (descriptors.Length + 1) / 2 * 8];
        while (bytes.Length > 0)
            fixed (byte* at = bytes)
            {
                var part = new Native.Part { Base = at, Length = bytes.Length };
                var message = new Native.MessageHeader { Parts = &part, PartCount = 1 };
                if (descriptors.Length > 0)
                {
                    *(Native.ControlHeader*)control = new Native.ControlHeader { Length = HeaderSize + descriptors.Length * sizeof(int), Level = Native.SolSocket, Type = Native.ScmRights };
                    descriptors.CopyTo(new Span<int>(control + HeaderSize, descriptors.Length));
                    message.Control = control;
                    message.ControlLength = HeaderSize + (descriptors.Length + 1) / 2 * 8;
                }
                var sent = Native.sendmsg(held.Descriptor, &message, Native.MsgNoSignal);
                if (sent < 0 && Native.LastError == Native.Interrupted) continue;
                if (sent < 0) throw new IOException($"the other process cannot be told: {Native.Message(Native.LastError)}");
                bytes = bytes[(int)sent..];
                descriptors = [];
            }
    }

    /// <summary>Waits for bytes. 0: the other side is gone.</summary>
    /// <param name="descriptors">Those that came with them are added; they are the caller's to close.</param>
    public static int Receive(Socket socket, Span<byte> into, List<int> descriptors)
    {
        using var held = new HeldHandle(socket);
        var room = HeaderSize + (Most + 1) / 2 * 8;
        var control = stackalloc byte[room];
        fixed (byte* at = into)
            while (true)
            {
                var part = new Native.Part { Base = at, Length = into.Length };
                var message = new Native.MessageHeader { Parts = &part, PartCount = 1, Control = control, ControlLength = room };
                var received = Native.recvmsg(held.Descriptor, &message, Native.MsgCloseOnExec);
                if (received < 0 && Native.LastError == Native.Interrupted) continue;
                if (received < 0) return 0;
                var header = (Native.ControlHeader*)control;
                if (message.ControlLength >= HeaderSize && header->Level == Native.SolSocket && header->Type == Native.ScmRights)
                    for (var i = 0; i < (header->Length - HeaderSize) / sizeof(int); i++) descriptors.Add(((int*)(control + HeaderSize))[i]);
                // Some were thrown away for want of room, or of free numbers: nothing can be made of the rest.
                return (message.Flags & Native.MsgControlTruncated) != 0 ? 0 : (int)received;
            }
    }

    /// <summary>Whoever waits in the kernel keeps the number from being another's: the socket may be disposed meanwhile.</summary>
    readonly ref struct HeldHandle
    {
        readonly SafeSocketHandle _handle;

        public HeldHandle(Socket socket)
        {
            var added = false;
            (_handle = socket.SafeHandle).DangerousAddRef(ref added);
        }

        public int Descriptor => (int)_handle.DangerousGetHandle();

        public void Dispose() => _handle.DangerousRelease();
    }

    public static void Close(IEnumerable<int> descriptors)
    {
        foreach (var descriptor in descriptors) _ = Native.close(descriptor);
    }
}
