namespace Headwater.Core.Statements;

/// <summary>One row of information_schema.TABLES.</summary>
public readonly record struct CatalogueTable(string Schema, string Name, string Type, string Engine);

/// <summary>One row of information_schema.COLUMNS: of a primary key, a TIME, or generated.</summary>
/// <param name="Ordinal">ORDINAL_POSITION, from 1.</param>
/// <param name="Type">COLUMN_TYPE, such as <c>int(10) unsigned</c>.</param>
/// <param name="Expression">GENERATION_EXPRESSION; empty when there is none.</param>
public readonly record struct CatalogueColumn(string Schema, string Table, string Name, int Ordinal, string Type, string Expression);

/// <summary>A column of a table's primary key: the first, or the second.</summary>
/// <param name="Place">From 1.</param>
public readonly record struct CatalogueKey(string Schema, string Table, string Column, int Place = 1);

/// <summary>One row of information_schema.REFERENTIAL_CONSTRAINTS.</summary>
public readonly record struct CatalogueForeignKey(string Schema, string Table, string ParentSchema, string Parent, string OnUpdate, string OnDelete)
{
    /// <summary>A change of the parent may change the child, which the binary log does not tell: the storage engine does it.</summary>
    public bool ChangesTheChild => !IsRefusal(OnUpdate) || !IsRefusal(OnDelete);

    static bool IsRefusal(string rule) => rule is "RESTRICT" or "NO ACTION";
}

/// <summary>What the servers tell of their tables. Each query takes all schemas at once; none is made per table.</summary>
public sealed record DictionaryRows
{
    const string Users = "NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')";

    /// <summary>Columns as <see cref="CatalogueTable"/>.</summary>
    public const string TablesQuery = $"SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA {Users}";

    /// <summary>Columns as <see cref="CatalogueColumn"/>.</summary>
    public const string ColumnsQuery =
        $"SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, COLUMN_TYPE, GENERATION_EXPRESSION FROM information_schema.COLUMNS WHERE TABLE_SCHEMA {Users} AND (COLUMN_KEY = 'PRI' OR DATA_TYPE = 'time' OR GENERATION_EXPRESSION IS NOT NULL)";

    /// <summary>Columns as <see cref="CatalogueKey"/>.</summary>
    public const string KeysQuery =
        $"SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, SEQ_IN_INDEX FROM information_schema.STATISTICS WHERE TABLE_SCHEMA {Users} AND INDEX_NAME = 'PRIMARY' AND SEQ_IN_INDEX <= 2";

    /// <summary>
    /// Columns as <see cref="CatalogueForeignKey"/>, those only that change the child; from the storage engine's own dictionary, which opens no table. Needs PROCESS.
    /// Names there are those of files (<c>a@002db</c>). TYPE (dict0mem.h, DICT_FOREIGN_ON_…): 1, 2 DELETE CASCADE, SET NULL; 4, 8 the same of UPDATE; 16, 32 NO ACTION.
    /// </summary>
    public const string CascadesQuery = $"""
        SELECT {Part}FOR_NAME{First}, {Part}FOR_NAME{Second}, {Part}REF_NAME{First}, {Part}REF_NAME{Second}, IF(TYPE & 12, 'CASCADE', 'RESTRICT'), IF(TYPE & 12, 'RESTRICT', 'CASCADE')
        FROM information_schema.INNODB_SYS_FOREIGN WHERE TYPE & ~48
        """;
    const string Part = "CONVERT(CONVERT(CAST(SUBSTRING_INDEX(", First = ", '/', 1) AS BINARY) USING filename) USING utf8mb4)", Second = ", '/', -1) AS BINARY) USING filename) USING utf8mb4)";

    /// <summary>The same for who may not ask that: the server opens every table for it, which is some ten times the work.</summary>
    public const string ForeignKeysQuery =
        "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME, UPDATE_RULE, DELETE_RULE FROM information_schema.REFERENTIAL_CONSTRAINTS";

    public IReadOnlyCollection<CatalogueTable> Tables { get; init; } = [];
    public IReadOnlyCollection<CatalogueColumn> Columns { get; init; } = [];
    public IReadOnlyCollection<CatalogueKey> Keys { get; init; } = [];
    public IReadOnlyCollection<CatalogueForeignKey> ForeignKeys { get; init; } = [];
}
