using System.Diagnostics;

namespace Headwater.Bench.Audit;

/// <summary>How many reads have been checked, and whether it is enough.</summary>
sealed class AuditProgress(AuditOptions options)
{
    readonly long _began = Stopwatch.GetTimestamp();
    long _reads;
    bool _abandoned, _found;

    public long Reads => Interlocked.Read(ref _reads);
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_began);
    public bool IsOver => Volatile.Read(ref _abandoned) || Reads >= options.Reads && Elapsed >= options.AtLeast && (!options.IsPlanted || Volatile.Read(ref _found)) || Elapsed >= options.AtMost;

    public void Count() => Interlocked.Increment(ref _reads);
    /// <summary>What is planted has been found at each level. How soon depends on the faults: a second's lateness takes one that lasts.</summary>
    public void Found() => Volatile.Write(ref _found, true);
    public void Abandon() => Volatile.Write(ref _abandoned, true);
}
