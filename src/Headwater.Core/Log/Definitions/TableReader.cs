using System.Collections.Frozen;

namespace Headwater.Core.Log.Definitions;

/// <summary>Reads CREATE TABLE from its columns on, and what stands in parts of it and of ALTER TABLE.</summary>
static class TableReader
{
    // Options of a table, and the words of their values, that say nothing of its columns.
    static readonly FrozenSet<string> _options = """
        engine type comment row_format auto_increment key_block_size stats_auto_recalc stats_persistent stats_sample_pages checksum table_checksum page_checksum max_rows min_rows avg_row_length pack_keys delay_key_write
        tablespace storage data index directory connection insert_method union transactional encrypted encryption_key_id page_compressed page_compression_level password sequence ietf_quotes default
        algorithm lock force enable disable keys discard import wait nowait with without validation
        """.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    static readonly FrozenSet<string> _indexes = "index key unique fulltext spatial foreign check".Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static DeclaredTable Read(DefinitionCursor cursor)
    {
        var columns = new List<DeclaredColumn>();
        var key = new List<string>();
        cursor.ExpectSymbol('(');
        do
        {
            if (IsIndex(cursor)) Index(cursor, key);
            else columns.Add(ColumnReader.Read(cursor, Column(cursor), out _));
        }
        while (cursor.TakeSymbol(','));
        cursor.ExpectSymbol(')');
        if (key.Count == 0) key.AddRange(columns.Where(static column => column.IsKey).Select(static column => column.Name));
        var charset = Options(cursor);
        return cursor.AtEnd ? new DeclaredTable(columns, key, charset) : throw new NotUnderstoodException();
    }

    /// <summary>A column's name. A word that begins something else cannot be one without quotes.</summary>
    public static string Column(DefinitionCursor cursor)
    {
        if (cursor.Peek() is { Kind: TokenKind.Word } word && (word.Is("period") && cursor.Peek(1).Is("for") || word.Is("like") || word.Is("select"))) throw new NotUnderstoodException();
        return cursor.Name();
    }

    public static bool IsIndex(DefinitionCursor cursor) => cursor.Peek() is { Kind: TokenKind.Word } word
        && (word.Is("constraint") || word.Is("primary") && cursor.Peek(1).Is("key") || _indexes.Contains(word.Text) && (!word.Is("check") || cursor.Peek(1).IsSymbol('(')));

    /// <summary>An index or a constraint; the columns of a primary key are added to <paramref name="key"/>. True for one.</summary>
    public static bool Index(DefinitionCursor cursor, List<string> key)
    {
        if (cursor.Take("constraint") && !cursor.Peek().Is("primary") && !_indexes.Contains(cursor.Peek().Text)) cursor.Name();
        if (!cursor.TakeWords("primary", "key"))
        {
            SkipPart(cursor);
            return false;
        }
        while (!cursor.Peek().IsSymbol('(')) cursor.Next(); // its name, USING BTREE
        cursor.ExpectSymbol('(');
        do
        {
            key.Add(cursor.Name());
            if (cursor.Peek().IsSymbol('(')) cursor.SkipGroup();
            if (!cursor.Take("asc")) cursor.Take("desc");
            // A period belongs to a versioned table.
            if (!cursor.Peek().IsSymbol(',') && !cursor.Peek().IsSymbol(')')) throw new NotUnderstoodException();
        }
        while (cursor.TakeSymbol(','));
        cursor.ExpectSymbol(')');
        SkipPart(cursor);
        return true;
    }

    /// <summary>To the comma or parenthesis that ends this part.</summary>
    public static void SkipPart(DefinitionCursor cursor)
    {
        while (!cursor.AtPartEnd)
            if (cursor.Peek().IsSymbol('(')) cursor.SkipGroup();
            else cursor.Next();
    }

    /// <summary>Options as far as they go; the character set, where one is named. Behind PARTITION BY nothing of interest follows but a SELECT.</summary>
    public static string? Options(DefinitionCursor cursor)
    {
        string? charset = null;
        while (!cursor.AtEnd && !cursor.Peek().IsSymbol(','))
        {
            if (cursor.TakeCharset() is { } named)
            {
                charset = named == "default" ? throw new NotUnderstoodException() : named;
            }
            else if (cursor.TakeCollation() is { } collated)
            {
                charset ??= collated;
            }
            else if (cursor.TakeWords("partition", "by") || cursor.TakeWords("remove", "partitioning"))
            {
                while (!cursor.AtEnd)
                    if (cursor.Next() is var token && (token.Is("select") || token.Is("union"))) throw new NotUnderstoodException();
            }
            else
            {
                Option(cursor);
            }
        }
        return charset;
    }

    static void Option(DefinitionCursor cursor)
    {
        var name = cursor.Next();
        if (name.Kind != TokenKind.Word || !_options.Contains(name.Text)) throw new NotUnderstoodException();
        if (name.Is("with") && cursor.Peek().Is("system") || name.Is("default") && !cursor.Peek().Is("character") && !cursor.Peek().Is("charset") && !cursor.Peek().Is("collate")) throw new NotUnderstoodException();
        if (!cursor.TakeSymbol('='))
        {
            // COMMENT 'x', AUTO_INCREMENT 5; other words are names of their own.
            if (cursor.Peek().Kind is TokenKind.Text or TokenKind.Number) cursor.Next();
            else if (name.Is("engine") || name.Is("type") || name.Is("row_format") || name.Is("algorithm") || name.Is("lock")) cursor.Next();
            return;
        }
        if (cursor.Peek().IsSymbol('(')) cursor.SkipGroup();
        else cursor.Next();
    }
}
