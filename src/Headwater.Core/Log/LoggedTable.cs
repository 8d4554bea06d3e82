namespace Headwater.Core.Log;

/// <summary>One column of a table as the log describes it, completed with what the caller knows of it (<see cref="ColumnShape"/>).</summary>
public sealed record LoggedColumn
{
    /// <summary>From 0.</summary>
    public required int Ordinal { get; init; }

    /// <summary>Null when neither the log (binlog_row_metadata=FULL) nor the caller names it.</summary>
    public string? Name { get; init; }
    public required LoggedType Type { get; init; }

    /// <summary>Bytes of an integer, most bytes of a text, digits of a decimal, bits of a BIT; else 0.</summary>
    public int Length { get; init; }

    /// <summary>Digits after the point, of a decimal or of seconds.</summary>
    public int Scale { get; init; }

    /// <summary>Of numbers; null when the log does not say (binlog_row_metadata=NO_LOG) and the caller does not know.</summary>
    public bool? IsUnsigned { get; init; }

    /// <summary>The character set's name, <c>binary</c> for bytes; null when unknown or without meaning.</summary>
    public string? Charset { get; init; }

    /// <summary>The members of an ENUM or SET in their character set's bytes; empty when the log does not say.</summary>
    public IReadOnlyList<byte[]> Members { get; init; } = [];
    public bool IsNullable { get; init; }
    public bool InPrimaryKey { get; init; }

    /// <summary>The declared type of a 16- or 4-byte binary that a SELECT shows otherwise: <c>uuid</c>, <c>inet6</c>, <c>inet4</c>. Only a caller knows it.</summary>
    public string? Declared { get; init; }
}

/// <summary>A table as it was when its rows were logged. Two events of one table share the instance while nothing changes.</summary>
public sealed class LoggedTable(string schema, string name, LoggedColumn[] columns)
{
    public string Schema { get; } = schema;
    public string Name { get; } = name;
    public IReadOnlyList<LoggedColumn> Columns { get; } = columns;

    /// <summary>True when every column has a name, so that rows can be written as SQL.</summary>
    public bool HasNames { get; } = Array.TrueForAll(columns, static column => column.Name is not null);

    /// <summary>True when the primary key is known; a table may have none.</summary>
    public bool HasPrimaryKey { get; } = Array.Exists(columns, static column => column.InPrimaryKey);

    public override string ToString() => $"{Schema}.{Name}";
}

/// <summary>What a caller knows of a column: <c>information_schema.COLUMNS</c>, in ORDINAL_POSITION order.</summary>
/// <param name="Name">COLUMN_NAME.</param>
/// <param name="Type">COLUMN_TYPE, such as <c>int(10) unsigned</c>.</param>
/// <param name="Charset">CHARACTER_SET_NAME; null for bytes and numbers.</param>
/// <param name="InPrimaryKey">COLUMN_KEY is PRI.</param>
public sealed record ColumnShape(string Name, string Type, string? Charset, bool InPrimaryKey);

/// <summary>
/// The columns of a table, or null when it is not known. What the log says itself is preferred. A table whose number of columns differs is
/// taken as not known: it has been altered since.
/// </summary>
public delegate IReadOnlyList<ColumnShape>? TableLookup(string schema, string table);
