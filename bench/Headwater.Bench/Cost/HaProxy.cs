using System.Diagnostics;
using System.Net.Sockets;
using Headwater.Bench.Lab;

namespace Headwater.Bench.Cost;

/// <summary>Debian's HAProxy as the yardstick: TCP mode, one thread, everything to the primary. It looks at no byte.</summary>
static class HaProxy
{
    public static ChildProcess Start(string directory, int port, ServerInfo primary)
    {
        var settings = Path.Combine(directory, "haproxy.cfg");
        File.WriteAllText(settings, $"""
            global
                nbthread 1
                maxconn 4000
            defaults
                mode tcp
                timeout connect 5s
                timeout client 1h
                timeout server 1h
            listen sql
                bind 127.0.0.1:{port}
                server primary {primary.Address}:{primary.Port}

            """);
        var program = File.Exists("/usr/sbin/haproxy") ? "/usr/sbin/haproxy" : "haproxy";
        var child = ChildProcess.Start("haproxy", program, ["-db", "-f", settings], Path.Combine(directory, "haproxy.log"));
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var probe = new TcpClient("127.0.0.1", port);
                return child;
            }
            catch (SocketException) when (!child.HasExited && clock.Elapsed < TimeSpan.FromSeconds(10))
            {
                Thread.Sleep(20);
            }
            catch (SocketException)
            {
                var said = child.LogTail();
                child.Dispose();
                throw new UsageException($"haproxy does not serve. It said:\n{said}");
            }
        }
    }
}
