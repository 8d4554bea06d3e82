using System.Text;

namespace Headwater.Core.Log;

/// <summary>One thing that a transaction did, as the log has it.</summary>
public abstract class LoggedChange
{
    private protected LoggedChange()
    {
    }
}

public enum StatementKind : byte
{
    /// <summary>CREATE, ALTER, GRANT and their like.</summary>
    Definition,

    /// <summary>A change of rows that was logged as its text (binlog_format=STATEMENT or MIXED).</summary>
    Change,

    /// <summary>SAVEPOINT, ROLLBACK TO, XA COMMIT, XA ROLLBACK.</summary>
    Control,
}

/// <summary>A statement that was logged as its text, with the settings that it was run under.</summary>
public sealed class LoggedStatement : LoggedChange
{
    public required StatementKind Kind { get; init; }

    /// <summary>The default schema; empty when there was none.</summary>
    public required string Schema { get; init; }

    /// <summary>The text in the character set of the client that sent it: <see cref="Charset"/>.</summary>
    public required ReadOnlyMemory<byte> Text { get; init; }
    public string? Charset { get; init; }

    /// <summary>The client's connection on the server that ran it first.</summary>
    public uint Thread { get; init; }

    /// <summary>The error that it ended with; 0 for none.</summary>
    public ushort Error { get; init; }

    public ulong SqlMode { get; init; }

    /// <summary>The character set of a schema that is created and names none; null when not told.</summary>
    public string? ServerCharset { get; init; }

    /// <summary>SET statements that make it mean on another connection what it meant on the first one, in order.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    public override string ToString() => Encoding.UTF8.GetString(Text.Span);
}

/// <summary>What the log has and SQL cannot say: blocks of LOAD DATA logged as a statement, an incident. A reader that applies must stop here.</summary>
public sealed class LoggedOther(byte type, string what, ReadOnlyMemory<byte> body) : LoggedChange
{
    /// <summary>The event's type in the log.</summary>
    public byte Type { get; } = type;
    public string What { get; } = what;
    public ReadOnlyMemory<byte> Body { get; } = body;
    public override string ToString() => What;
}
