namespace Headwater.Core.Log.Definitions;

/// <summary>A table's name as it was written; the schema is the default one where none was.</summary>
readonly record struct TableName(string Schema, string Name);

/// <summary>What a definition does to the shapes of tables.</summary>
abstract record Definition;

/// <summary>Nothing that changes a column's name or meaning.</summary>
sealed record NoShape : Definition;

/// <summary>Not understood. <paramref name="Tables"/> are those that it concerns; null: nobody can say which.</summary>
sealed record Unclear(IReadOnlyList<TableName>? Tables) : Definition;

/// <param name="Name">The table.</param>
/// <param name="Shape">Null when its columns are those of <paramref name="Like"/>, or not understood.</param>
sealed record CreateTable(TableName Name, DeclaredTable? Shape, TableName? Like, bool IsTemporary, bool IfNotExists) : Definition;

sealed record DropTables(IReadOnlyList<TableName> Tables, bool IsTemporary) : Definition;
sealed record RenameTables(IReadOnlyList<(TableName From, TableName To)> Pairs) : Definition;
sealed record AlterTable(TableName Name, IReadOnlyList<Alteration> Parts) : Definition;

/// <param name="Name">The schema.</param>
/// <param name="Charset">Null when none is named.</param>
sealed record DefineSchema(string Name, string? Charset, bool IsNew, bool IfNotExists) : Definition;

sealed record DropSchema(string Name) : Definition;

sealed record DeclaredTable(IReadOnlyList<DeclaredColumn> Columns, IReadOnlyList<string> Key, string? Charset);

/// <summary>A column as it was declared; its character set may follow from its table's.</summary>
/// <param name="Charset">As named, or that of its type; null: by its table, for a text.</param>
sealed record DeclaredColumn(string Name, string Type, bool IsText, string? Charset, bool IsKey);

/// <summary>FIRST, or AFTER a column.</summary>
sealed record ColumnPlace(string? After);

abstract record Alteration;
sealed record AddColumn(DeclaredColumn Column, ColumnPlace? Place, bool IfNotExists) : Alteration;

/// <summary>CHANGE and MODIFY.</summary>
sealed record ChangeColumn(string Old, DeclaredColumn Column, ColumnPlace? Place, bool IfExists) : Alteration;

sealed record DropColumn(string Name, bool IfExists) : Alteration;
sealed record RenameColumn(string Old, string Name, bool IfExists) : Alteration;
sealed record AddKey(IReadOnlyList<string> Columns) : Alteration;
sealed record DropKey : Alteration;
sealed record RenameTo(TableName Name) : Alteration;
sealed record TableCharset(string? Charset) : Alteration;

/// <summary>CONVERT TO CHARACTER SET; null: the schema's.</summary>
sealed record ConvertTo(string? Charset) : Alteration;
