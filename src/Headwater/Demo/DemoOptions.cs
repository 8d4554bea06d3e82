namespace Headwater.Demo;

/// <summary>Who works in the demo, and how hard. The defaults leave half of a two-core machine to its owner.</summary>
internal sealed record DemoOptions
{
    public int Writers { get; init; } = 4;
    public int Readers { get; init; } = 8;
    public int Analysts { get; init; } = 1;

    /// <summary>1 is a lively afternoon; 2 halves every pause, 0 leaves none.</summary>
    public double Pace { get; init; } = 1;

    /// <summary>Same seed, same data; the workload's choices follow from it too.</summary>
    public ulong Seed { get; init; } = 20261121;

    /// <summary>A line every two seconds instead of a live table, also on a terminal.</summary>
    public bool Plain { get; init; }

    public TimeSpan Pause(double milliseconds) => Pace <= 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(milliseconds / Pace);
}
