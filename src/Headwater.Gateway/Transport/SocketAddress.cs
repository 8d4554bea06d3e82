using System.Net;
using System.Net.Sockets;
using Headwater.Gateway.Reactor;

namespace Headwater.Gateway.Transport;

/// <summary>A sockaddr in the kernel's form.</summary>
internal readonly record struct SocketAddress(int Family, byte[] Bytes)
{
    public static SocketAddress Unix(string path)
    {
        var endpoint = new UnixDomainSocketEndPoint(path);
        return From(endpoint, Native.AfUnix);
    }

    public static SocketAddress Tcp(IPAddress address, int port) =>
        From(new IPEndPoint(address, port), address.AddressFamily == AddressFamily.InterNetworkV6 ? Native.AfInet6 : Native.AfInet);

    /// <summary>The address of a peer as text, "unix" for a Unix socket.</summary>
    public static string Describe(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 8) return "unix";
        return BitConverter.ToUInt16(bytes) switch
        {
            Native.AfInet => new IPAddress(bytes.Slice(4, 4)).ToString(),
            Native.AfInet6 when bytes.Length >= 24 => ((IPAddress)new(bytes.Slice(8, 16))).IsIPv4MappedToIPv6
                ? new IPAddress(bytes.Slice(8, 16)).MapToIPv4().ToString()
                : new IPAddress(bytes.Slice(8, 16)).ToString(),
            _ => "unix",
        };
    }

    static SocketAddress From(EndPoint endpoint, int family)
    {
        var serialized = endpoint.Serialize();
        return new SocketAddress(family, serialized.Buffer[..serialized.Size].ToArray());
    }
}
