using System.Diagnostics;
using System.Net.Sockets;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>
/// Asks a server on its own machine, over a new connection each time, whether it lives: one that answers nobody there is not well, whatever was done to it. Seen with MariaDB 10.11.19
/// when replicas come back after a partition: kill_zombie_dump_threads waits for the receiver of acknowledgements, which waits for a packet of the connection that is gone, and
/// nobody can log in meanwhile.
/// </summary>
sealed class Pulse : IDisposable
{
    readonly LabServer _server;
    readonly Thread _thread;
    volatile bool _ends;
    long _longest;

    public Pulse(LabServer server)
    {
        _server = server;
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The longest time that an answer took.</summary>
    public TimeSpan Longest => TimeSpan.FromTicks(Volatile.Read(ref _longest));

    void Run()
    {
        while (!_ends)
        {
            var at = Stopwatch.GetTimestamp();
            try
            {
                _server.Ask("SELECT 1");
            }
            catch (Exception e) when (e is SqlException or SocketException or IOException)
            {
                // A refusal is an answer too.
            }
            Volatile.Write(ref _longest, Math.Max(_longest, Stopwatch.GetElapsedTime(at).Ticks));
            Thread.Sleep(100);
        }
    }

    public void Dispose()
    {
        _ends = true;
        _thread.Join();
    }
}
