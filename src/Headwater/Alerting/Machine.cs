using System.Globalization;
using Headwater.Core.Alerting;

namespace Headwater.Alerting;

/// <summary>What the machine says of itself.</summary>
static class Machine
{
    /// <summary>Null where there is no /proc. Source: https://man7.org/linux/man-pages/man5/proc_stat.5.html .</summary>
    public static HostTime? Processors()
    {
        try
        {
            return Parse(File.ReadLines("/proc/stat").First());
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Of the line <c>cpu  user nice system idle iowait irq softirq steal guest guest_nice</c>; guests are in user and nice already.</summary>
    internal static HostTime? Parse(string line)
    {
        const int Idle = 3, Waiting = 4, Counted = 8;
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length <= Counted || fields[0] != "cpu") return null;
        var ticks = fields.Skip(1).Take(Counted).Select(static field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        var total = ticks.Sum();
        return new HostTime(total - ticks[Idle] - ticks[Waiting], total);
    }

    public static IEnumerable<Reading> Disks(IEnumerable<string> directories)
    {
        foreach (var directory in directories)
            if (FreeOf(directory) is { } percent) yield return new Reading(AlertSignal.DiskFree, directory, percent);
    }

    static double? FreeOf(string directory)
    {
        try
        {
            var drive = new DriveInfo(Path.GetFullPath(directory));
            return drive.TotalSize > 0 ? 100.0 * drive.AvailableFreeSpace / drive.TotalSize : null;
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
