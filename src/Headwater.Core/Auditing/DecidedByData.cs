namespace Headwater.Core.Auditing;

/// <summary>
/// Whether the data alone decide which rows an answer has. Where rows are chosen among equals (the first of a LIMIT, one for a group, one of two
/// spellings that a collation holds for the same) or floating numbers are added up, two servers with the same data may rightly answer otherwise, each by
/// the plan that it has made. Such reads are not audited: what is called a violation has to be one.
/// </summary>
public static class DecidedByData
{
    static readonly HashSet<string> _chosenByPlan = new(StringComparer.Ordinal)
    {
        "limit", "fetch", "group", "distinct", "distinctrow", "union", "intersect", "except", "over", "rownum", "procedure",
        "min", "max", "sum", "avg", "std", "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "group_concat", "json_arrayagg", "json_objectagg",
    };

    /// <param name="digest">Of the statement: lower case.</param>
    public static bool Is(string digest)
    {
        var words = digest.AsSpan();
        while (!words.IsEmpty)
        {
            var end = words.IndexOfAnyExcept(_wordCharacters) is >= 0 and var found ? found : words.Length;
            if (_lookup.Contains(words[..end])) return false;
            words = words[Math.Min(words.Length, end + 1)..];
        }
        return true;
    }

    static readonly System.Buffers.SearchValues<char> _wordCharacters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_$");
    static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup = _chosenByPlan.GetAlternateLookup<ReadOnlySpan<char>>();
}
