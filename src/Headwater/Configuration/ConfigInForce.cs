using System.Text;

namespace Headwater.Configuration;

/// <summary>All values of a configuration as text, by key: for showing them (secrets as ***) and for telling what a reload changes.</summary>
static class ConfigInForce
{
    /// <summary>YAML again, complete, with the defaults marked.</summary>
    public static string Show(ConfigValues values)
    {
        var text = new StringBuilder();
        foreach (var key in Keys.In("")) Show(text, key, values, "");
        return text.ToString();
    }

    /// <summary>Keys in which two configurations differ, in the order of the table.</summary>
    public static IEnumerable<Key> Changed(ConfigValues before, ConfigValues after) =>
        Keys.All.OfType<ValueKey>().Where(key => !TextsOf(key, before).SequenceEqual(TextsOf(key, after)));

    // A default, written out or not, is the same; so an item more in a list changes only the keys that it sets.
    static IEnumerable<string?> TextsOf(ValueKey key, ConfigValues values)
    {
        if (Keys.Find(key.Parent) is not SectionKey { IsList: true } list) return [TextOf(key, values)];
        var texts = values.Items(list).Select(item => TextOf(key, item)).ToList();
        while (texts.Count > 0 && texts[^1] is null) texts.RemoveAt(texts.Count - 1);
        return texts;
    }

    static string? TextOf(ValueKey key, ConfigValues values) =>
        values.FindWritten(key) is { } written && string.Join('\n', written.Texts) is var text && text != key.Default ? text : null;

    static void Show(StringBuilder text, Key key, ConfigValues values, string indent)
    {
        switch (key)
        {
            case SectionKey { IsList: true } list:
                if (values.Items(list).Count == 0)
                {
                    text.Append(indent).Append("# ").Append(key.Name).Append(": ").Append(list.DefaultInWords).Append('\n');
                    return;
                }
                text.Append(indent).Append(key.Name).Append(":\n");
                foreach (var item in values.Items(list))
                {
                    var begin = text.Length;
                    foreach (var inner in Keys.In(list.Path)) Show(text, inner, item, indent + "    ");
                    var firstValue = FirstUncommentedLine(text, begin, indent.Length + 4);
                    text[firstValue + indent.Length + 2] = '-';
                }
                return;
            case SectionKey section:
                text.Append(indent).Append(key.Name).Append(":\n");
                foreach (var inner in Keys.In(section.Path)) Show(text, inner, values, indent + "  ");
                return;
            case ValueKey value:
                var written = values.FindWritten(value);
                if (written is null && value.Default is null)
                    text.Append(indent).Append("# ").Append(value.Name).Append(": ").Append(value.DefaultInWords).Append('\n');
                else
                    text.Append(indent).Append(value.Name).Append(": ").Append(Shown(value, written))
                        .Append(written is null ? "  # default" : "").Append('\n');
                return;
        }
    }

    static int FirstUncommentedLine(StringBuilder text, int from, int indent)
    {
        for (var at = from; at < text.Length; at++)
            if ((at == from || text[at - 1] == '\n') && text[at + indent] != '#') return at;
        return from;
    }

    static string Shown(ValueKey key, ConfigValues.Written? written)
    {
        if (written is null) return Quoted(key.Default!);
        if (key.IsSecret) return "'***'";
        return key.IsList ? $"[{string.Join(", ", written.Texts.Select(Quoted))}]" : Quoted(written.Texts[0]);
    }

    // Plain where YAML reads it back as the same text, quoted otherwise.
    static string Quoted(string text) =>
        text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or ' ') && text == text.Trim() && !text.StartsWith('-') ? text
            : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
