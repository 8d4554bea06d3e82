using System.Diagnostics;

namespace Headwater.Bench.Audit;

enum LevelKind : byte
{
    Eventual,
    Bounded,
    Monotonic,
    Session,
    Strong,
}

/// <summary>A row of the audit: the level asked for, and whether the session wanders between the gateways with its token.</summary>
sealed record AskedLevel(LevelKind Kind, string Name, string Setting, TimeSpan Bound = default, bool Wanders = false)
{
    public long BoundTicks { get; } = (long)(Bound.TotalSeconds * Stopwatch.Frequency);

    /// <summary>At the level eventual nothing is promised; what it shows proves that the faults were real.</summary>
    public bool Promises => Kind != LevelKind.Eventual;

    public static readonly IReadOnlyList<AskedLevel> All =
    [
        new(LevelKind.Session, "session", "session"),
        new(LevelKind.Session, "session, token carried", "session", Wanders: true),
        new(LevelKind.Monotonic, "monotonic", "monotonic"),
        new(LevelKind.Bounded, "bounded 200ms", "bounded 200ms", TimeSpan.FromMilliseconds(200)),
        new(LevelKind.Bounded, "bounded 1s", "bounded 1s", TimeSpan.FromSeconds(1)),
        new(LevelKind.Strong, "strong", "strong"),
        new(LevelKind.Eventual, "eventual", "eventual"),
    ];

    /// <summary>Which row a session takes in its n-th life: the default level and tokens most often.</summary>
    public static int Turn(int number) => (number % 12) switch { 0 or 4 or 8 => 0, 1 or 5 or 9 => 1, 2 or 6 => 2, 3 => 3, 7 => 4, 10 => 5, _ => 6 };
}
