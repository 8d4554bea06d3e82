using System.Text;
using System.Text.RegularExpressions;
using Headwater.Core.Verify;

namespace Headwater.Control.Rebuild;

/// <summary>In the order in which they are made: a table's default may need a sequence, a view a function, a trigger must not see the rows come.</summary>
enum DefinitionKind : byte
{
    Schema,
    Sequence,
    Table,
    Routine,
    View,
    Trigger,
    Event,
}

/// <summary>
/// One thing that a schema holds, as the server itself writes it, in bytes: a program's text is in the character set of the client that sent it, and means the
/// same only to a session with that one, and with the same sql_mode and collations.
/// </summary>
sealed partial record Definition(DefinitionKind Kind, TableName Name, byte[] Create)
{
    public string Charset { get; init; } = "utf8mb4";
    public string Collation { get; init; } = "utf8mb4_general_ci";
    public string SchemaCollation { get; init; } = "";
    public string SqlMode { get; init; } = "";
    public string TimeZone { get; init; } = "";

    /// <summary>Of a sequence: the arguments of SETVAL that put it where it stands.</summary>
    public string State { get; init; } = "";

    public bool IsProgram => Kind >= DefinitionKind.Routine;

    /// <summary>What it is, all in all, but for what moves with every row.</summary>
    public string Fingerprint => $"{Kind} {Name} {Charset} {Collation} {SchemaCollation} {SqlMode} {TimeZone} "
        + (Kind == DefinitionKind.Table ? AutoIncrement().Replace(Encoding.Latin1.GetString(Create), "") : Encoding.Latin1.GetString(Create));

    /// <summary>
    /// An event that would run here too would do twice what it does: where events are replicated, replicas have them disabled so.
    /// Source: https://mariadb.com/kb/en/events/ .
    /// </summary>
    public Definition OnReplica() => Kind != DefinitionKind.Event ? this : this with { Create = Encoding.Latin1.GetBytes(EventEnabled().Replace(Encoding.Latin1.GetString(Create), "$1DISABLE ON SLAVE", 1)) };

    public override string ToString() => Kind == DefinitionKind.Schema ? $"schema {Name.Schema}" : $"{Kind.ToString().ToLowerInvariant()} {Name}";

    // The table's own options stand behind its last parenthesis; a comment with these words is not worth a parser: both readings drop it alike.
    [GeneratedRegex(@" AUTO_INCREMENT=\d+")]
    private static partial Regex AutoIncrement();

    [GeneratedRegex(@"( ON COMPLETION (?:NOT )?PRESERVE )ENABLE(?= )")]
    private static partial Regex EventEnabled();
}
