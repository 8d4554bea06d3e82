using System.Collections.Immutable;
using YamlDotNet.Core;

namespace Headwater.Configuration;

/// <summary>
/// The values of a file, or of one item of a list in it, by key: what was written, else the table's default.
/// Only values that the table allows are in it.
/// </summary>
sealed class ConfigValues(Mark start)
{
    public sealed record Written(object? Value, ImmutableArray<string> Texts, Mark Mark);

    readonly Dictionary<string, Written> _written = [];
    readonly Dictionary<string, List<ConfigValues>> _items = [];

    /// <summary>Where the file, or the item, begins.</summary>
    public Mark Start { get; } = start;

    public T Get<T>(Key<T> key)
    {
        if (_written.TryGetValue(key.Path, out var written)) return (T)written.Value!;
        if (key.Default is null) throw new InvalidOperationException($"{key.Path} has no default; ask for it with Find.");
        // A default that its own notation refuses is a mistake in the table; a test reads them all.
        return key.Notation.Read(key.Default, out var value) ? value! : throw new InvalidOperationException($"the default of {key.Path} is not allowed");
    }

    public T? Find<T>(Key<T> key) where T : class => _written.TryGetValue(key.Path, out var written) ? (T?)written.Value : null;

    public ImmutableArray<T> Get<T>(ListKey<T> key) => _written.TryGetValue(key.Path, out var written) ? (ImmutableArray<T>)written.Value! : [];

    public IReadOnlyList<ConfigValues> Items(SectionKey list) => _items.TryGetValue(list.Path, out var items) ? items : [];

    public Written? FindWritten(ValueKey key) => _written.GetValueOrDefault(key.Path);

    public bool Has(Key key) => _written.ContainsKey(key.Path) || _items.ContainsKey(key.Path);

    public Mark MarkOf(Key key) => _written.TryGetValue(key.Path, out var written) ? written.Mark : Start;

    public void Set(ValueKey key, object? value, ImmutableArray<string> texts, Mark mark) => _written[key.Path] = new Written(value, texts, mark);

    public ConfigValues AddItem(SectionKey list, Mark mark)
    {
        var item = new ConfigValues(mark);
        DeclareList(list);
        _items[list.Path].Add(item);
        return item;
    }

    public void DeclareList(SectionKey list)
    {
        if (!_items.ContainsKey(list.Path)) _items[list.Path] = [];
    }
}
