using System.Diagnostics;

namespace Headwater.Bench.Audit;

/// <summary>How many reads have been checked, and whether it is enough.</summary>
sealed class AuditProgress(AuditOptions options)
{
    readonly long _began = Stopwatch.GetTimestamp();
    long _reads;
    bool _abandoned;

    public long Reads => Interlocked.Read(ref _reads);
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_began);
    public bool IsOver => Volatile.Read(ref _abandoned) || Reads >= options.Reads && Elapsed >= options.AtLeast || Elapsed >= options.AtMost;

    public void Count() => Interlocked.Increment(ref _reads);
    public void Abandon() => Volatile.Write(ref _abandoned, true);
}
