using System.Collections.Frozen;
using System.Text;

namespace Headwater.Core.Statements;

/// <summary>What a name before an opening parenthesis means for where a statement may run.</summary>
internal enum FunctionRule : byte
{
    /// <summary>Not known: a stored function, a UDF, or a native one that this list does not know.</summary>
    Unknown,

    /// <summary>Native in every supported server, reads nothing but its arguments and the session.</summary>
    Native,

    /// <summary>Native only with no space before the parenthesis; otherwise a name like any other (sql/lex.h, sql_functions[]).</summary>
    Adjacent,

    /// <summary>Native in some supported versions, or a word that is not reserved: a stored function may have the name.</summary>
    UnlessRoutine,

    /// <summary>A reserved word: no call at all.</summary>
    Construct,

    LastInsertId,
    LastOutcome,
    TakesLock,
    ReleasesLock,
    ReleasesAllLocks,
    ConnectionId,

    /// <summary>Answers differ per server; whoever talks to "the database" means the primary.</summary>
    ServerLocal,

    /// <summary>Writes, waits for replication, reads files, or evaluates something unseen.</summary>
    Impure,
}

internal static class Functions
{
    static readonly FrozenDictionary<string, FunctionRule> Rules = Build();
    static readonly FrozenDictionary<string, FunctionRule>.AlternateLookup<ReadOnlySpan<char>> BySpan = Rules.GetAlternateLookup<ReadOnlySpan<char>>();
    static readonly FrozenSet<string> ClauseWords = FunctionLists.ArgumentClauses.Split(' ').ToFrozenSet(StringComparer.Ordinal);

    public static FunctionRule Rule(ReadOnlySpan<byte> lowerName)
    {
        if (lowerName.Length > 48)
            return FunctionRule.Unknown;
        Span<char> chars = stackalloc char[48];
        var length = Encoding.Latin1.GetChars(lowerName, chars);
        return BySpan.TryGetValue(chars[..length], out var rule) ? rule : FunctionRule.Unknown;
    }

    /// <summary>FROM and FOR among the arguments are not clauses: SUBSTRING(s FROM 1 FOR 2), TRIM(LEADING x FROM y), EXTRACT(DAY FROM d).</summary>
    public static bool HasArgumentClauses(ReadOnlySpan<byte> lowerName) => ClauseWords.Contains(Encoding.Latin1.GetString(lowerName));

    internal static IEnumerable<KeyValuePair<string, FunctionRule>> All => Rules;

    static FrozenDictionary<string, FunctionRule> Build()
    {
        var rules = new Dictionary<string, FunctionRule>(StringComparer.Ordinal);
        void Add(FunctionRule rule, string names)
        {
            foreach (var name in names.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries))
                rules[name] = rule;
        }
        Add(FunctionRule.Construct, FunctionLists.Reserved);
        Add(FunctionRule.UnlessRoutine, FunctionLists.NotReserved);
        Add(FunctionRule.UnlessRoutine, FunctionLists.Newer);
        Add(FunctionRule.Native, FunctionLists.Native);
        Add(FunctionRule.Native, FunctionLists.Spatial);
        Add(FunctionRule.Adjacent, FunctionLists.Adjacent);
        Add(FunctionRule.LastInsertId, "last_insert_id");
        Add(FunctionRule.LastOutcome, "found_rows row_count");
        Add(FunctionRule.TakesLock, "get_lock");
        Add(FunctionRule.ReleasesLock, "release_lock");
        Add(FunctionRule.ReleasesAllLocks, "release_all_locks");
        Add(FunctionRule.ConnectionId, "connection_id");
        Add(FunctionRule.ServerLocal, FunctionLists.ServerLocal);
        Add(FunctionRule.Impure, FunctionLists.Impure);
        return rules.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
