namespace Headwater.Tests.Simulation.Clusters;

/// <summary>Seeds on all processors; the lowest that fails tells its story.</summary>
sealed class ManyRuns(Breakage breakage, ulong first, long count)
{
    readonly Lock _lock = new();

    public bool StopsAtTheFirst { get; init; }
    public Tally Tally { get; } = new();
    public SortedList<ulong, string> Failed { get; } = [];
    public ICollection<string> Violations => Failed.Values;

    public string Story => Failed.Count == 0 ? "" : ClusterRun.Tell(Failed.Keys[0], breakage).Story;

    public void Go(Action<ManyRuns>? progress = null)
    {
        var next = (long)first - 1;
        var end = (long)first - 1 + count;
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(Work)).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();

        void Work()
        {
            while (true)
            {
                var seed = Interlocked.Increment(ref next);
                if (seed > end) return;
                var tally = new Tally();
                var violation = ClusterRun.Run((ulong)seed, breakage, tally);
                lock (_lock)
                {
                    Tally.Add(tally);
                    if (violation is not null) Failed.Add((ulong)seed, violation);
                    if (StopsAtTheFirst && Failed.Count > 0) Interlocked.Exchange(ref next, end);
                    progress?.Invoke(this);
                }
            }
        }
    }
}
