namespace Headwater.Core;

/// <summary>
/// A point on this process's monotonic clock, in ticks of 100 ns. Only differences mean anything;
/// instants of two machines are never compared.
/// </summary>
public readonly record struct Instant(long Ticks) : IComparable<Instant>
{
    public static readonly Instant Zero;
    public static readonly Instant Never = new(long.MaxValue);

    public static Instant operator +(Instant at, TimeSpan by) => new(at.Ticks + by.Ticks);
    public static Instant operator -(Instant at, TimeSpan by) => new(at.Ticks - by.Ticks);
    public static TimeSpan operator -(Instant later, Instant earlier) => new(later.Ticks - earlier.Ticks);
    public static bool operator <(Instant a, Instant b) => a.Ticks < b.Ticks;
    public static bool operator >(Instant a, Instant b) => a.Ticks > b.Ticks;
    public static bool operator <=(Instant a, Instant b) => a.Ticks <= b.Ticks;
    public static bool operator >=(Instant a, Instant b) => a.Ticks >= b.Ticks;
    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);
    public override string ToString() => new TimeSpan(Ticks).ToString("c");
}
