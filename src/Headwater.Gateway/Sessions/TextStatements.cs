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
    readonly Dictionary<string, (byte[] Text, StatementFacts Facts)> _prepares = new(StringComparer.Ordinal);

    /// <summary>PREPARE … FROM a literal.</summary>
    public static bool HasItsText(StatementFacts facts) => facts.Prepared is not null;

    /// <summary>What an EXECUTE does, which is what the text does that it names.</summary>
    public StatementFacts Executing(StatementFacts execute) =>
        execute.Names is [var name] && (execute.Needs & Needs.Multiple) == 0 && _prepares.TryGetValue(name, out var prepared)
            ? execute.Executing(prepared.Facts)
            : execute with { Needs = execute.Needs | Needs.LeavesUnseen };

    public void Follow(Backend backend, StatementFacts facts, ReadOnlySpan<byte> text)
    {
        foreach (var name in facts.Names)
        {
            if ((facts.Needs & Needs.DeallocatesText) != 0)
            {
                _prepares.Remove(name);
                backend.TextStatements.Remove(name);
            }
            else if (HasItsText(facts)) backend.TextStatements[name] = (_prepares[name] = (text.ToArray(), facts.Prepared!)).Text;
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
            if (backend.TextStatements.TryGetValue(name, out var there) && ReferenceEquals(there, prepare.Text)) continue;
            if (await backend.RunTextAsync(prepare.Text) is null) return false;
            backend.TextStatements[name] = prepare.Text;
        }
        return true;
    }

    public void Forget() => _prepares.Clear();
}
