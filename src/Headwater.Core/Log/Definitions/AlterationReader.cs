namespace Headwater.Core.Log.Definitions;

/// <summary>Reads the parts of ALTER TABLE. Source: https://mariadb.com/kb/en/alter-table/ .</summary>
static class AlterationReader
{
    static readonly string[] _partitionVerbs = ["add", "drop", "truncate", "check", "optimize", "analyze", "rebuild", "repair", "reorganize", "coalesce", "discard", "import", "exchange"];

    public static List<Alteration> Read(DefinitionCursor cursor)
    {
        var parts = new List<Alteration>();
        if (cursor.Take("wait")) cursor.Next();
        cursor.Take("nowait");
        do
        {
            // Partitions come alone, and change no column.
            if (Array.Exists(_partitionVerbs, verb => cursor.Peek().Is(verb)) && cursor.Peek(1).Is("partition")) return parts;
            Part(cursor, parts);
        }
        while (cursor.TakeSymbol(','));
        return cursor.AtEnd ? parts : throw new NotUnderstoodException();
    }

    static void Part(DefinitionCursor cursor, List<Alteration> parts)
    {
        if (cursor.Take("add")) Add(cursor, parts);
        else if (cursor.Take("drop")) Drop(cursor, parts);
        else if (cursor.Take("change"))
        {
            cursor.Take("column");
            var ifExists = cursor.TakeWords("if", "exists");
            var old = cursor.Name();
            parts.Add(new ChangeColumn(old, Declared(cursor, cursor.Name(), out var place), place, ifExists));
        }
        else if (cursor.Take("modify"))
        {
            cursor.Take("column");
            var ifExists = cursor.TakeWords("if", "exists");
            var name = cursor.Name();
            parts.Add(new ChangeColumn(name, Declared(cursor, name, out var place), place, ifExists));
        }
        else if (cursor.Take("rename")) Rename(cursor, parts);
        else if (cursor.TakeWords("convert", "to"))
        {
            if (cursor.TakeCharset() is not { } charset) throw new NotUnderstoodException();
            cursor.TakeCollation();
            parts.Add(new ConvertTo(charset == "default" ? null : charset));
        }
        else if (cursor.Take("alter")) TableReader.SkipPart(cursor); // a default, or an index that is not used
        else if (cursor.TakeWords("order", "by"))
        {
            while (!cursor.AtEnd) cursor.Next();
        }
        else if (TableReader.Options(cursor) is { } charset) parts.Add(new TableCharset(charset));
    }

    static DeclaredColumn Declared(DefinitionCursor cursor, string name, out ColumnPlace? place)
    {
        var column = ColumnReader.Read(cursor, name, out place);
        return cursor.AtPartEnd ? column : throw new NotUnderstoodException();
    }

    static void Add(DefinitionCursor cursor, List<Alteration> parts)
    {
        if (cursor.Peek().Is("system") || cursor.Peek().Is("period")) throw new NotUnderstoodException();
        if (TableReader.IsIndex(cursor))
        {
            var key = new List<string>();
            if (TableReader.Index(cursor, key)) parts.Add(new AddKey(key));
            return;
        }
        cursor.Take("column");
        var ifNotExists = cursor.TakeWords("if", "not", "exists");
        if (!cursor.TakeSymbol('('))
        {
            parts.Add(new AddColumn(Declared(cursor, TableReader.Column(cursor), out var place), place, ifNotExists));
            return;
        }
        do
        {
            if (TableReader.IsIndex(cursor)) throw new NotUnderstoodException();
            parts.Add(new AddColumn(Declared(cursor, TableReader.Column(cursor), out var place), place, ifNotExists));
        }
        while (cursor.TakeSymbol(','));
        cursor.ExpectSymbol(')');
    }

    static void Drop(DefinitionCursor cursor, List<Alteration> parts)
    {
        if (cursor.TakeWords("primary", "key"))
        {
            parts.Add(new DropKey());
            return;
        }
        if (cursor.Peek().Is("system") || cursor.Peek().Is("period")) throw new NotUnderstoodException();
        if (cursor.Take("index") || cursor.Take("key") || cursor.Take("constraint") || cursor.TakeWords("foreign", "key"))
        {
            cursor.TakeWords("if", "exists");
            if (string.Equals(cursor.Name(), "PRIMARY", StringComparison.OrdinalIgnoreCase)) parts.Add(new DropKey());
            return;
        }
        cursor.Take("column");
        var ifExists = cursor.TakeWords("if", "exists");
        parts.Add(new DropColumn(cursor.Name(), ifExists));
        if (!cursor.Take("restrict")) cursor.Take("cascade");
    }

    static void Rename(DefinitionCursor cursor, List<Alteration> parts)
    {
        if (cursor.Take("column"))
        {
            var ifExists = cursor.TakeWords("if", "exists");
            var old = cursor.Name();
            cursor.Expect("to");
            parts.Add(new RenameColumn(old, cursor.Name(), ifExists));
        }
        else if (cursor.Take("index") || cursor.Take("key"))
        {
            TableReader.SkipPart(cursor);
        }
        else
        {
            if (!cursor.Take("to") && !cursor.Take("as")) cursor.TakeSymbol('=');
            parts.Add(new RenameTo(cursor.Table()));
        }
    }
}
