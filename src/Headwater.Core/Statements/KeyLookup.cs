namespace Headwater.Core.Statements;

/// <summary>
/// A read of one table whose WHERE demands one integer of the first column of its primary key. Which integer stands in each text, or is a parameter.
/// Values are 64 bits in two's complement: an unsigned one above <see cref="long.MaxValue"/> is the negative number of the same bits.
/// </summary>
/// <param name="Table">The table's <see cref="TableKey"/>.</param>
/// <param name="Column">The column's name, lower-cased.</param>
/// <param name="Ordinal">Its place among the table's columns (information_schema.COLUMNS), from 0.</param>
/// <param name="IsUnsigned">How the log's values of it are to be read.</param>
public sealed record KeyLookup(ulong Table, string Column, int Ordinal, bool IsUnsigned)
{
    const int KeptBufferBytes = 1 << 16;
    [ThreadStatic] static NormalText? t_text;

    /// <summary>The value, if this text has it as an integer that fits 64 bits. Otherwise (<c>'5'</c>, <c>1e3</c>, <c>0x5</c>) the result may depend on the whole table.</summary>
    public bool TryKey(ReadOnlySpan<byte> sql, SqlSyntax syntax, out long value)
    {
        value = 0;
        var text = Read(sql, syntax);
        Span<Token> room = stackalloc Token[KeyScan.MostTokens];
        var found = KeyScan.TryRead(text.Span, room, out var scan) && scan.TryFind(Column, out var at, out var negative) && scan.TryInteger(at, negative, out value);
        text.Shrink(KeptBufferBytes);
        return found && !text.Broken;
    }

    /// <summary>
    /// Which of the text's placeholders is the value, from 0; -1 when it is none of them. A value that is bound as anything but an integer is none to look up by.
    /// </summary>
    public int Parameter(ReadOnlySpan<byte> sql, SqlSyntax syntax)
    {
        var text = Read(sql, syntax);
        Span<Token> room = stackalloc Token[KeyScan.MostTokens];
        var index = -1;
        if (!text.Broken && KeyScan.TryRead(text.Span, room, out var scan) && scan.TryFind(Column, out var at, out var negative) && !negative) index = scan.Placeholder(at);
        text.Shrink(KeptBufferBytes);
        return index;
    }

    static NormalText Read(ReadOnlySpan<byte> sql, SqlSyntax syntax)
    {
        var text = t_text ??= new NormalText();
        text.Read(sql, syntax, keepLiterals: true);
        return text;
    }
}
