using System.Collections.Frozen;

namespace Headwater.Core.Log.Definitions;

/// <summary>
/// Reads what a definition does to tables. It knows the forms that are common and says of all others that they are not understood: a table that
/// is not known is asked for again, one that is known wrongly is not. Source: https://mariadb.com/kb/en/data-definition/ .
/// </summary>
static class DefinitionReader
{
    static readonly FrozenSet<string> _withoutShape = "analyze begin cache call change check commit delete do flush grant insert install kill load lock optimize purge release repair replace reset revoke rollback savepoint select set shutdown start stop truncate uninstall unlock update with xa".Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // Objects that are no tables, and what may stand before them.
    static readonly FrozenSet<string> _noTables = "user role function procedure trigger event server package aggregate definer algorithm sql logfile tablespace view sequence".Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static Definition Read(IReadOnlyList<DefinitionToken> tokens, string schema)
    {
        var cursor = new DefinitionCursor(tokens, schema);
        try
        {
            if (cursor.TakeWords("set", "statement"))
                while (!cursor.Take("for")) cursor.Next();
            if (cursor.Take("create")) return Create(cursor);
            if (cursor.Take("drop")) return Drop(cursor);
            if (cursor.Take("alter")) return Alter(cursor);
            if (cursor.Take("rename")) return Rename(cursor);
            return _withoutShape.Contains(cursor.Next().Text) ? new NoShape() : new Unclear(null);
        }
        catch (NotUnderstoodException)
        {
            return new Unclear(null);
        }
    }

    static Definition Create(DefinitionCursor cursor)
    {
        var replaces = cursor.TakeWords("or", "replace");
        if (cursor.Take("database") || cursor.Take("schema")) return Schema(cursor, isNew: true, cursor.TakeWords("if", "not", "exists"));
        var isTemporary = cursor.Take("temporary");
        if (!cursor.Take("table"))
        {
            if (isTemporary) return new NoShape(); // a sequence
            if (cursor.Take("sequence"))
            {
                // It is logged as a table is, and may have replaced one.
                cursor.TakeWords("if", "not", "exists");
                return new Unclear([cursor.Table()]);
            }
            foreach (var word in (string[])["unique", "fulltext", "spatial", "index"])
                if (cursor.Peek().Is(word)) return new NoShape();
            return _noTables.Contains(cursor.Peek().Text) ? new NoShape() : new Unclear(null);
        }
        var ifNotExists = cursor.TakeWords("if", "not", "exists");
        var name = cursor.Table();
        try
        {
            if (cursor.Take("like")) return new CreateTable(name, null, cursor.Table(), isTemporary, ifNotExists);
            if (cursor.Peek().IsSymbol('(') && cursor.Peek(1).Is("like"))
            {
                cursor.Next();
                cursor.Next();
                return new CreateTable(name, null, cursor.Table(), isTemporary, ifNotExists);
            }
            return new CreateTable(name, TableReader.Read(cursor), null, isTemporary, ifNotExists && !replaces);
        }
        catch (NotUnderstoodException)
        {
            return new CreateTable(name, null, null, isTemporary, ifNotExists && !replaces);
        }
    }

    static DefineSchema Schema(DefinitionCursor cursor, bool isNew, bool ifNotExists)
    {
        var isNamed = cursor.Peek().IsName && !cursor.Peek().Is("default") && !cursor.Peek().Is("character") && !cursor.Peek().Is("charset") && !cursor.Peek().Is("collate") && !cursor.Peek().Is("comment");
        var name = isNamed ? cursor.Name() : cursor.Schema;
        string? charset = null;
        while (!cursor.AtEnd)
        {
            if (cursor.TakeCharset() is { } named) charset = named;
            else if (cursor.TakeCollation() is { } collated) charset ??= collated;
            else cursor.Next();
        }
        return new DefineSchema(name, charset, isNew, ifNotExists);
    }

    static Definition Drop(DefinitionCursor cursor)
    {
        var isTemporary = cursor.Take("temporary");
        if (cursor.Take("table") || cursor.Take("tables"))
        {
            cursor.TakeWords("if", "exists");
            var tables = new List<TableName>();
            do tables.Add(cursor.Table());
            while (cursor.TakeSymbol(','));
            return new DropTables(tables, isTemporary);
        }
        if (cursor.Take("database") || cursor.Take("schema"))
        {
            cursor.TakeWords("if", "exists");
            return new DropSchema(cursor.Name());
        }
        if (cursor.Take("index"))
        {
            cursor.TakeWords("if", "exists");
            var isKey = string.Equals(cursor.Name(), "PRIMARY", StringComparison.OrdinalIgnoreCase);
            cursor.Expect("on");
            return isKey ? new AlterTable(cursor.Table(), [new DropKey()]) : new NoShape();
        }
        return isTemporary || _noTables.Contains(cursor.Peek().Text) || cursor.Peek().Is("prepare") ? new NoShape() : new Unclear(null);
    }

    static Definition Rename(DefinitionCursor cursor)
    {
        if (cursor.Take("user")) return new NoShape();
        if (!cursor.Take("table") && !cursor.Take("tables")) return new Unclear(null);
        cursor.TakeWords("if", "exists");
        var pairs = new List<(TableName, TableName)>();
        do
        {
            var from = cursor.Table();
            while (!cursor.Take("to")) cursor.Next(); // WAIT n, NOWAIT
            pairs.Add((from, cursor.Table()));
        }
        while (cursor.TakeSymbol(','));
        return cursor.AtEnd ? new RenameTables(pairs) : new Unclear(null);
    }

    static Definition Alter(DefinitionCursor cursor)
    {
        while (cursor.Take("online") || cursor.Take("ignore"))
        {
        }
        if (cursor.Take("database") || cursor.Take("schema")) return Schema(cursor, isNew: false, ifNotExists: false);
        if (!cursor.Take("table")) return _noTables.Contains(cursor.Peek().Text) ? new NoShape() : new Unclear(null);
        cursor.TakeWords("if", "exists");
        var name = cursor.Table();
        try
        {
            return new AlterTable(name, AlterationReader.Read(cursor));
        }
        catch (NotUnderstoodException)
        {
            // It may concern another table too: RENAME TO, CONVERT PARTITION … TO TABLE.
            return new Unclear(cursor.Has("rename") || cursor.Has("convert") ? null : [name]);
        }
    }
}
