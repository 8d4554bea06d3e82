using System.Net;
using System.Net.Sockets;

namespace Headwater.IntegrationTests.Fixtures;

internal static class FreePort
{
    static readonly HashSet<int> Given = [];

    /// <summary>A port that nothing listens on now and that this process has not given out before.</summary>
    public static int Next()
    {
        while (true)
        {
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
            lock (Given)
                if (Given.Add(port))
                    return port;
        }
    }
}
