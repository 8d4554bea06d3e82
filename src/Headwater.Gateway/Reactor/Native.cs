using System.Runtime.InteropServices;

namespace Headwater.Gateway.Reactor;

/// <summary>
/// The few Linux calls the byte path makes, straight to libc: the runtime's own sockets cost twice the recv calls and a
/// thread-pool hop per event (measured: see docs/decisions/0002). Manual pages: epoll(7), tcp(7), unix(7), eventfd(2).
/// </summary>
internal static unsafe partial class Native
{
    public const int EpollIn = 0x1, EpollOut = 0x4, EpollErr = 0x8, EpollHup = 0x10, EpollRdHup = 0x2000;
    public const uint EpollEdge = 1u << 31;
    public const int EpollCtlAdd = 1, EpollCtlDel = 2, EpollCtlMod = 3;
    public const int Again = 11, Interrupted = 4, InProgress = 115, AddressInUse = 98, ConnectionAborted = 103;
    public const int AfUnix = 1, AfInet = 2, AfInet6 = 10;
    public const int SockStream = 1, SockNonBlock = 0x800, SockCloseOnExec = 0x80000;
    public const int SolSocket = 1, SoReuseAddr = 2, SoError = 4, SoKeepAlive = 9, SoReusePort = 15;
    public const int IpProtoTcp = 6, TcpNoDelay = 1, TcpRtoMaxMs = 44;
    public const int MsgNoSignal = 0x4000, MsgCloseOnExec = 0x40000000, MsgControlTruncated = 0x8;
    public const int ScmRights = 1;

    [LibraryImport("libc", SetLastError = true)] public static partial int socket(int domain, int type, int protocol);
    [LibraryImport("libc", SetLastError = true)] public static partial int bind(int fd, byte* address, int length);
    [LibraryImport("libc", SetLastError = true)] public static partial int listen(int fd, int backlog);
    [LibraryImport("libc", SetLastError = true)] public static partial int accept4(int fd, byte* address, int* length, int flags);
    [LibraryImport("libc", SetLastError = true)] public static partial int connect(int fd, byte* address, int length);
    [LibraryImport("libc", SetLastError = true)] public static partial nint recv(int fd, byte* buffer, nint length, int flags);
    [LibraryImport("libc", SetLastError = true)] public static partial nint send(int fd, byte* buffer, nint length, int flags);
    [LibraryImport("libc", SetLastError = true)] public static partial nint sendmsg(int fd, MessageHeader* message, int flags);
    [LibraryImport("libc", SetLastError = true)] public static partial nint recvmsg(int fd, MessageHeader* message, int flags);
    [LibraryImport("libc", SetLastError = true)] public static partial nint read(int fd, byte* buffer, nint length);
    [LibraryImport("libc", SetLastError = true)] public static partial nint write(int fd, byte* buffer, nint length);
    [LibraryImport("libc", SetLastError = true)] public static partial int close(int fd);
    [LibraryImport("libc", SetLastError = true)] public static partial int setsockopt(int fd, int level, int name, int* value, int length);
    [LibraryImport("libc", SetLastError = true)] public static partial int getsockopt(int fd, int level, int name, int* value, int* length);
    [LibraryImport("libc", SetLastError = true)] public static partial int getsockname(int fd, byte* address, int* length);
    [LibraryImport("libc", SetLastError = true)] public static partial int epoll_create1(int flags);
    [LibraryImport("libc", SetLastError = true)] public static partial int epoll_ctl(int epoll, int operation, int fd, byte* epollEvent);
    [LibraryImport("libc", SetLastError = true)] public static partial int epoll_wait(int epoll, byte* events, int count, int timeoutMilliseconds);
    [LibraryImport("libc", SetLastError = true)] public static partial int eventfd(uint initial, int flags);

    public static int LastError => Marshal.GetLastPInvokeError();

    public static string Message(int error) => Marshal.GetPInvokeErrorMessage(error);

    /// <summary>The kernel packs epoll_event on x86-64 only (EPOLL_PACKED in eventpoll.h).</summary>
    public static readonly int EpollEventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    public static readonly int EpollDataOffset = EpollEventSize - 8;

    public static void SetOption(int fd, int level, int name, int value) => _ = setsockopt(fd, level, name, &value, sizeof(int));

    public static int SocketError(int fd)
    {
        int error = 0, length = sizeof(int);
        return getsockopt(fd, SolSocket, SoError, &error, &length) == 0 ? error : LastError;
    }

    /// <summary>iovec, readv(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Part
    {
        public byte* Base;
        public nint Length;
    }

    /// <summary>msghdr, as the C library of 64-bit Linux lays it out: recvmsg(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MessageHeader
    {
        public byte* Name;
        public uint NameLength;
        public Part* Parts;
        public nint PartCount;
        public byte* Control;
        public nint ControlLength;
        public int Flags;
    }

    /// <summary>cmsghdr; what it carries follows: cmsg(3).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ControlHeader
    {
        public nint Length;
        public int Level;
        public int Type;
    }
}
