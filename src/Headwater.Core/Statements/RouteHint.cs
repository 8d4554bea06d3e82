using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Core.Statements;

/// <summary>
/// What a comment asks for one statement: <c>/* headwater: level=bounded 200ms tag=analytics */</c>, <c>/* headwater: primary */</c>. In force only
/// where the configuration trusts hints. A hint is taken whole or not at all: half of what somebody meant may be the wrong half.
/// </summary>
public sealed record RouteHint
{
    public Level? Level { get; init; }
    public ServerTags Tag { get; init; }

    /// <summary>Asks for the primary, whatever it reads.</summary>
    public bool Primary { get; init; }

    /// <summary>What is wrong with it; empty when it is understood.</summary>
    public string Error { get; init; } = "";

    public static RouteHint Parse(string text)
    {
        var hint = new RouteHint();
        var words = text.Split([' ', ',', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < words.Length; i++)
        {
            var equals = words[i].IndexOf('=', StringComparison.Ordinal);
            var key = (equals < 0 ? words[i] : words[i][..equals]).ToLowerInvariant();
            var value = equals < 0 ? "" : words[i][(equals + 1)..];
            switch (key)
            {
                case "primary" when equals < 0:
                    hint = hint with { Primary = true };
                    break;
                case "level":
                    // level=bounded 200ms: the time is the next word
                    if (value.Equals("bounded", StringComparison.OrdinalIgnoreCase) && i + 1 < words.Length) value += " " + words[++i];
                    if (!Positions.Level.TryParse(value, out var level, out var error)) return new RouteHint { Error = error };
                    hint = hint with { Level = level };
                    break;
                case "tag":
                    var tag = value.ToLowerInvariant() switch { "analytics" => ServerTags.Analytics, "delayed" => ServerTags.Delayed, _ => ServerTags.None };
                    if (tag == ServerTags.None)
                        return new RouteHint { Error = $"'{value}' is not a tag that can be asked for: allowed are analytics, delayed" };
                    hint = hint with { Tag = hint.Tag | tag };
                    break;
                default:
                    return new RouteHint { Error = $"'{words[i]}' is not known in a hint: allowed are level=…, tag=… and primary" };
            }
        }
        return hint;
    }
}
