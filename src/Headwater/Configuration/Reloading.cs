using Headwater.Http;

namespace Headwater.Configuration;

/// <summary>Whether a changed file may take over from the one in force: whole, or not at all.</summary>
static class Reloading
{
    public static OutcomeJson Decide(ConfigReading inForce, ConfigReading read, out ConfigReading? next)
    {
        next = null;
        if (read.Config is null)
            return new OutcomeJson(false, [.. read.Problems.Select(static problem => problem.ToString()), $"{read.File} was refused whole; the old configuration stays in force."]);
        var changed = ConfigInForce.Changed(inForce.Values, read.Values).ToList();
        var fixedKeys = changed.FindAll(static key => !key.Reloadable);
        if (fixedKeys.Count > 0)
            return new OutcomeJson(false, [$"{read.File} changes {InWords(fixedKeys)}, which needs a restart; it was refused whole, the old configuration stays in force."]);
        next = read;
        // Applied even when no key changed: a certificate or a password file behind an unchanged path may be new.
        return new OutcomeJson(true, [changed.Count == 0 ? $"{read.File} was applied; no key changed." : $"{read.File} was applied; changed: {InWords(changed)}."]);
    }

    static string InWords(IReadOnlyList<Key> keys) => Notations.InWords([.. keys.Select(static key => key.PlainPath)]).Replace(" or ", " and ", StringComparison.Ordinal);
}
