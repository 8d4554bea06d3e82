using System.Globalization;
using System.Runtime.InteropServices;

namespace Headwater.Bench.Lab;

/// <summary>Processor time of a process with all its threads, microseconds. The kernel counts it exactly; how it splits into the two is by sampled ticks.</summary>
readonly record struct ProcessorTime(double User, double System)
{
    public double Total => User + System;
    public static ProcessorTime operator -(ProcessorTime a, ProcessorTime b) => new(a.User - b.User, a.System - b.System);
    public static ProcessorTime operator +(ProcessorTime a, ProcessorTime b) => new(a.User + b.User, a.System + b.System);
}

/// <summary>What /proc says: proc(5).</summary>
static partial class ProcStat
{
    const int ClockTicksName = 2;
    static readonly double _microsecondsPerTick = 1e6 / SysConf(ClockTicksName);

    /// <summary>Fields 14 and 15 of /proc/PID/stat. The name in field 2 may hold anything, so counting starts behind its last parenthesis.</summary>
    public static ProcessorTime CpuOf(int pid) => Times(File.ReadAllText($"/proc/{pid}/stat"));

    /// <summary>Of the threads whose name starts so.</summary>
    public static ProcessorTime CpuOfThreads(int pid, string name) => Directory.EnumerateDirectories($"/proc/{pid}/task")
        .Select(static thread => File.ReadAllText(thread + "/stat"))
        .Where(text => text[(text.IndexOf('(', StringComparison.Ordinal) + 1)..].StartsWith(name, StringComparison.Ordinal))
        .Aggregate(default(ProcessorTime), static (sum, text) => sum + Times(text));

    static ProcessorTime Times(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return new ProcessorTime(Parse(fields[11]) * _microsecondsPerTick, Parse(fields[12]) * _microsecondsPerTick);
    }

    public static ProcessorTime CpuOf(IEnumerable<int> pids) => pids.Aggregate(default(ProcessorTime), (sum, pid) => sum + CpuOf(pid));

    /// <summary>A zombie has ended, whatever kill(2) says of it.</summary>
    public static bool IsRunning(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return text[text.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Ticks that the host gave to others while we wanted to run, and all ticks, over all processors.</summary>
    public static (long Stolen, long All) Machine()
    {
        using var reader = new StreamReader("/proc/stat");
        var fields = reader.ReadLine()!.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(Parse).ToArray();
        return (fields.Length > 7 ? fields[7] : 0, fields.Take(8).Sum());
    }

    /// <summary>A line of /proc/PID/status in bytes: VmRSS, VmHWM.</summary>
    public static long StatusBytes(int pid, string name)
    {
        foreach (var line in File.ReadLines($"/proc/{pid}/status"))
            if (line.StartsWith(name + ":", StringComparison.Ordinal))
                return Parse(line.Split(' ', '\t').First(static word => word.Length > 0 && char.IsAsciiDigit(word[0]))) * 1024;
        return 0;
    }

    static long Parse(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "sysconf")]
    private static partial long SysConf(int name);
}

/// <summary>The share of processor time that the host took away between two looks: a figure measured under much of it says nothing.</summary>
sealed class StolenTime
{
    (long Stolen, long All) _before = ProcStat.Machine();

    public double ShareSinceLastLook()
    {
        var now = ProcStat.Machine();
        var share = now.All == _before.All ? 0 : (double)(now.Stolen - _before.Stolen) / (now.All - _before.All);
        _before = now;
        return share;
    }
}
