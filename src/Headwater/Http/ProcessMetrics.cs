using System.Diagnostics;

namespace Headwater.Http;

/// <summary>What the process itself uses.</summary>
static class ProcessMetrics
{
    /// <param name="predecessorSessions">Those of the process that served before an upgrade.</param>
    public static void Write(PrometheusText text, int predecessorSessions)
    {
        using var process = Process.GetCurrentProcess();
        text.Begin("headwater_build_info");
        text.Sample(1, ("version", BuildVersion.Text));
        text.Begin("headwater_predecessor_sessions");
        text.Sample(predecessorSessions);
        text.Begin("headwater_process_start_time_seconds");
        text.Sample(new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0);
        text.Begin("headwater_process_cpu_seconds_total");
        text.Sample(process.UserProcessorTime.TotalSeconds, ("mode", "user"));
        text.Sample(process.PrivilegedProcessorTime.TotalSeconds, ("mode", "system"));
        text.Begin("headwater_process_resident_bytes");
        text.Sample(process.WorkingSet64);
        text.Begin("headwater_process_heap_bytes");
        text.Sample(GC.GetGCMemoryInfo().HeapSizeBytes);
        text.Begin("headwater_process_garbage_collections_total");
        for (var generation = 0; generation <= 2; generation++)
            text.Sample(GC.CollectionCount(generation), ("generation", generation.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        text.Begin("headwater_process_allocated_bytes_total");
        text.Sample(GC.GetTotalAllocatedBytes());
        text.Begin("headwater_process_open_files");
        text.Sample(Directory.Exists("/proc/self/fd") ? Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() : 0);
        text.Begin("headwater_process_threads");
        text.Sample(process.Threads.Count);
    }
}
