namespace Headwater.Wire.MySql.Binlog;

/// <summary>What stands in front of a statement's text in the log, as far as it is told.</summary>
/// <param name="Sql">SET statements.</param>
/// <param name="Charset">The client's.</param>
/// <param name="ServerCharset">The character set of character_set_server.</param>
/// <param name="Microseconds">Of the statement's start.</param>
/// <param name="SqlMode">sql_mode, as its bits.</param>
public sealed record StatementSettings(IReadOnlyList<string> Sql, string? Charset, string? ServerCharset, int? Microseconds, ulong SqlMode)
{
    public static readonly StatementSettings None = new([], null, null, null, 0);
}
