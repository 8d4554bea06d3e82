using System.Collections.Frozen;

namespace Headwater.Core.Log.Definitions;

/// <summary>Reads the declaration of a column. Source: https://mariadb.com/kb/en/create-table/#column-definitions .</summary>
static class ColumnReader
{
    static readonly FrozenSet<string> _numbers = Set("tinyint smallint mediumint int integer bigint int1 int2 int3 int4 int8 middleint bool boolean float float4 float8 double real decimal dec numeric fixed");
    static readonly FrozenSet<string> _texts = Set("char character varchar varcharacter tinytext text mediumtext longtext enum set");
    static readonly FrozenSet<string> _others = Set("bit binary varbinary tinyblob blob mediumblob longblob date time datetime timestamp year uuid inet4 inet6 geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection");

    // What may stand in a declaration and says nothing of name, sign, character set or key.
    static readonly FrozenSet<string> _passed = Set("not null signed auto_increment virtual persistent stored generated always invisible compressed on update current_timestamp now localtime localtimestamp check unique true false match full partial simple delete cascade restrict no action without system versioning default set");

    public static DeclaredColumn Read(DefinitionCursor cursor, string name, out ColumnPlace? place)
    {
        var type = cursor.Next();
        if (type.Kind != TokenKind.Word) throw new NotUnderstoodException();
        var word = type.Text.ToLowerInvariant();
        string? charset = null;
        var isText = _texts.Contains(word);
        if (isText && word is "char" or "character" or "varchar") cursor.Take("varying");
        else if (word is "double") cursor.Take("precision");
        else if (word is "serial") return Serial(cursor, name, out place);
        else if (word is "json")
        {
            isText = true;
            charset = "utf8mb4";
        }
        else if (!isText && !_numbers.Contains(word) && !_others.Contains(word)) throw new NotUnderstoodException();
        if (cursor.Peek().IsSymbol('(')) cursor.SkipGroup();
        var (unsigned, isKey) = (false, false);
        place = null;
        while (!cursor.AtPartEnd && place is null)
        {
            if (cursor.TakeCharset() is { } named) charset = named;
            else if (cursor.TakeCollation() is { } collated) charset ??= collated;
            else if (cursor.Take("unsigned") || cursor.Take("zerofill")) unsigned = true;
            else if (cursor.Take("ascii")) charset = "latin1";
            else if (cursor.Take("unicode")) charset = "ucs2";
            else if (cursor.Take("byte")) charset = "binary";
            else if (isText && cursor.Take("binary")) continue; // a collation
            else if (cursor.Take("first")) place = new ColumnPlace(null);
            else if (cursor.Take("after")) place = new ColumnPlace(cursor.Name());
            else if (cursor.Take("primary") || !cursor.TakeWords("unique", "key") && cursor.Peek().Is("key"))
            {
                cursor.Take("key");
                isKey = true;
            }
            else Attribute(cursor);
        }
        return new DeclaredColumn(name, unsigned ? word + " unsigned" : word, isText, charset, isKey);
    }

    static DeclaredColumn Serial(DefinitionCursor cursor, string name, out ColumnPlace? place)
    {
        place = cursor.Take("first") ? new ColumnPlace(null) : cursor.Take("after") ? new ColumnPlace(cursor.Name()) : null;
        return cursor.AtPartEnd ? new DeclaredColumn(name, "bigint unsigned", false, null, false) : throw new NotUnderstoodException();
    }

    static void Attribute(DefinitionCursor cursor)
    {
        if (cursor.Peek().IsSymbol('('))
        {
            cursor.SkipGroup();
            return;
        }
        if (cursor.Take("comment"))
        {
            if (cursor.Next().Kind != TokenKind.Text) throw new NotUnderstoodException();
            return;
        }
        if (cursor.Take("references"))
        {
            cursor.Table();
            return;
        }
        if (cursor.Take("constraint"))
        {
            if (!cursor.Peek().Is("check")) cursor.Name();
            return;
        }
        if (cursor.Take("as"))
        {
            // AS ROW START is a column of a versioned table.
            cursor.SkipGroup();
            return;
        }
        if (cursor.TakeWords("default"))
        {
            Default(cursor);
            return;
        }
        var token = cursor.Next();
        if (token.Kind == TokenKind.Word && _passed.Contains(token.Text.ToLowerInvariant())) return;
        if (token.IsSymbol('=') || token.Kind == TokenKind.Number) return;
        throw new NotUnderstoodException();
    }

    // A literal, with what stands in front of it, or a function or an expression in parentheses; sums of them are not written without.
    static void Default(DefinitionCursor cursor)
    {
        while (cursor.TakeSymbol('-') || cursor.TakeSymbol('+'))
        {
        }
        if (cursor.Peek().IsSymbol('('))
        {
            cursor.SkipGroup();
            return;
        }
        var token = cursor.Next();
        if (token.Kind == TokenKind.Symbol && !token.IsSymbol('.')) throw new NotUnderstoodException();
        if (token.IsSymbol('.')) cursor.Next();
        else if (token.Kind == TokenKind.Number && cursor.TakeSymbol('.') && cursor.Peek().Kind is TokenKind.Number or TokenKind.Word) cursor.Next();
        else if (token.Kind == TokenKind.Word && cursor.Peek().Kind == TokenKind.Text) cursor.Next();
        else if (token.Kind == TokenKind.Word && cursor.Peek().IsSymbol('(')) cursor.SkipGroup();
    }

    static FrozenSet<string> Set(string words) => words.Split(' ').ToFrozenSet(StringComparer.Ordinal);
}
