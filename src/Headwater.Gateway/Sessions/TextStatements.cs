using System.Collections.Immutable;
using Headwater.Core.Statements;
using Headwater.Gateway.Backends;

namespace Headwater.Gateway.Sessions;

/// <summary>
/// A session's statements of PREPARE name FROM 'text'. The session keeps the PREPARE itself and lays it on whatever backend an EXECUTE
/// comes to, so that preparing by text holds nothing.
/// </summary>
internal sealed class TextStatements
{
    readonly Dictionary<string, byte[]> _prepares = new(StringComparer.Ordinal);

    /// <summary>PREPARE … FROM a literal: the digest of a literal is a question mark.</summary>
    public static bool HasItsText(StatementFacts facts) => (facts.Needs & Needs.PreparesText) != 0 && facts.Digest.EndsWith(" from ?", StringComparison.Ordinal);

    public void Follow(Backend backend, StatementFacts facts, ReadOnlySpan<byte> text)
    {
        foreach (var name in facts.Names)
        {
            if ((facts.Needs & Needs.DeallocatesText) != 0)
            {
                _prepares.Remove(name);
                backend.TextStatements.Remove(name);
            }
            else if (HasItsText(facts)) backend.TextStatements[name] = _prepares[name] = text.ToArray();
            else
            {
                _prepares.Remove(name);
                backend.TextStatements.Remove(name);
            }
        }
    }

    /// <summary>Makes the backend know the named statements as this session does. False: the backend is lost.</summary>
    public async ValueTask<bool> LayAsync(Backend backend, ImmutableArray<string> names)
    {
        foreach (var name in names)
        {
            if (!_prepares.TryGetValue(name, out var prepare))
            {
                // Another session's statement of this name must not answer for one that this session never prepared.
                if (backend.TextStatements.Remove(name) && await backend.RunAsync($"DEALLOCATE PREPARE `{name.Replace("`", "``", StringComparison.Ordinal)}`") is null) return false;
                continue;
            }
            if (backend.TextStatements.TryGetValue(name, out var there) && ReferenceEquals(there, prepare)) continue;
            if (await backend.RunTextAsync(prepare) is null) return false;
            backend.TextStatements[name] = prepare;
        }
        return true;
    }

    public void Forget() => _prepares.Clear();
}
