using Headwater.Core.Consumers;

namespace Headwater.Streams.Consumers;

public enum BeginKind : byte
{
    /// <summary>With what comes from now on.</summary>
    Now,

    /// <summary>With the oldest that is kept.</summary>
    Oldest,

    /// <summary>With a copy of the tables, and what comes behind it.</summary>
    Snapshot,

    /// <summary>Behind what the consumer has.</summary>
    Place,
}

/// <summary>Where a consumer begins: <c>now</c>, <c>oldest</c>, <c>snapshot</c>, or a place such as <c>0-1-41</c>.</summary>
public readonly record struct FeedBegin(BeginKind Kind, FeedPlace Place = default)
{
    public const string Allowed = "now, oldest, snapshot, or a position such as 0-1-41 or 0-1-41/0-1-42/7";

    public static bool TryParse(string text, out FeedBegin begin)
    {
        begin = default;
        switch (text)
        {
            case "now": begin = new FeedBegin(BeginKind.Now); return true;
            case "oldest": begin = new FeedBegin(BeginKind.Oldest); return true;
            case "snapshot": begin = new FeedBegin(BeginKind.Snapshot); return true;
        }
        if (text.Length == 0 || !FeedPlace.TryParse(text, out var place)) return false;
        begin = new FeedBegin(BeginKind.Place, place);
        return true;
    }
}
