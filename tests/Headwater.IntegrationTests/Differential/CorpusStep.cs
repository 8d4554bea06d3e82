namespace Headwater.IntegrationTests.Differential;

/// <summary>How an answer is compared where byte for byte would compare chance.</summary>
internal enum Comparison
{
    /// <summary>Every payload, byte for byte.</summary>
    Exact,

    /// <summary>The same packets as <see cref="Exact"/>, rows in any order: the statement asks for none.</summary>
    AnyOrder,

    /// <summary>Number of packets and the column definitions; values are of a connection, a server or the time.</summary>
    Shape,

    /// <summary>Only that it is an answer of the same kind (OK, error or rows).</summary>
    Kind,
}

/// <summary>A parameter of a prepared statement: its type on the wire and its binary value; null is NULL.</summary>
internal sealed record CorpusParameter(byte Type, bool Unsigned, byte[]? Value);

internal enum StepKind { Statement, Ping, Statistics, InitDb, FieldList, Reset, ChangeUser, SetOption, ProcessInfo, Unknown }

/// <summary>One line of the corpus: what is sent, and how the answer is compared.</summary>
internal sealed record CorpusStep(int Line, StepKind Kind, string Text, Comparison Comparison)
{
    /// <summary>Each entry is one execution; empty for a statement without parameters.</summary>
    public IReadOnlyList<IReadOnlyList<CorpusParameter>> Executions { get; init; } = [];
    public bool TextOnly { get; init; }
    public bool BinaryOnly { get; init; }

    /// <summary>Rows per COM_STMT_FETCH when a cursor is asked for; 0 for none.</summary>
    public int FetchRows { get; init; }
    public bool LongData { get; init; }
    public byte[] LocalFile { get; init; } = [];

    public override string ToString() => $"line {Line}: {(Text.Length > 160 ? Text[..160] + "…" : Text)}";
}

/// <summary>Steps that share one connection, opened for them.</summary>
internal sealed record CorpusSession(string Name, IReadOnlyList<CorpusStep> Steps);
