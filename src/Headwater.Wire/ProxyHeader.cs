using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace Headwater.Wire;

public enum ProxyHeaderRead : byte
{
    /// <summary>All bytes so far fit a header; more are needed.</summary>
    Incomplete,

    /// <summary>The bytes are no PROXY header at all.</summary>
    Absent,

    /// <summary>They start as one and break it.</summary>
    Malformed,
    Complete,
}

/// <summary>
/// What a load balancer says in front of a connection about who is behind it, versions 1 and 2. <see cref="Source"/> is null for a connection of
/// the balancer's own (<c>LOCAL</c>, <c>UNKNOWN</c>, a Unix socket). Source: https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt .
/// </summary>
public sealed record ProxyHeader(IPEndPoint? Source, IPEndPoint? Destination)
{
    const int LongestV1 = 107;
    const int LongestV2 = 16 + 2048; // the specification asks readers for 216 at least; extra fields are skipped
    static ReadOnlySpan<byte> StartV1 => "PROXY "u8;
    static ReadOnlySpan<byte> StartV2 => "\r\n\r\n\0\r\nQUIT\n"u8;

    public static ProxyHeaderRead Read(ReadOnlySpan<byte> bytes, out ProxyHeader? header, out int consumed)
    {
        header = null;
        consumed = 0;
        if (StartsLike(bytes, StartV2)) return bytes.Length < 16 ? ProxyHeaderRead.Incomplete : ReadV2(bytes, out header, out consumed);
        if (StartsLike(bytes, StartV1)) return ReadV1(bytes, out header, out consumed);
        return ProxyHeaderRead.Absent;
    }

    static bool StartsLike(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> start) =>
        bytes.Length < start.Length ? start.StartsWith(bytes) : bytes.StartsWith(start);

    static ProxyHeaderRead ReadV1(ReadOnlySpan<byte> bytes, out ProxyHeader? header, out int consumed)
    {
        header = null;
        consumed = 0;
        var end = bytes[..Math.Min(bytes.Length, LongestV1)].IndexOf("\r\n"u8);
        if (end < 0) return bytes.Length < LongestV1 ? ProxyHeaderRead.Incomplete : ProxyHeaderRead.Malformed;
        var words = Encoding.ASCII.GetString(bytes[StartV1.Length..Math.Max(end, StartV1.Length)]).Split(' ');
        if (words[0] == "UNKNOWN")
        {
            header = new ProxyHeader(null, null);
        }
        else
        {
            if (words.Length != 5 || words[0] is not ("TCP4" or "TCP6")
                || !TryEndPoint(words[1], words[3], out var source) || !TryEndPoint(words[2], words[4], out var destination))
                return ProxyHeaderRead.Malformed;
            header = new ProxyHeader(source, destination);
        }
        consumed = end + 2;
        return ProxyHeaderRead.Complete;
    }

    static bool TryEndPoint(string address, string port, out IPEndPoint? endPoint)
    {
        endPoint = null;
        if (!IPAddress.TryParse(address, out var ip) || !ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
        endPoint = new IPEndPoint(ip, number);
        return true;
    }

    static ProxyHeaderRead ReadV2(ReadOnlySpan<byte> bytes, out ProxyHeader? header, out int consumed)
    {
        header = null;
        consumed = 0;
        var length = 16 + BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (bytes[12] >> 4 != 2 || (bytes[12] & 0xF) > 1 || length > LongestV2) return ProxyHeaderRead.Malformed;
        if (bytes.Length < length) return ProxyHeaderRead.Incomplete;
        var addresses = bytes[16..length];
        var size = (bytes[13] >> 4) switch { 1 => 4, 2 => 16, _ => 0 };
        if ((bytes[12] & 0xF) == 0 || size == 0)
        {
            header = new ProxyHeader(null, null);
        }
        else
        {
            if (addresses.Length < 2 * size + 4) return ProxyHeaderRead.Malformed;
            header = new ProxyHeader(
                new IPEndPoint(new IPAddress(addresses[..size]), BinaryPrimitives.ReadUInt16BigEndian(addresses[(2 * size)..])),
                new IPEndPoint(new IPAddress(addresses.Slice(size, size)), BinaryPrimitives.ReadUInt16BigEndian(addresses[(2 * size + 2)..])));
        }
        consumed = length;
        return ProxyHeaderRead.Complete;
    }
}
