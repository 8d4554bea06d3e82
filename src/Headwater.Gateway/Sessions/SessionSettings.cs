using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Headwater.Gateway.Sessions;

/// <summary>
/// What a session has set, relative to a fresh login with its profile: schema and session variables. An immutable value,
/// interned per reactor, so that "does this backend already stand as the session wants?" is one reference comparison.
/// </summary>
internal sealed class SessionSettings : IEquatable<SessionSettings>
{
    readonly int _hash;

    public string? Schema { get; }

    /// <summary>Unqualified names mean the server's own tables here, which differ from server to server.</summary>
    public bool InSystemSchema { get; }

    /// <summary>Sorted by name, so that character_set_connection is laid before the collation_connection that refines it.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Variables { get; }

    public SessionSettings(string? schema, ImmutableArray<KeyValuePair<string, string>> variables)
    {
        Schema = schema;
        InSystemSchema = schema?.ToLowerInvariant() is "mysql" or "sys" or "information_schema" or "performance_schema";
        Variables = variables;
        var hash = new HashCode();
        hash.Add(schema);
        foreach (var (name, value) in variables)
        {
            hash.Add(name);
            hash.Add(value);
        }
        _hash = hash.ToHashCode();
    }

    public string? this[string name]
    {
        get
        {
            foreach (var variable in Variables)
                if (variable.Key == name) return variable.Value;
            return null;
        }
    }

    public SessionSettings WithSchema(string? schema) => schema == Schema ? this : new(schema, Variables);

    public SessionSettings With(string name, string value)
    {
        if (this[name] == value) return this;
        var variables = Variables.RemoveAll(v => v.Key == name).Add(new(name, value));
        // A new connection character set takes its default collation with it.
        if (name == "character_set_connection") variables = variables.RemoveAll(v => v.Key == "collation_connection");
        return new(Schema, variables.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key)));
    }

    /// <summary>These, as far as they do not decide what a text means; there the others.</summary>
    public SessionSettings ReadingAs(SessionSettings other)
    {
        var variables = Variables.RemoveAll(v => DecidesMeaning(v.Key)).AddRange(other.Variables.Where(v => DecidesMeaning(v.Key)));
        return new(other.Schema ?? Schema, variables.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key)));
    }

    static bool DecidesMeaning(string name) => name is "sql_mode" or "character_set_client" or "character_set_connection" or "collation_connection";

    /// <summary>Whether a statement's text means the same under both: schema, sql_mode and character sets decide that.</summary>
    public bool ReadsLike(SessionSettings other) =>
        ReferenceEquals(this, other)
        || (Schema == other.Schema && this["sql_mode"] == other["sql_mode"] && this["character_set_client"] == other["character_set_client"]
            && this["character_set_connection"] == other["character_set_connection"] && this["collation_connection"] == other["collation_connection"]);

    /// <summary>
    /// The statement that takes a backend standing at <paramref name="from"/> to these variables; null when nothing differs.
    /// False when something would have to be unset, which only a reset does exactly; <paramref name="unset"/>: by DEFAULT, where a reset would undo too much.
    /// </summary>
    public bool TryStatementFrom(SessionSettings from, out string? statement, bool unset = false)
    {
        statement = null;
        StringBuilder? text = null;
        foreach (var variable in from.Variables)
        {
            if (this[variable.Key] is not null) continue;
            if (!unset) return false;
            text = text is null ? new StringBuilder("SET ") : text.Append(',');
            text.Append("@@session.").Append(variable.Key).Append("=DEFAULT");
        }
        var names = Names;
        if (names is not null && names != from.Names) text = (text is null ? new StringBuilder("SET ") : text.Append(',')).Append(names);
        foreach (var (name, value) in Variables)
        {
            if (names is not null && name is "character_set_client" or "character_set_connection" or "character_set_results" or "collation_connection") continue;
            // Setting the character set resets the collation, so a collation is always laid again after it.
            if (from[name] == value && !(name == "collation_connection" && text is not null)) continue;
            text = text is null ? new StringBuilder("SET ") : text.Append(',');
            text.Append("@@session.").Append(name).Append('=').Append(name == "character_set_results" && value.Length == 0 ? "NULL" : Literal(value));
        }
        statement = text?.ToString();
        return true;
    }

    /// <summary>
    /// The character sets as SET NAMES has them, where they are all one; null otherwise. A result's columns bear the collation that its character set was chosen with, which no variable
    /// tells: set one by one, they would bear the character set's default, or what stood there before.
    /// </summary>
    string? Names
    {
        get
        {
            if (this["character_set_client"] is not { Length: > 0 } set || this["character_set_connection"] != set || this["character_set_results"] != set) return null;
            if (this["collation_connection"] is not { } collation) return $"NAMES {Literal(set)}";
            return collation.StartsWith(set, StringComparison.Ordinal) && (collation.Length == set.Length || collation[set.Length] == '_') ? $"NAMES {Literal(set)} COLLATE {Literal(collation)}" : null;
        }
    }

    /// <summary>Numbers go bare: the server refuses a quoted number for a numeric variable.</summary>
    static string Literal(string value)
    {
        if (value.Length is > 0 and < 25 && double.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _)) return value;
        // Doubling quotes is right in every sql_mode; a backslash is not, so it goes as hex.
        return value.AsSpan().IndexOf('\\') < 0
            ? $"'{value.Replace("'", "''", StringComparison.Ordinal)}'"
            : $"CONVERT(x'{Convert.ToHexString(Encoding.UTF8.GetBytes(value))}' USING utf8mb4)";
    }

    public bool Equals(SessionSettings? other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is null || other._hash != _hash || other.Schema != Schema || other.Variables.Length != Variables.Length) return false;
        for (var i = 0; i < Variables.Length; i++)
            if (Variables[i].Key != other.Variables[i].Key || Variables[i].Value != other.Variables[i].Value) return false;
        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as SessionSettings);
    public override int GetHashCode() => _hash;
}

/// <summary>One object per distinct value of settings on a reactor.</summary>
internal sealed class SettingsInterner
{
    const int Most = 20_000; // a client that makes up settings must not grow this for ever
    readonly Dictionary<SessionSettings, SessionSettings> _known = [];

    public SessionSettings Intern(SessionSettings settings)
    {
        if (_known.TryGetValue(settings, out var known)) return known;
        if (_known.Count >= Most) _known.Clear();
        return _known[settings] = settings;
    }
}
