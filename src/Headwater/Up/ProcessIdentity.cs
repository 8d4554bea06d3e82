using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Headwater.Up;

/// <summary>
/// A process that cannot be mistaken for another: its id alone may be given to a stranger after it died, id and start time
/// (proc(5), <c>/proc/PID/stat</c> field 22, in ticks since boot) may not. After a reboot the ticks start over, so the
/// command line is asked too.
/// </summary>
internal readonly record struct ProcessIdentity(int Pid, ulong StartTicks)
{
    /// <summary>The process with this id, or null when there is none. A zombie (state Z) is gone: it only waits to be reaped, though kill -0 finds it.</summary>
    public static ProcessIdentity? Of(int pid)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{pid}/stat");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        // The name in field 2 may hold spaces and parentheses: fields are counted from the last one.
        var afterName = stat.LastIndexOf(')');
        var fields = afterName < 0 ? [] : stat[(afterName + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 20 || fields[0] is "Z" or "X") return null;
        return ulong.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) ? new ProcessIdentity(pid, ticks) : null;
    }

    public bool IsAlive => Of(Pid) == this;

    /// <summary>True when the process runs with exactly this argument.</summary>
    public bool HasArgument(string argument)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{Pid}/cmdline")).Split('\0').Contains(argument);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>
    /// Sends a signal through a pidfd, which stays with the process it was opened for: the identity is compared after opening,
    /// so the signal cannot reach a later process of the same id. pidfd_open(2), pidfd_send_signal(2). False when it is gone.
    /// </summary>
    public bool Signal(int signal)
    {
        var descriptor = (int)Syscall(PidfdOpen, Pid, 0, 0, 0);
        if (descriptor < 0) return false;
        try
        {
            return IsAlive && Syscall(PidfdSendSignal, descriptor, signal, 0, 0) == 0;
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Waits until the process is gone; false when it still runs after <paramref name="patience"/>.</summary>
    public async Task<bool> GoneAsync(TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        var until = time.GetTimestamp() + (long)(patience.TotalSeconds * time.TimestampFrequency);
        while (IsAlive)
        {
            if (time.GetTimestamp() > until) return false;
            await Task.Delay(TimeSpan.FromMilliseconds(5), time, ct);
        }

        return true;
    }

    public const int Terminate = 15, Kill = 9;

    // The numbers are the same on every architecture that .NET runs on: they were added after Linux unified its tables.
    const long PidfdSendSignal = 424, PidfdOpen = 434;

    [DllImport("libc", EntryPoint = "syscall", SetLastError = true)]
    static extern long Syscall(long number, long first, long second, long third, long fourth);

    [DllImport("libc", EntryPoint = "close")]
    static extern int Close(int descriptor);
}
