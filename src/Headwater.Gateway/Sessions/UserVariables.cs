using System.Collections.Immutable;
using System.Text;

namespace Headwater.Gateway.Sessions;

/// <summary>
/// A session's user variables as the server told them (information_schema.USER_VARIABLES), each as a literal that sets it again
/// with its type and character set. Immutable; laid on a backend only where a statement may read them.
/// Source: https://mariadb.com/kb/en/information-schema-user_variables-table/ .
/// </summary>
internal sealed class UserVariables
{
    public const string Query = "SELECT VARIABLE_NAME, HEX(VARIABLE_VALUE), VARIABLE_TYPE, CHARACTER_SET_NAME FROM information_schema.USER_VARIABLES WHERE VARIABLE_VALUE IS NOT NULL";
    public static readonly UserVariables None = new(ImmutableSortedDictionary<string, string>.Empty);

    readonly ImmutableSortedDictionary<string, string> _literals;

    UserVariables(ImmutableSortedDictionary<string, string> literals) => _literals = literals;

    public bool IsEmpty => _literals.IsEmpty;

    public static UserVariables FromRows(IEnumerable<string?[]> rows)
    {
        var literals = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var row in rows)
            if (row is [{ } name, { } hex, { } type, var charset]) literals[name] = Literal(hex, type, charset);
        return literals.Count == 0 ? None : new(literals.ToImmutable());
    }

    static string Literal(string hex, string type, string? charset)
    {
        var text = Encoding.UTF8.GetString(Convert.FromHexString(hex));
        return type switch
        {
            "INT" or "INT UNSIGNED" => text,
            "DECIMAL" => $"CAST('{text}' AS DECIMAL(65,{FractionDigits(text)}))",
            "DOUBLE" => $"CAST('{text}' AS DOUBLE)",
            _ => charset is null or "binary" ? $"x'{hex}'" : $"_{charset} x'{hex}'",
        };
    }

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
            text.Append("@`").Append(name.Replace("`", "``", StringComparison.Ordinal)).Append("`:=").Append(literal);
        }
    }
}
