using System.Diagnostics;
using System.Runtime.InteropServices;
using Headwater.Bench.Lab;

namespace Headwater.Bench.Reader;

/// <summary>What a program that ran to its end has used: processor time exactly, peak memory as looked at twenty times a second.</summary>
static partial class Measured
{
    const int Children = -1;

    public static (double Seconds, double Cpu, long Peak) Run(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo("/bin/sh");
        // Its output goes nowhere, without a pipe that somebody would have to empty.
        foreach (var argument in (string[])["-c", "exec \"$@\" >/dev/null", "sh", .. command]) start.ArgumentList.Add(argument);
        var before = Cpu();
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        long peak = 0;
        while (!process.WaitForExit(TimeSpan.FromMilliseconds(50)))
            try
            {
                peak = Math.Max(peak, ProcStat.StatusBytes(process.Id, "VmHWM"));
            }
            catch (IOException)
            {
                // It has just ended.
            }
        return process.ExitCode == 0 ? (clock.Elapsed.TotalSeconds, Cpu() - before, peak) : throw new UsageException($"{string.Join(' ', command)} ended with {process.ExitCode}");
    }

    static double Cpu()
    {
        Span<long> usage = stackalloc long[18];
        _ = GetUsage(Children, ref usage[0]);
        return usage[0] + usage[1] / 1e6 + usage[2] + usage[3] / 1e6;
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int who, ref long usage);
}
