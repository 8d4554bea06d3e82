using System.Net;
using System.Net.Sockets;

namespace Headwater.Up;

/// <summary>
/// Ports for the servers. Below the range that the kernel hands out to outgoing connections (32768 and up), as one of those
/// could take a remembered port while the cluster is stopped; and starting at a place that depends on the directory, so
/// that clusters started at the same moment look in different places.
/// </summary>
internal static class FreePorts
{
    const int First = 15000, Last = 31999;

    public static int Take(string directory, ICollection<int> taken)
    {
        var start = StartFor(directory);
        for (var step = 0; step <= Last - First; step++)
        {
            var port = First + (start + step) % (Last - First + 1);
            if (taken.Contains(port) || !IsFree(port)) continue;
            taken.Add(port);
            return port;
        }

        throw new UpException($"No port between {First} and {Last} is free on 127.0.0.1.");
    }

    public static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // As mariadbd does: a port whose old connections are still in TIME_WAIT is free.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // FNV-1a: string.GetHashCode differs from run to run.
    static int StartFor(string directory)
    {
        var hash = 2166136261;
        foreach (var c in directory) hash = (hash ^ c) * 16777619;
        return (int)(hash % (Last - First + 1));
    }
}
