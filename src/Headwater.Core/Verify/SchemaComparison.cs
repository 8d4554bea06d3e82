using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Headwater.Core.Verify;

/// <summary>Whether two servers declare a table alike, from SHOW CREATE TABLE of both.</summary>
public static partial class SchemaComparison
{
    /// <summary>One sentence per line that only one of them has; empty when they are alike.</summary>
    public static ImmutableArray<string> Compare(string primary, string replica)
    {
        var (ours, theirs) = (Lines(primary), Lines(replica));
        if (ours.SequenceEqual(theirs)) return [];
        var found = ImmutableArray.CreateBuilder<string>();
        foreach (var line in ours.Except(theirs)) found.Add($"the primary declares {line}");
        foreach (var line in theirs.Except(ours)) found.Add($"the replica declares {line}");
        if (found.Count == 0) found.Add("both declare the same in another order");
        return found.ToImmutable();
    }

    // A server's own counter moves with rows that were rolled back too, which replicas never see.
    static List<string> Lines(string create) => [.. Counter().Replace(create, "").Split('\n').Select(static line => line.Trim().TrimEnd(','))];

    [GeneratedRegex(@" AUTO_INCREMENT=\d+")]
    private static partial Regex Counter();
}
