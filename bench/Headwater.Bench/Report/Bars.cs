namespace Headwater.Bench.Report;

/// <summary>What was promised against what was measured. A bar that could not be measured is not reached.</summary>
sealed class Bars
{
    readonly List<(bool Reached, string What, string Measured)> _bars = [];

    public bool AllReached => _bars.TrueForAll(static bar => bar.Reached);

    public void Check(bool reached, string what, string measured) => _bars.Add((reached, what, measured));

    public void Print(TextWriter to)
    {
        foreach (var (reached, what, measured) in _bars) to.WriteLine($"{(reached ? "reached    " : "NOT REACHED")}  {what}: {measured}");
    }
}
