using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Headwater.Configuration;

/// <summary>
/// One row of the table of keys (<see cref="Keys"/>): the single source of parsing, checking, <c>config explain</c> and
/// docs/configuration.md. A path of <c>servers[].address</c> means the key <c>address</c> of each item of the list <c>servers</c>.
/// </summary>
abstract record Key(string Path, string Meaning)
{
    /// <summary>Set when a running gateway takes a new value over; else a change needs a restart, and a reload that has one is refused whole.</summary>
    public bool Reloadable { get; init; } = true;
    public bool Required { get; init; }
    public string Since { get; init; } = "0.1";

    public string Name => Path[(Path.LastIndexOf('.') + 1)..].Replace("[]", "", StringComparison.Ordinal);
    public string Parent => Path.LastIndexOf('.') is var dot and >= 0 ? Path[..dot] : "";

    /// <summary>The path as people type it: <c>servers.address</c>.</summary>
    public string PlainPath => Path.Replace("[]", "", StringComparison.Ordinal);
}

/// <summary>A mapping of further keys, or a list of such mappings.</summary>
sealed record SectionKey(string Path, string Meaning) : Key(Path, Meaning)
{
    public bool IsList => Path.EndsWith("[]", StringComparison.Ordinal);

    /// <summary>For a list: the key that a bare text stands for, so that <c>- 10.0.0.1</c> is <c>- address: 10.0.0.1</c>.</summary>
    public string? Shorthand { get; init; }

    /// <summary>What an absent list means, in words.</summary>
    public string? DefaultInWords { get; init; }
}

/// <summary>A key with a value, or with a list of values.</summary>
abstract record ValueKey(string Path, string Type, string Allowed, string? Default, string Meaning) : Key(Path, Meaning)
{
    public bool IsSecret { get; init; }
    public string? Example { get; init; }

    /// <summary>What an absent value means where no text could say it: "the address".</summary>
    public string? DefaultInWords { get; init; }
    public abstract bool IsList { get; }

    /// <summary>The value of these texts; one text unless the key is a list.</summary>
    public abstract bool TryRead(ImmutableArray<string> texts, [NotNullWhen(false)] out string? refused, out object? value);
}

sealed record Key<T>(string Path, Notation<T> Notation, string? Default, string Meaning)
    : ValueKey(Path, Notation.Name, Notation.Allowed, Default, Meaning)
{
    public override bool IsList => false;

    public override bool TryRead(ImmutableArray<string> texts, [NotNullWhen(false)] out string? refused, out object? value)
    {
        var read = Notation.Read(texts[0], out var typed);
        (refused, value) = (read ? null : texts[0], typed);
        return read;
    }
}

sealed record ListKey<T>(string Path, Notation<T> Item, string Meaning)
    : ValueKey(Path, $"list of {Item.Name}", $"a list, each item {Item.Allowed}", null, Meaning)
{
    public override bool IsList => true;

    public override bool TryRead(ImmutableArray<string> texts, [NotNullWhen(false)] out string? refused, out object? value)
    {
        var items = ImmutableArray.CreateBuilder<T>(texts.Length);
        foreach (var text in texts)
        {
            if (!Item.Read(text, out var item))
            {
                (refused, value) = (text, null);
                return false;
            }
            items.Add(item);
        }
        (refused, value) = (null, items.ToImmutable());
        return true;
    }
}
