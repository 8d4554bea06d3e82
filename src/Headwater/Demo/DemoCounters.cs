namespace Headwater.Demo;

/// <summary>What the demo's workers have seen, together.</summary>
internal sealed class DemoCounters
{
    public readonly Latencies Writes = new(), ReReads = new(), Timelines = new(), Analyses = new();

    long _stale, _backwards, _errors;

    /// <summary>Re-reads that did not show what the same session had just written. Must stay 0.</summary>
    public long StaleReads => Volatile.Read(ref _stale);

    /// <summary>Reads that showed less than an earlier one of the same session. Must stay 0.</summary>
    public long BackwardReads => Volatile.Read(ref _backwards);

    public long Errors => Volatile.Read(ref _errors);

    /// <summary>The last thing that went wrong, in words.</summary>
    public string LastTrouble { get; private set; } = "";

    public void Stale(string what)
    {
        Interlocked.Increment(ref _stale);
        LastTrouble = what;
    }

    public void Backwards(string what)
    {
        Interlocked.Increment(ref _backwards);
        LastTrouble = what;
    }

    public void Error(string what)
    {
        Interlocked.Increment(ref _errors);
        LastTrouble = what;
    }
}
