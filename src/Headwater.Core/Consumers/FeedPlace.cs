using System.Globalization;
using Headwater.Core.Positions;

namespace Headwater.Core.Consumers;

/// <summary>
/// How much of the feed a consumer has: all that a position covers, and of the transaction behind it the changes up to an index. As text
/// <c>0-1-41</c>, or <c>0-1-41/0-1-42/7</c> when it has the changes 0 to 7 of 0-1-42 and not yet the rest.
/// </summary>
/// <param name="Before">What it has whole.</param>
/// <param name="Open">The transaction that it has a part of; null between transactions.</param>
/// <param name="Index">The last change of that one that it has; else -1.</param>
public readonly record struct FeedPlace(Position Before, Gtid? Open, long Index)
{
    public FeedPlace(Position position) : this(position, null, -1)
    {
    }

    public static bool TryParse(string text, out FeedPlace place)
    {
        place = default;
        var parts = text.Split('/');
        if (parts.Length is not (1 or 3) || !Position.TryParse(parts[0], out var before)) return false;
        place = new FeedPlace(before);
        if (parts.Length == 1) return true;
        if (!Position.TryParse(parts[1], out var open) || open.DomainCount != 1) return false;
        if (!long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var index)) return false;
        place = new FeedPlace(before, open[0], index);
        return true;
    }

    public override string ToString() => Open is { } open ? string.Create(CultureInfo.InvariantCulture, $"{Before}/{open}/{Index}") : Before.ToString();
}
