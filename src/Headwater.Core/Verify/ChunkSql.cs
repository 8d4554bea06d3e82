using System.Collections.Immutable;
using System.Text;

namespace Headwater.Core.Verify;

/// <summary>How a row becomes 64 bits. All servers of one comparison use the same.</summary>
public enum RowHash : byte
{
    /// <summary>Half of an MD5: every server has it.</summary>
    Md5,

    /// <summary>
    /// The product of two different CRCs: MariaDB from 10.8, twice as fast. A CRC alone is linear, so that the same change in two rows of a chunk
    /// vanishes when they are put together by XOR; a product is not linear.
    /// </summary>
    TwoCrcs,
}

/// <summary>
/// The statements that read a table for comparison. They are plain reads: nothing is written anywhere, so nothing depends on the log's format or passes
/// through replication.
/// </summary>
public sealed class ChunkSql
{
    readonly VerifiedTable _table;
    readonly string _hash, _from, _key;

    public ChunkSql(VerifiedTable table, RowHash hash)
    {
        _table = table;
        _hash = HashOf(table, hash);
        _from = table.HasKey ? $" FROM {table.Name.Quoted} FORCE INDEX ({TableName.Quote(table.KeyIndex)})" : $" FROM {table.Name.Quoted}";
        _key = string.Join(", ", table.Key.Select(static column => column.ForReading));
    }

    /// <summary>Number of rows and what their hashes are together, whatever their order.</summary>
    public string Checksum(KeyRange range) => $"SELECT COUNT(*), BIT_XOR({_hash}){_from}{range.Where(_table.Key)}";

    /// <summary>The key of the range's <paramref name="rows"/>th row: no row when there are fewer.</summary>
    public string Boundary(KeyRange range, long rows) => $"SELECT {_key}{_from}{range.Where(_table.Key)} ORDER BY {Order} LIMIT 1 OFFSET {rows - 1}";

    /// <summary>Key and hash of each row; the hash alone where there is no key.</summary>
    public string Rows(KeyRange range, bool locked)
    {
        var sql = _table.HasKey ? $"SELECT {_key}, {_hash}{_from}{range.Where(_table.Key)} ORDER BY {Order}" : $"SELECT {_hash}{_from}";
        return locked && _table.Transactional ? sql + " LOCK IN SHARE MODE" : sql;
    }

    /// <summary>All values of one row, as <see cref="VerifiedColumn.ForReading"/> gives them.</summary>
    public string Values(ImmutableArray<string?> key)
    {
        var found = _table.HasKey ? KeyRange.WhereKey(_table.Key, key) : $"{_hash}={key[0]}";
        return $"SELECT {string.Join(", ", _table.Columns.Select(static column => column.ForReading))}{_from} WHERE {found} LIMIT 1";
    }

    string Order => string.Join(", ", _table.Key.Select(static column => column.Quoted));

    static string HashOf(VerifiedTable table, RowHash hash)
    {
        var parts = new List<string>();
        var compared = table.Columns.Where(static column => !column.IsVirtual).ToList();
        // Two collations side by side are refused, whatever is made of them.
        var mixed = compared.Where(static column => column.Collation is not null).Select(static column => column.Collation).Distinct().Count() > 1;
        parts.AddRange(compared.Select(column => mixed && column is { Kind: ColumnKind.Text, IsLong: false } ? $"BINARY {column.Quoted}" : column.ForHash));
        // CONCAT_WS leaves NULLs out, so which columns are NULL is a part of its own.
        var nullable = compared.Where(static column => column.Nullable).Select(static column => $"ISNULL({column.Quoted})").ToList();
        if (nullable.Count > 0) parts.Add($"CONCAT({string.Join(",", nullable)})");
        // 'a#','b' and 'a','#b' make the same text; their lengths do not.
        var free = compared.Where(static column => column.Kind is ColumnKind.Text or ColumnKind.Bytes && !column.IsLong).ToList();
        if (free.Count > 1) parts.AddRange(free.Select(static column => $"LENGTH({column.Quoted})"));
        // A binary separator makes all of it binary: no value is converted into another character set.
        var row = new StringBuilder("CONCAT_WS(x'23',").AppendJoin(',', parts).Append(')').ToString();
        return hash == RowHash.TwoCrcs ? $"CRC32({row})*CRC32C({row})" : $"CAST(CONV(LEFT(MD5({row}),16),16,10) AS UNSIGNED)";
    }
}
