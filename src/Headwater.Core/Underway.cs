namespace Headwater.Core;

/// <summary>What long work is at.</summary>
/// <param name="Doing">In a sentence without figures: shop.orders is being copied.</param>
/// <param name="Pace">Null where there is nothing to count.</param>
public sealed record Underway(string Doing, Pace? Pace = null)
{
    /// <summary>With the figures, as they are by now.</summary>
    public string Told(Instant now) => Pace is { } pace ? $"{Doing}: {pace.Seen(now)}" : Doing;
}
