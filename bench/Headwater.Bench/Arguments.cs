using System.Globalization;

namespace Headwater.Bench;

/// <summary>A command line that cannot be understood, or a machine that lacks something; the message is for the person.</summary>
sealed class UsageException(string message) : Exception(message);

/// <summary><c>--name value</c> and <c>--flag</c>; whatever was not asked for by the end is an error.</summary>
sealed class Arguments
{
    readonly Dictionary<string, string?> _given = [];
    readonly HashSet<string> _known = [];

    public Arguments(ReadOnlySpan<string> words)
    {
        for (var i = 0; i < words.Length; i++)
        {
            if (!words[i].StartsWith("--", StringComparison.Ordinal)) throw new UsageException($"found '{words[i]}' where an option (--name) was expected");
            var (name, value) = (words[i][2..], (string?)null);
            var equals = name.IndexOf('=', StringComparison.Ordinal);
            if (equals >= 0) (name, value) = (name[..equals], name[(equals + 1)..]);
            else if (i + 1 < words.Length && !words[i + 1].StartsWith("--", StringComparison.Ordinal)) value = words[++i];
            _given[name] = value;
        }
    }

    public bool Flag(string name)
    {
        _known.Add(name);
        if (!_given.TryGetValue(name, out var value)) return false;
        return value is null ? true : throw new UsageException($"--{name} takes no value; found '{value}'");
    }

    public string? Text(string name)
    {
        _known.Add(name);
        if (!_given.TryGetValue(name, out var value)) return null;
        return value ?? throw new UsageException($"--{name} needs a value");
    }

    public int Number(string name, int otherwise, int least = 0)
    {
        if (Text(name) is not { } text) return otherwise;
        if (!int.TryParse(text.Replace("_", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < least)
            throw new UsageException($"--{name}: found '{text}'; allowed is a number from {least}");
        return number;
    }

    public ulong Seed()
    {
        if (Text("seed") is { } text)
            return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : throw new UsageException($"--seed: found '{text}'; allowed is a number");
        return (ulong)Random.Shared.NextInt64(1, uint.MaxValue);
    }

    public IReadOnlyList<string> List(string name, params string[] allowed)
    {
        if (Text(name) is not { } text) return allowed;
        var items = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var item in items)
            if (!allowed.Contains(item)) throw new UsageException($"--{name}: found '{item}'; allowed: {string.Join(", ", allowed)}");
        return items;
    }

    public string Choice(string name, params string[] allowed) => Text(name) is null ? allowed[0] : List(name, allowed) is [var one] ? one : throw new UsageException($"--{name} takes one of {string.Join(", ", allowed)}");

    public void NothingElse()
    {
        foreach (var name in _given.Keys)
            if (!_known.Contains(name)) throw new UsageException($"unknown option --{name}; known: {string.Join(", ", _known.Order().Select(n => "--" + n))}");
    }
}
