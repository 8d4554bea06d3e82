using System.Text;
using Headwater.Core.Log.Definitions;

namespace Headwater.Core.Log;

/// <summary>What a server says of its tables at one position: <see cref="SchemaHistory"/> begins with it.</summary>
public sealed record SchemaStart
{
    public required IReadOnlyDictionary<(string Schema, string Table), TableStart> Tables { get; init; }

    /// <summary>Each schema's own character set: <c>information_schema.SCHEMATA</c>.</summary>
    public required IReadOnlyDictionary<string, string> Schemas { get; init; }

    /// <summary>What <c>utf8</c> is short for (old_mode): utf8mb3 or utf8mb4.</summary>
    public string Utf8 { get; init; } = "utf8mb3";

    /// <summary>lower_case_table_names is not 0.</summary>
    public bool IgnoresCase { get; init; }
}

/// <param name="Charset">Of columns that name none: <c>information_schema.TABLES</c>, TABLE_COLLATION.</param>
/// <param name="Columns">In their order. In a key only those of PRIMARY: COLUMN_KEY says PRI of a unique key too where there is no other.</param>
public sealed record TableStart(string? Charset, IReadOnlyList<ColumnShape> Columns);

/// <summary>
/// The columns of tables as a log goes by, for logs that do not say them (binlog_row_metadata=NO_LOG and MINIMAL): begins from what a server says at one
/// position and follows the definitions in the log's order. A definition that is not understood makes the table unknown, or all tables where it cannot be
/// told which: then columns have no names, until somebody asks anew and says so (<see cref="Learn"/>). It never says what is not so.
///
/// The log is read with <see cref="Columns"/> as its lookup and gives each definition to <see cref="Apply"/> where it stands, as rows of the same
/// transaction may follow it (CREATE TABLE … SELECT). One owner. Applied again from any transaction on, it comes to the same.
///
/// A connection's temporary tables are in a log only where statements are; a history must not begin while one that is in the log is there.
/// </summary>
public sealed class SchemaHistory
{
    readonly Dictionary<TableName, ShapedTable?> _tables = [];
    readonly Dictionary<string, string?> _schemas = [];
    readonly HashSet<(uint Thread, TableName Name)> _temporary = [];
    readonly string _utf8;
    readonly bool _ignoresCase;
    bool _othersAreUnknown;

    public SchemaHistory(SchemaStart start)
    {
        (_utf8, _ignoresCase) = (start.Utf8, start.IgnoresCase);
        foreach (var (schema, charset) in start.Schemas) _schemas[Folded(schema)] = charset;
        foreach (var ((schema, table), shape) in start.Tables) _tables[Folded(new TableName(schema, table))] = new ShapedTable(shape.Charset, shape.Columns);
    }

    /// <summary>How many tables exist, or may, whose columns are not known; null: any may.</summary>
    public int? Unknown => _othersAreUnknown ? null : _tables.Values.Count(static table => table is null);

    /// <summary>The columns of a table where the log stands; null when they are not known. A <see cref="TableLookup"/>.</summary>
    public IReadOnlyList<ColumnShape>? Columns(string schema, string table) => _tables.GetValueOrDefault(Folded(new TableName(schema, table)))?.Columns;

    /// <summary>A table was asked for anew. Only for who can prove that no definition stands between the log's place and the answer.</summary>
    public void Learn(string schema, string table, TableStart shape) => _tables[Folded(new TableName(schema, table))] = new ShapedTable(shape.Charset, shape.Columns);

    /// <summary>Temporary tables are gone with the server that had them.</summary>
    public void ServerStarted() => _temporary.Clear();

    /// <summary>A statement of the log, in its place; those that define nothing change nothing.</summary>
    public void Apply(LoggedStatement statement)
    {
        if (statement.Kind != StatementKind.Definition) return;
        var definition = Read(statement);
        // What of it was done before it failed is not told.
        if (statement.Error != 0 && definition is not NoShape) definition = new Unclear(Named(definition));
        switch (definition)
        {
            case CreateTable create: Create(create, statement.Thread); break;
            case AlterTable alter: Alter(alter, statement.Thread); break;
            case DropTables drop: Drop(drop, statement.Thread); break;
            case RenameTables rename:
                foreach (var (from, to) in rename.Pairs) Rename(Folded(from), Folded(to));
                break;
            case DefineSchema schema: Define(schema, statement.ServerCharset); break;
            case DropSchema dropped: Drop(Folded(dropped.Name)); break;
            case Unclear { Tables: { } tables }:
                foreach (var table in tables) _tables[Folded(table)] = null;
                break;
            case Unclear: ForgetAll(); break;
        }
    }

    static Definition Read(LoggedStatement statement)
    {
        const ulong AnsiQuotes = 1 << 2, NoBackslashEscapes = 1 << 20;
        var text = TextOf(statement);
        var tokens = text is null ? null : DefinitionLexer.Read(text, (statement.SqlMode & AnsiQuotes) != 0, (statement.SqlMode & NoBackslashEscapes) != 0);
        return tokens is null or [] ? new Unclear(null) : DefinitionReader.Read(tokens, statement.Schema);
    }

    // A character set in which a byte of ASCII may be a part of another character is read only where there is none.
    static string? TextOf(LoggedStatement statement)
    {
        var bytes = statement.Text.Span;
        if (statement.Charset is "utf8mb4" or "utf8mb3" or "utf8" || Ascii.IsValid(bytes)) return Encoding.UTF8.GetString(bytes);
        return statement.Charset == "latin1" && !bytes.ContainsAnyInRange((byte)0x80, (byte)0x9F) ? Encoding.Latin1.GetString(bytes) : null;
    }

    static IReadOnlyList<TableName>? Named(Definition definition) => definition switch
    {
        CreateTable create => [create.Name],
        AlterTable alter => [alter.Name, .. alter.Parts.OfType<RenameTo>().Select(static part => part.Name)],
        DropTables drop => drop.IsTemporary ? [] : drop.Tables,
        _ => null,
    };

    void Create(CreateTable create, uint thread)
    {
        var name = Folded(create.Name);
        if (create.IsTemporary)
        {
            _temporary.Add((thread, name));
            return;
        }
        if (create.IfNotExists && (_tables.ContainsKey(name) || _othersAreUnknown))
        {
            // Known or not: it stays what it was, where it was.
            if (!_tables.ContainsKey(name)) _tables[name] = null;
            return;
        }
        if (create.Like is { } like) _tables[name] = _temporary.Contains((thread, Folded(like))) ? null : _tables.GetValueOrDefault(Folded(like));
        else _tables[name] = create.Shape is { } declared ? ShapedTable.Of(declared, _schemas.GetValueOrDefault(name.Schema), _utf8) : null;
    }

    void Alter(AlterTable alter, uint thread)
    {
        var name = Folded(alter.Name);
        // It is the connection's own that is meant. Altered and dropped in the log is what was created in it (table_creation_was_logged in the server).
        if (_temporary.Contains((thread, name)))
        {
            if (alter.Parts.OfType<RenameTo>().Any()) ForgetAll();
            return;
        }
        _tables[name] = _tables.GetValueOrDefault(name)?.Altered(alter.Parts, _schemas.GetValueOrDefault(name.Schema), _utf8);
        foreach (var part in alter.Parts)
            if (part is RenameTo rename) Rename(name, Folded(rename.Name));
    }

    void Drop(DropTables drop, uint thread)
    {
        foreach (var table in drop.Tables)
        {
            var name = Folded(table);
            if (!_temporary.Remove((thread, name)) && !drop.IsTemporary) _tables.Remove(name);
        }
    }

    void Rename(TableName from, TableName to)
    {
        var isTemporary = _temporary.Any(temporary => temporary.Name == from);
        _tables[to] = isTemporary ? null : _tables.GetValueOrDefault(from);
        if (isTemporary) _tables[from] = null;
        else _tables.Remove(from);
    }

    void Define(DefineSchema schema, string? serverCharset)
    {
        var name = Folded(schema.Name);
        if (schema.IfNotExists && _schemas.ContainsKey(name)) return;
        var charset = schema.Charset == "utf8" ? _utf8 : schema.Charset;
        if (charset == "default") charset = serverCharset;
        if (schema.IsNew) _schemas[name] = charset ?? serverCharset;
        else if (charset is not null) _schemas[name] = charset;
    }

    void Drop(string schema)
    {
        _schemas.Remove(schema);
        foreach (var name in _tables.Keys.Where(name => name.Schema == schema).ToList()) _tables.Remove(name);
    }

    void ForgetAll()
    {
        _othersAreUnknown = true;
        foreach (var name in _tables.Keys.ToList()) _tables[name] = null;
        foreach (var name in _schemas.Keys.ToList()) _schemas[name] = null;
    }

    string Folded(string name) => _ignoresCase ? name.ToLowerInvariant() : name;
    TableName Folded(TableName name) => _ignoresCase ? new TableName(Folded(name.Schema), Folded(name.Name)) : name;
}
