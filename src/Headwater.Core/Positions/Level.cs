using System.Globalization;

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

    const string Allowed = "allowed are eventual, bounded <time> (as 'bounded 200ms' or 'bounded 1.5s'), monotonic, session, prefix, strong";

    /// <summary>Reads <c>session</c>, <c>bounded 200ms</c>, <c>bounded(1.5s)</c>; letters of either case.</summary>
    public static bool TryParse(string text, out Level level, out string error)
    {
        level = Session;
        error = "";
        var word = text.Trim();
        LevelKind? plain = word.ToUpperInvariant() switch
        {
            "EVENTUAL" => LevelKind.Eventual,
            "MONOTONIC" => LevelKind.Monotonic,
            "SESSION" => LevelKind.Session,
            "PREFIX" => LevelKind.Prefix,
            "STRONG" => LevelKind.Strong,
            _ => null,
        };
        if (plain is { } kind)
        {
            level = new Level(kind);
            return true;
        }
        if (!word.StartsWith("bounded", StringComparison.OrdinalIgnoreCase))
        {
            error = word.Length == 0 ? $"a level is missing: {Allowed}" : $"'{Shorten(word)}' is not a level: {Allowed}";
            return false;
        }
        var rest = word["bounded".Length..].Trim();
        if (rest.StartsWith('(') && rest.EndsWith(')')) rest = rest[1..^1].Trim();
        if (!TryTime(rest, out var bound))
        {
            error = $"'{Shorten(rest)}' is not a time for bounded: allowed is a number above 0 with ms, s or min, as in 'bounded 200ms', up to 1 day";
            return false;
        }
        level = new Level(LevelKind.Bounded, bound);
        return true;
    }

    public override string ToString() => Kind switch
    {
        LevelKind.Eventual => "eventual",
        LevelKind.Bounded => "bounded " + Time(Bound),
        LevelKind.Monotonic => "monotonic",
        LevelKind.Session => "session",
        LevelKind.Prefix => "prefix",
        _ => "strong",
    };

    static string Time(TimeSpan time) => time.Ticks % TimeSpan.TicksPerSecond == 0 && time.Ticks != 0
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0}s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.####}ms");

    static bool TryTime(string text, out TimeSpan time)
    {
        time = default;
        var digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.')) digits++;
        double unit = text[digits..].Trim().ToUpperInvariant() switch
        {
            "MS" => 1,
            "S" => 1_000,
            "MIN" => 60_000,
            _ => 0,
        };
        if (unit == 0 || !double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
        var ticks = Math.Round(number * unit * TimeSpan.TicksPerMillisecond);
        if (!(ticks >= 1 && ticks <= TimeSpan.TicksPerDay)) return false;
        time = new TimeSpan((long)ticks);
        return true;
    }

    static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
