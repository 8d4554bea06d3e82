using Headwater.Core.Statements;

namespace Headwater.Gateway.Caching;

/// <summary>Whether a statement's result is kept, and why not, for people.</summary>
static class KeptSentence
{
    /// <param name="dictionary">What the log's tables are; null: that is not known at the moment.</param>
    /// <param name="isAskedFor">By cache.rules.</param>
    public static string Of(StatementFacts facts, string schema, DataDictionary? dictionary, bool isAskedFor)
    {
        if (!facts.IsPlainRead) return "not kept: it is no plain read";
        if (dictionary is null) return "not kept: what the log's tables are is not known at the moment";
        if (!facts.IsReadBy(dictionary)) return "not kept: the tables have been defined anew just now";
        var footprint = facts.FootprintIn(schema);
        if (footprint.IsEverything) return $"not kept: {footprint.Reason}";
        if (!footprint.IsRepeatable) return $"not kept: {footprint.NotRepeatable}";
        return isAskedFor ? $"kept until the log touches {footprint.Reason}" : "not kept: no rule of cache.rules asks for it, or one says not to";
    }

    /// <summary>Of a statement without a session: rules that name a user or a listener fit nobody.</summary>
    /// <param name="kept">How many results of such a statement there are now.</param>
    public static string Of(StatementFacts facts, string schema, DataDictionary? dictionary, CacheOptions options, int kept, bool asksPrimary)
    {
        if (asksPrimary) return "no kept result answers: what the primary shows now, only the primary knows";
        var sentence = Of(facts, schema, dictionary, options.Keeps("", "", facts.Digest, schema, facts.Tables));
        return !sentence.StartsWith("kept", StringComparison.Ordinal) ? sentence
            : kept == 0 ? $"{sentence}; there is none at the moment" : $"{sentence}; there {(kept == 1 ? "is one" : $"are {kept}")} of such a statement now, by its values and who asks, and a session whose floor it covers is answered from there";
    }
}
