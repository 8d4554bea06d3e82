using Headwater.Bench.Lab;

namespace Headwater.Bench.Cost;

/// <summary>
/// Managed memory that the gateway allocates per statement in the steady part of a run: between a quarter of it, when logins and
/// prepares are over, and shortly before its end. Two looks at /metrics; their own cost is in the figure.
/// </summary>
sealed class AllocationWindow : IDisposable
{
    readonly Timer _begin, _end;
    readonly Cluster _cluster;
    Metrics? _first, _last;

    AllocationWindow(Cluster cluster, int seconds)
    {
        _cluster = cluster;
        _begin = new Timer(_ => _first = Look(), null, TimeSpan.FromSeconds(Math.Max(0.4, seconds * 0.25)), Timeout.InfiniteTimeSpan);
        _end = new Timer(_ => _last = Look(), null, TimeSpan.FromSeconds(seconds * 0.9), Timeout.InfiniteTimeSpan);
    }

    public static AllocationWindow Open(Cluster cluster, int seconds) => new(cluster, seconds);

    public static double? Allocated(Metrics metrics) => metrics.SumOfFirst("headwater_allocated_bytes_total", "headwater_process_allocated_bytes_total");

    /// <summary>Bytes per statement of the whole process and of the reactor threads alone; NaN where the gateway does not tell.</summary>
    public (double Process, double Reactors) Close()
    {
        if (_first is not { } first || _last is not { } last) return (double.NaN, double.NaN);
        var statements = last.Sum("headwater_statements_total") - first.Sum("headwater_statements_total");
        if (statements is not > 0) return (double.NaN, double.NaN);
        var process = Allocated(last) - Allocated(first);
        var reactors = last.Sum("headwater_reactor_allocated_bytes_total") - first.Sum("headwater_reactor_allocated_bytes_total");
        return (process / statements ?? double.NaN, reactors / statements ?? double.NaN);
    }

    Metrics? Look()
    {
        try
        {
            return _cluster.Metrics();
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _begin.Dispose();
        _end.Dispose();
    }
}
