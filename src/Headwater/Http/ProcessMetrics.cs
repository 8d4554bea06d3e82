using System.Diagnostics;

namespace Headwater.Http;

/// <summary>What the process itself uses.</summary>
static class ProcessMetrics
{
    public static void Write(PrometheusText text)
    {
        using var process = Process.GetCurrentProcess();
        text.Gauge("headwater_build_info", "1; the version is a label.");
        text.Sample(1, ("version", BuildVersion.Text));
        text.Gauge("headwater_process_start_time_seconds", "Start of the process, in seconds since 1970 UTC.");
        text.Sample(new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0);
        text.Counter("headwater_process_cpu_seconds_total", "Processor time used, by mode.");
        text.Sample(process.UserProcessorTime.TotalSeconds, ("mode", "user"));
        text.Sample(process.PrivilegedProcessorTime.TotalSeconds, ("mode", "system"));
        text.Gauge("headwater_process_resident_bytes", "Memory of the process that is in RAM.");
        text.Sample(process.WorkingSet64);
        text.Gauge("headwater_process_heap_bytes", "Managed memory in use after the last garbage collection.");
        text.Sample(GC.GetGCMemoryInfo().HeapSizeBytes);
        text.Counter("headwater_process_garbage_collections_total", "Garbage collections, by generation.");
        for (var generation = 0; generation <= 2; generation++)
            text.Sample(GC.CollectionCount(generation), ("generation", generation.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        text.Counter("headwater_process_allocated_bytes_total", "Managed memory allocated since the start.");
        text.Sample(GC.GetTotalAllocatedBytes());
        text.Gauge("headwater_process_open_files", "Open file descriptors, sockets included.");
        text.Sample(Directory.Exists("/proc/self/fd") ? Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() : 0);
        text.Gauge("headwater_process_threads", "Threads of the process.");
        text.Sample(process.Threads.Count);
    }
}
