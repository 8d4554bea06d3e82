using System.Text;
using System.Text.Json.Serialization;

namespace Headwater.Configuration;

/// <summary>A row of the table as people and programs read it.</summary>
sealed record ConfigExplanation(string Key, string Type, string Allowed, string? Default, bool Required, bool Secret, bool Reloadable, string Since, string Meaning, string? Example)
{
    public static ConfigExplanation Of(Key key) => key switch
    {
        SectionKey section => new(section.Path, section.IsList ? "list" : "section", $"{(section.IsList ? "a list of mappings" : "a mapping")} of {KeysIn(section)}",
            section.DefaultInWords, section.Required, false, section.Reloadable, section.Since, section.Meaning, null),
        ValueKey value => new(value.Path, value.Type, value.Allowed, value.Default ?? value.DefaultInWords, value.Required, value.IsSecret, value.Reloadable, value.Since, value.Meaning, value.Example),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    static string KeysIn(SectionKey section) => string.Join(", ", Keys.In(section.Path).Select(static key => key.Name));

    /// <summary>For a terminal.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.Append(Key).Append('\n');
        text.Append("  ").Append(Meaning).Append('\n');
        Line(text, "type", Type);
        Line(text, "allowed", Allowed);
        Line(text, "default", Required ? "none: this key is required" : Default);
        Line(text, "example", Example);
        Line(text, "reload", Reloadable ? "taken over by a reload" : "needs a restart; a reload that changes it is refused");
        if (Secret) Line(text, "secret", "its value is never shown");
        Line(text, "since", Since);
        return text.ToString();
    }

    static void Line(StringBuilder text, string name, string? value)
    {
        if (value is not null) text.Append("  ").Append((name + ":").PadRight(9)).Append(value).Append('\n');
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<ConfigExplanation>))]
[JsonSerializable(typeof(ConfigExplanation))]
sealed partial class ConfigJson : JsonSerializerContext;
