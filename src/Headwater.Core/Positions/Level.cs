namespace Headwater.Core.Positions;

public enum LevelKind : byte
{
    Eventual,
    Bounded,
    Monotonic,
    Session,
    Prefix,
    Strong,
}

/// <summary>What a read asks for. <see cref="Bound"/> means something for <see cref="LevelKind.Bounded"/> only.</summary>
public readonly record struct Level(LevelKind Kind, TimeSpan Bound = default)
{
    public static readonly Level Session = new(LevelKind.Session);
}
