using System.Collections.Immutable;
using System.Text;

namespace Headwater.Gateway.Sessions;

/// <summary>
/// A session's user variables as the server told them, each as a literal that sets it again with its type and character set. Immutable;
/// laid on a backend only where a statement may read them.
///
/// Oddity: information_schema.USER_VARIABLES tells names, types and character sets rightly, but values cut to 2048 characters and
/// converted, so the values are asked for by name. Source: https://mariadb.com/kb/en/information-schema-user_variables-table/ .
/// </summary>
internal sealed class UserVariables
{
    public const string NamesQuery = "SELECT VARIABLE_NAME, VARIABLE_TYPE, CHARACTER_SET_NAME FROM information_schema.USER_VARIABLES WHERE VARIABLE_VALUE IS NOT NULL";
    public static readonly UserVariables None = new(ImmutableSortedDictionary<string, string>.Empty);

    readonly ImmutableSortedDictionary<string, string> _literals;

    UserVariables(ImmutableSortedDictionary<string, string> literals) => _literals = literals;

    public bool IsEmpty => _literals.IsEmpty;

    /// <summary>The statement that asks for the values of what <see cref="NamesQuery"/> found, in its order; null when it found nothing.</summary>
    public static string? ValuesQuery(IReadOnlyList<string?[]> names) => names.Count == 0 ? null
        : "SELECT " + string.Join(", ", names.Select(row => IsNumber(row[1]!) ? $"CAST({Name(row[0]!)} AS CHAR)" : $"HEX({Name(row[0]!)})"));

    public static UserVariables From(IReadOnlyList<string?[]> names, string?[] values)
    {
        var literals = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < names.Count && i < values.Length; i++)
            if (names[i] is [{ } name, { } type, var charset] && values[i] is { } value) literals[name] = Literal(value, type, charset);
        return literals.Count == 0 ? None : new(literals.ToImmutable());
    }

    static bool IsNumber(string type) => type.StartsWith("INT", StringComparison.Ordinal) || type.StartsWith("DECIMAL", StringComparison.Ordinal) || type.StartsWith("DOUBLE", StringComparison.Ordinal);

    static string Name(string name) => $"@`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    static string Literal(string value, string type, string? charset) =>
        type.StartsWith("INT", StringComparison.Ordinal) ? value
        : type.StartsWith("DECIMAL", StringComparison.Ordinal) ? $"CAST('{value}' AS DECIMAL(65,{FractionDigits(value)}))"
        : type.StartsWith("DOUBLE", StringComparison.Ordinal) ? $"CAST('{value}' AS DOUBLE)"
        : charset is null or "binary" ? $"x'{value}'" : $"_{charset} x'{value}'";

    static int FractionDigits(string number)
    {
        var dot = number.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? 0 : Math.Min(38, number.Length - dot - 1);
    }

    /// <summary>The statement that takes a backend holding <paramref name="from"/> to these; null when nothing differs. A NULL is as good as none.</summary>
    public string? StatementFrom(UserVariables from)
    {
        if (ReferenceEquals(this, from)) return null;
        StringBuilder? text = null;
        foreach (var (name, literal) in _literals)
            if (!from._literals.TryGetValue(name, out var there) || there != literal) Append(name, literal);
        foreach (var name in from._literals.Keys)
            if (!_literals.ContainsKey(name)) Append(name, "NULL");
        return text?.ToString();

        void Append(string name, string literal)
        {
            text = text is null ? new StringBuilder("SET ") : text.Append(',');
            text.Append(Name(name)).Append(":=").Append(literal);
        }
    }
}
