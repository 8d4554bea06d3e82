using System.Collections.Immutable;
using System.IO.Enumeration;
using Headwater.Core.Caching;

namespace Headwater.Gateway.Caching;

/// <summary>One line of what may be kept: the first whose every part fits decides. Patterns have <c>*</c> and <c>?</c>.</summary>
public sealed record CacheRule
{
    /// <summary>The port or the socket's path of the listener; null: any.</summary>
    public string? Listener { get; init; }
    public string? User { get; init; }

    /// <summary>Pattern of the statement's digest: lower case, literals as <c>?</c>, which a pattern's <c>?</c> fits.</summary>
    public string? Digest { get; init; }

    /// <summary>Pattern of <c>schema.table</c>; every table of the statement must fit when this keeps, any when this does not.</summary>
    public string? Table { get; init; }

    /// <summary>False: statements that fit are not kept.</summary>
    public bool Keep { get; init; } = true;

    internal bool Fits(string listener, string user, string digest, string schema, ImmutableArray<string> tables)
    {
        if (Listener is not null && Listener != listener) return false;
        if (User is not null && !Matches(User, user)) return false;
        if (Digest is not null && !Matches(Digest, digest)) return false;
        if (Table is not { } pattern) return true;
        foreach (var table in tables)
            if (Matches(pattern, table.Contains('.', StringComparison.Ordinal) ? table : $"{schema}.{table}") != Keep) return !Keep;
        return Keep && !tables.IsEmpty;
    }

    static bool Matches(string pattern, string text) => FileSystemName.MatchesSimpleExpression(pattern, text);
}

/// <summary>What is kept of results, and how much.</summary>
public sealed record CacheOptions
{
    /// <summary>Bytes, keys and what surrounds them included.</summary>
    public long MemoryBytes { get; init; } = 128 << 20;

    /// <summary>A longer answer is not kept.</summary>
    public int LongestAnswer { get; init; } = 1 << 20;
    public EvictionKind Eviction { get; init; } = EvictionKind.S3Fifo;

    /// <summary>In their order; none: every repeatable read may be kept. Where there are some and none fits, nothing is.</summary>
    public ImmutableArray<CacheRule> Rules { get; init; } = [];

    internal bool Keeps(string listener, string user, string digest, string schema, ImmutableArray<string> tables)
    {
        foreach (var rule in Rules)
            if (rule.Fits(listener, user, digest, schema, tables)) return rule.Keep;
        return Rules.IsEmpty;
    }
}
