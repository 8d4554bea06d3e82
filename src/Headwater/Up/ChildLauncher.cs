using System.Collections.Concurrent;
using System.Diagnostics;

namespace Headwater.Up;

/// <summary>
/// Starts children that the kernel asks to stop (SIGTERM) when this process dies, even by kill -9: setpriv --pdeathsig,
/// prctl(2) PR_SET_PDEATHSIG. That signal fires when the *thread* that forked ends, so all children are started by one
/// thread which lives as long as this object, never by a pool thread.
/// Each child gets a session of its own (setsid), so that Ctrl-C at the terminal reaches headwater only and the servers
/// live on until it has drained. The output goes to a file.
/// </summary>
internal sealed class ChildLauncher : IDisposable
{
    readonly BlockingCollection<(ProcessStartInfo Start, TaskCompletionSource<Process> Started)> _requests = [];
    readonly string _wrapper;

    /// <param name="lastSignal">What the kernel sends them: TERM, or KILL where nothing of theirs is kept.</param>
    /// <param name="niceness">How far behind others they stand in the queue for a processor, 0 to 19.</param>
    public ChildLauncher(string lastSignal = "TERM", int niceness = 0)
    {
        // exec each time: the id that Process knows is the server's own in the end.
        var nice = niceness > 0 && File.Exists("/usr/bin/nice") ? $"nice -n {niceness} " : "";
        var ends = File.Exists("/usr/bin/setpriv") ? $"setpriv --pdeathsig {lastSignal} " : "";
        _wrapper = $"exec {nice}setsid {ends}\"$@\" </dev/null >>\"$0\" 2>&1";
        new Thread(Run) { IsBackground = true, Name = "child launcher" }.Start();
    }

    public Task<Process> StartAsync(string outputFile, string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", _wrapper, outputFile, program, .. arguments]);
        // MariaDB would tell systemd of itself, in this service's name: sd_notify(3).
        foreach (var told in (string[])["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) start.Environment.Remove(told);
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests.Add((start, started));
        return started.Task;
    }

    /// <summary>Ends the thread, and with it whatever child is left.</summary>
    public void Dispose() => _requests.CompleteAdding();

    void Run()
    {
        foreach (var (start, started) in _requests.GetConsumingEnumerable())
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        }

        _requests.Dispose();
    }
}
