using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Headwater.Configuration;

/// <summary>
/// Reads a file against the table of keys. It goes on after a problem, so that a person sees all of them at once;
/// what it returns may be used only when there are none.
/// </summary>
sealed class ConfigReader(string file)
{
    readonly List<ConfigProblem> _problems = [];

    // Keys that a mistyped one most likely meant: they are not called missing as well.
    readonly HashSet<string> _meant = [];

    public IReadOnlyList<ConfigProblem> Problems => _problems;

    public ConfigValues Read(string text)
    {
        var start = new Mark(0, 1, 1);
        var values = new ConfigValues(start);
        YamlNode? root;
        var parser = new Parser(new StringReader(text));
        try
        {
            var stream = new YamlStream();
            stream.Load(parser);
            if (stream.Documents.Count > 1)
                Problem(stream.Documents[1].RootNode.Start, "", "a second document begins here; allowed: one document in the file");
            root = stream.Documents.Count == 0 ? null : stream.Documents[0].RootNode;
        }
        catch (YamlException malformed)
        {
            Problem(malformed.Start, "", $"not readable as YAML: {FirstLine(malformed)}");
            return values;
        }
        catch (Exception unexpected) when (unexpected is InvalidOperationException or ArgumentException or FormatException or NullReferenceException)
        {
            // The parser has its own exception for malformed text and does not always use it: an unclosed bracket before a plain
            // text ends in an InvalidOperationException. It is the file that is wrong all the same.
            Problem(parser.Current?.End ?? start, "", "not readable as YAML from here on: a bracket, brace or quote is probably not closed");
            return values;
        }
        switch (root)
        {
            case null:
            case YamlScalarNode { Value: null or "" }:
                break;
            case YamlMappingNode mapping:
                ReadMapping(mapping, "", "", values);
                break;
            default:
                Problem(root.Start, "", $"found {Describe(root)}; allowed: a mapping of keys, such as servers: and monitor:");
                return values;
        }
        RequireKeys("", "", values, start);
        return values;
    }

    /// <summary>For rules between keys: <see cref="ConfigRules"/>.</summary>
    public void Problem(Mark mark, string key, string sentence) =>
        _problems.Add(new ConfigProblem(file, (int)mark.Line, (int)mark.Column, key, sentence));

    void ReadMapping(YamlMappingNode mapping, string parent, string shown, ConfigValues values)
    {
        foreach (var (nameNode, node) in mapping.Children)
        {
            if (nameNode is not YamlScalarNode { Value: { } name })
            {
                Problem(nameNode.Start, shown, $"found {Describe(nameNode)} where a key was expected");
                continue;
            }
            var key = Keys.In(parent).FirstOrDefault(candidate => candidate.Name == name);
            var path = shown.Length == 0 ? name : $"{shown}.{name}";
            if (key is null)
                UnknownKey(nameNode.Start, name, path, parent);
            else if (key is SectionKey { IsList: true } list)
                ReadList(list, node, path, values);
            else if (key is SectionKey section)
            {
                if (node is YamlMappingNode inner) ReadMapping(inner, section.Path, path, values);
                else if (node is not YamlScalarNode { Value: null or "" })
                    Problem(node.Start, path, $"found {Describe(node)}; allowed: a mapping of {KnownIn(section.Path)}");
            }
            else
                ReadValue((ValueKey)key, node, path, values);
        }
    }

    void ReadList(SectionKey list, YamlNode node, string path, ConfigValues values)
    {
        if (node is not YamlSequenceNode sequence)
        {
            Problem(node.Start, path, $"found {Describe(node)}; allowed: a list, one item a line, each beginning with '- '");
            return;
        }
        values.DeclareList(list);
        var number = 0;
        foreach (var item in sequence.Children)
        {
            var shown = string.Create(CultureInfo.InvariantCulture, $"{path}[{++number}]");
            var into = values.AddItem(list, item.Start);
            if (item is YamlMappingNode mapping)
            {
                ReadMapping(mapping, list.Path, shown, into);
                RequireKeys(list.Path, shown, into, item.Start);
            }
            else if (item is YamlScalarNode && list.Shorthand is { } shorthand)
                ReadValue((ValueKey)Keys.In(list.Path).First(key => key.Name == shorthand), item, shown, into);
            else
                Problem(item.Start, shown, $"found {Describe(item)}; allowed: a mapping of {KnownIn(list.Path)}");
        }
    }

    void ReadValue(ValueKey key, YamlNode node, string path, ConfigValues values)
    {
        if (node is YamlSequenceNode or YamlMappingNode && !(key.IsList && node is YamlSequenceNode))
        {
            Problem(node.Start, path, $"found {Describe(node)}; allowed: {key.Allowed}");
            return;
        }
        var nodes = node is YamlSequenceNode sequence ? [.. sequence.Children] : ImmutableArray.Create(node);
        var texts = ImmutableArray.CreateBuilder<string>(nodes.Length);
        foreach (var item in nodes)
        {
            if (item is not YamlScalarNode { Value: { } written } scalar)
            {
                Problem(item.Start, path, $"found {Describe(item)}; allowed: {key.Allowed}");
                return;
            }
            if (written.Length == 0 || (scalar.Style == ScalarStyle.Plain && written is "~" or "null"))
            {
                Problem(item.Start, path, $"found nothing; allowed: {key.Allowed} (leave the key out for its default)");
                return;
            }
            if (Expand(written, item.Start, path) is not { } text) return;
            texts.Add(text);
        }
        if (key.TryRead(texts.ToImmutable(), out var refused, out var value))
            values.Set(key, value, texts.ToImmutable(), node.Start);
        else
        {
            var at = texts.IndexOf(refused);
            // What came from an environment variable is not shown: it may be a secret that landed in the wrong key.
            var found = key.IsSecret ? "found a text that is not shown" : $"found \"{((YamlScalarNode)nodes[at]).Value}\"{(refused == ((YamlScalarNode)nodes[at]).Value ? "" : " (its value is not shown)")}";
            Problem(nodes[at].Start, path, $"{found}; allowed: {key.Allowed}");
        }
    }

    /// <summary>Replaces ${NAME} by the environment variable; $${ stands for a plain ${ . Null when a problem was noted.</summary>
    string? Expand(string text, Mark mark, string path)
    {
        if (!text.Contains("${", StringComparison.Ordinal)) return text;
        var expanded = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            if (text.AsSpan(at).StartsWith("$${"))
            {
                expanded.Append("${");
                at += 3;
            }
            else if (text.AsSpan(at).StartsWith("${"))
            {
                var end = text.IndexOf('}', at);
                var name = end < 0 ? "" : text[(at + 2)..end];
                if (name.Length == 0 || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_'))
                {
                    Problem(mark, path, "found ${ without a name and a closing }; allowed: ${NAME} for an environment variable, $${ for a plain ${");
                    return null;
                }
                if (Environment.GetEnvironmentVariable(name) is not { Length: > 0 } value)
                {
                    Problem(mark, path, $"found ${{{name}}}, but the environment variable {name} is not set");
                    return null;
                }
                expanded.Append(value);
                at = end + 1;
            }
            else
                expanded.Append(text[at++]);
        }
        return expanded.ToString();
    }

    void RequireKeys(string parent, string shown, ConfigValues values, Mark mark)
    {
        foreach (var key in Keys.In(parent))
        {
            var path = shown.Length == 0 ? key.Name : $"{shown}.{key.Name}";
            if (key is SectionKey { IsList: false, Required: true })
                RequireKeys(key.Path, path, values, mark);
            else if (key.Required && !values.Has(key) && !_meant.Contains(path) && !_problems.Exists(problem => problem.Key == path || problem.Key == shown))
                Problem(mark, path, key is ValueKey value ? $"missing; needed: {value.Allowed}, such as {value.Example}" : "missing; needed: a list with at least one item");
            else if (key is SectionKey { Required: true } list && values.Has(list) && values.Items(list).Count == 0)
                Problem(mark, path, "found an empty list; needed: at least one item");
        }
    }

    void UnknownKey(Mark mark, string name, string path, string parent)
    {
        var near = NearestName.Of(name, Keys.In(parent).Select(static key => key.Name));
        // A key that is right but stands at the wrong place is as common as a mistyped one.
        var elsewhere = near is null ? Keys.All.Where(key => key.Name == name).Select(static key => key.PlainPath).ToList() : [];
        if (near is not null) _meant.Add(path[..^name.Length] + near);
        var hint = near is not null ? $"did you mean {near}? " : elsewhere.Count > 0 ? $"it belongs at {Notations.InWords(elsewhere)}. " : "";
        Problem(mark, path, $"unknown key; {hint}{(hint.Length > 0 ? "Known" : "known")} here: {KnownIn(parent)}");
    }

    static string KnownIn(string parent) => string.Join(", ", Keys.In(parent).Select(static key => key.Name));

    static string FirstLine(YamlException malformed)
    {
        var message = (malformed.InnerException is YamlException inner ? inner : malformed).Message;
        return message.Split('\n')[0].TrimEnd('.', ' ', '\r');
    }

    static string Describe(YamlNode node) => node switch
    {
        YamlMappingNode => "a mapping",
        YamlSequenceNode => "a list",
        YamlScalarNode { Value: null or "" } => "nothing",
        YamlScalarNode scalar => $"\"{scalar.Value}\"",
        _ => "something else",
    };
}
