using System.Collections.Frozen;
using System.Text;

namespace Headwater.Core.Statements;

/// <summary>
/// What makes an answer another one although nothing that is read has changed. Each function that <see cref="FunctionLists"/> knows was gone over: those
/// that depend on anything but their arguments, the session's settings, its schema and its user stand here. One that is not known is not repeatable.
/// </summary>
internal static class Repeatability
{
    /// <summary>A TIME becomes a DATETIME by taking today's date, wherever one is compared with the other or a function wants a date.</summary>
    public const string TimeOfDay = "makes a TIME, which takes today's date where a date is wanted";

    const string Clock = "now sysdate curdate curtime current_date current_time current_timestamp localtime localtimestamp utc_date utc_time utc_timestamp to_date";
    const string TimesOfDay = "maketime sec_to_time timediff str_to_date";
    const string Chance = "rand uuid uuid_short uuid_v4 uuid_v7 sys_guid random_bytes encrypt password old_password";

    // The user is the session's, and yet: an account's host and roles are looked up when the session begins, and may differ for the same name.
    const string Session = "user current_user session_user system_user current_role";
    const string Waiting = "sleep benchmark";

    // Without parentheses
    static readonly FrozenDictionary<string, string> Words = Make(
        ("current_date current_time current_timestamp localtime localtimestamp utc_date utc_time utc_timestamp sysdate", "{0} is the time"),
        ("current_user current_role", "{0} is about the session"),
        ("sql_no_cache", "asks for no cache"),
        ("sql_calc_found_rows", "counts rows for a later FOUND_ROWS()"),
        ("examined", "ends when enough rows have been looked at"));

    static readonly int ShortestWord = Words.Keys.Min(static word => word.Length);

    static readonly FrozenDictionary<string, string> Calls = Make(
        (Clock, "{0}() is the time"), (TimesOfDay, TimeOfDay), (Chance, "{0}() is another value each time"), (Session, "{0}() is about the session"), (Waiting, "{0}() is there for the time it takes"));

    static readonly FrozenDictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> WordsBySpan = Words.GetAlternateLookup<ReadOnlySpan<char>>();
    static readonly FrozenDictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> CallsBySpan = Calls.GetAlternateLookup<ReadOnlySpan<char>>();

    public static string? OfWord(ReadOnlySpan<byte> lowerWord) => lowerWord.Length < ShortestWord ? null : Find(WordsBySpan, lowerWord);

    /// <summary>Of a name before a parenthesis.</summary>
    public static string? OfCall(ReadOnlySpan<byte> lowerName) => Find(CallsBySpan, lowerName) ?? Functions.Rule(lowerName) switch
    {
        FunctionRule.Native or FunctionRule.Adjacent or FunctionRule.UnlessRoutine or FunctionRule.Construct => null,
        _ => $"{Encoding.UTF8.GetString(lowerName)}() is not known to give the same twice",
    };

    static string? Find(FrozenDictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> reasons, ReadOnlySpan<byte> name)
    {
        if (name.Length > 48) return null;
        Span<char> chars = stackalloc char[48];
        return reasons.TryGetValue(chars[..Encoding.Latin1.GetChars(name, chars)], out var reason) ? reason : null;
    }

    static FrozenDictionary<string, string> Make(params (string Names, string Reason)[] groups) =>
        groups.SelectMany(group => group.Names.Split(' ').Select(name => KeyValuePair.Create(name, group.Reason.Replace("{0}", name.ToUpperInvariant(), StringComparison.Ordinal)))).ToFrozenDictionary(StringComparer.Ordinal);
}
