using System.Collections.Immutable;
using System.Text;

namespace Headwater.Core.Verify;

/// <summary>A table by schema and name, as people write it.</summary>
public readonly record struct TableName(string Schema, string Name)
{
    /// <summary>For SQL.</summary>
    public string Quoted => $"{Quote(Schema)}.{Quote(Name)}";

    public override string ToString() => $"{Schema}.{Name}";

    public static string Quote(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    /// <summary>Whether a word of the command line means this table: <c>shop.orders</c>, <c>shop.*</c>, <c>shop</c> or <c>orders</c>.</summary>
    public bool IsMeantBy(string word)
    {
        var dot = word.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0) return word == Schema || word == Name;
        return word[..dot] == Schema && word[(dot + 1)..] is var name && (name == "*" || name == Name);
    }
}

/// <summary>How a column's values are read and written so that not one bit of them is lost.</summary>
public enum ColumnKind : byte
{
    /// <summary>Integers, decimals, years: their text is their value.</summary>
    Exact,

    /// <summary>float and double: as text they are shortened, multiplied by 1e0 they are not.</summary>
    Approximate,

    /// <summary>bit, enum, set: by number, for two labels may look the same.</summary>
    Bits,
    Text,
    Bytes,

    /// <summary>Times, UUIDs, addresses: in quotes.</summary>
    Quoted,
}

/// <param name="Type">As the server declares it, <c>varchar(20)</c>.</param>
/// <param name="Charset">Of text.</param>
/// <param name="IsLong">One value may be larger than a packet, so that it is hashed by itself.</param>
/// <param name="IsVirtual">Computed when read, from columns that are compared themselves.</param>
public sealed record VerifiedColumn(string Name, string Type, ColumnKind Kind, string? Charset, string? Collation, bool Nullable, bool IsGenerated, bool IsVirtual, bool IsLong)
{
    public string Quoted => TableName.Quote(Name);

    /// <summary>From a row of information_schema.columns.</summary>
    /// <param name="dataType">DATA_TYPE, without length and sign.</param>
    /// <param name="extra">EXTRA, which says <c>VIRTUAL GENERATED</c>.</param>
    public static VerifiedColumn Of(string name, string type, string dataType, string? charset, string? collation, bool nullable, string extra)
    {
        var isLong = dataType is "mediumtext" or "longtext" or "json" or "mediumblob" or "longblob" || IsGeometry(dataType);
        var generated = extra.Contains("GENERATED", StringComparison.OrdinalIgnoreCase);
        return new VerifiedColumn(name, type, KindOf(dataType, charset), charset, collation, nullable, generated, generated && extra.Contains("VIRTUAL", StringComparison.OrdinalIgnoreCase), isLong);
    }

    static ColumnKind KindOf(string dataType, string? charset) => dataType switch
    {
        "tinyint" or "smallint" or "mediumint" or "int" or "bigint" or "decimal" or "year" => ColumnKind.Exact,
        "float" or "double" => ColumnKind.Approximate,
        "bit" or "enum" or "set" => ColumnKind.Bits,
        "binary" or "varbinary" or "tinyblob" or "blob" or "mediumblob" or "longblob" or "vector" => ColumnKind.Bytes,
        _ when IsGeometry(dataType) => ColumnKind.Bytes,
        _ => charset is null ? ColumnKind.Quoted : ColumnKind.Text,
    };

    static bool IsGeometry(string dataType) =>
        dataType is "geometry" or "point" or "linestring" or "polygon" or "multipoint" or "multilinestring" or "multipolygon" or "geometrycollection" or "geomcollection";

    /// <summary>An expression whose bytes tell the value apart from every other one of this column.</summary>
    public string ForHash => Kind switch
    {
        _ when IsLong => $"MD5({Quoted})",
        ColumnKind.Approximate => $"{Quoted}*1e0",
        ColumnKind.Bits => $"CAST({Quoted} AS UNSIGNED)",
        _ => Quoted,
    };

    /// <summary>An expression that gives the value as plain ASCII, from which <see cref="Literal"/> makes it again.</summary>
    public string ForReading => Kind switch
    {
        ColumnKind.Approximate => $"{Quoted}*1e0",
        ColumnKind.Bits => $"CAST({Quoted} AS UNSIGNED)",
        ColumnKind.Text or ColumnKind.Bytes => $"HEX({Quoted})",
        _ => Quoted,
    };

    /// <param name="read">What <see cref="ForReading"/> gave.</param>
    public string Literal(string? read) => read is null ? "NULL" : Kind switch
    {
        ColumnKind.Exact or ColumnKind.Bits => read,
        // Without an exponent it would be a decimal, which a double is not equal to.
        ColumnKind.Approximate => read.Contains('e', StringComparison.OrdinalIgnoreCase) ? read : read + "e0",
        ColumnKind.Text => PlainText(read) is { } plain ? $"'{plain}'" : $"_{Charset} x'{read}'",
        ColumnKind.Bytes => $"x'{read}'",
        _ => $"'{read}'",
    };

    /// <summary>As a condition that finds exactly this value, where no key finds the row: by bytes, for a collation takes more for equal.</summary>
    public string IsExactly(string? read) => Kind switch
    {
        ColumnKind.Text => $"BINARY {Quoted}<=>{(read is null ? "NULL" : $"x'{read}'")}",
        ColumnKind.Approximate => $"{Quoted}*1e0<=>{Literal(read)}",
        _ => $"{Quoted}<=>{Literal(read)}",
    };

    // What a person can read stays readable, where it is the same bytes in every character set that a server's literals may have.
    string? PlainText(string read)
    {
        if (Charset is not ("utf8mb4" or "utf8mb3" or "utf8" or "ascii" or "latin1")) return null;
        var bytes = Convert.FromHexString(read);
        return bytes.All(static b => b is >= 0x20 and < 0x7F and not ((byte)'\'' or (byte)'\\')) ? Encoding.ASCII.GetString(bytes) : null;
    }

    /// <summary>For people: text as text where it can be read, else its bytes.</summary>
    public string Show(string? read)
    {
        if (read is null) return "NULL";
        if (Kind is not (ColumnKind.Text or ColumnKind.Bytes)) return read;
        if (Kind == ColumnKind.Text && Charset is "utf8mb4" or "utf8mb3" or "utf8" or "ascii" or "latin1")
        {
            var bytes = Convert.FromHexString(read);
            var text = Charset == "latin1" ? Encoding.Latin1.GetString(bytes) : Encoding.UTF8.GetString(bytes);
            if (!text.Any(static c => char.IsControl(c) || c == '\uFFFD')) return $"'{text}'";
        }
        return "0x" + read;
    }
}

/// <summary>One table as it is compared.</summary>
/// <param name="Key">Columns of the primary key, or of a unique key without NULLs; empty when there is neither.</param>
/// <param name="KeyIndex">That key's name.</param>
/// <param name="Transactional">Its rows can be locked, and reads of it show committed rows only.</param>
public sealed record VerifiedTable(TableName Name, ImmutableArray<VerifiedColumn> Columns, ImmutableArray<VerifiedColumn> Key, string KeyIndex, bool Transactional, long EstimatedRows)
{
    public bool HasKey => !Key.IsEmpty;
}
