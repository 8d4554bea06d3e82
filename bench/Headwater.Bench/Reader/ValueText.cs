using System.Globalization;
using System.Text;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Reader;

/// <summary>A value for a column, as SQL: extremes, empty ones, NULL, and what chance gives.</summary>
static class ValueText
{
    static readonly string[] _texts = ["", " ", "a", "it's", "back\\slash", "tab\there", "line\nbreak", "ä", "Ж", "中文", "表", "€", "𝄞", "trail  ", "\\x0a", "/* no */", "# at 4", "zero\0byte"];
    static readonly string[] _floats = ["0", "-0e0", "1", "-1.5", "0.1", "3.4028234e38", "-3.4028234e38", "1.17549e-38", "16777217", "1e15", "1e-15", "123456.789"];
    static readonly string[] _doubles = ["1.7976931348623157e308", "-1.7976931348623157e308", "2.2250738585072014e-308", "-0.30000000000000004", "123456789012345678"];
    static readonly string[] _shapes =
    [
        "POINT(1 2)", "POINT(-1e300 1e-300)", "LINESTRING(0 0,1 1,2 5)", "POLYGON((0 0,4 0,4 4,0 0))", "MULTIPOINT(1 1,2 2)", "MULTILINESTRING((0 0,1 1),(2 2,3 3))", "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))", "GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))",
    ];

    public static string For(ColumnInfo column, ref Chance chance)
    {
        if (column.IsNullable && chance.Percent(12)) return "NULL";
        switch (column.DataType)
        {
            case "tinyint": return Integer(ref chance, 8, column.IsUnsigned);
            case "smallint": return Integer(ref chance, 16, column.IsUnsigned);
            case "mediumint": return Integer(ref chance, 24, column.IsUnsigned);
            case "int": return Integer(ref chance, 32, column.IsUnsigned);
            case "bigint": return Integer(ref chance, 64, column.IsUnsigned);
            case "float": return chance.Percent(50) ? Some(_floats, ref chance) : Real(ref chance, single: true);
            case "double": return chance.Percent(30) ? Some(_floats, ref chance) : chance.Percent(40) ? Some(_doubles, ref chance) : Real(ref chance, single: false);
            case "decimal": return Decimal(ref chance, column.Precision, column.Scale, column.IsUnsigned);
            case "bit": return chance.Percent(20) ? "0" : (chance.Next() >> 64 - column.Precision).ToString(CultureInfo.InvariantCulture);
            case "enum": return chance.Below(column.Type.Count(static c => c == ',') + 2).ToString(CultureInfo.InvariantCulture);
            case "set":
                var members = column.Type.Count(static c => c == ',') + 1;
                return chance.Percent(20) ? "0" : (chance.Next() >> 64 - members).ToString(CultureInfo.InvariantCulture);
            case "year": return chance.Percent(20) ? "0" : chance.Between(1901, 2155).ToString(CultureInfo.InvariantCulture);
            case "date": return Date(ref chance);
            case "time": return $"'{(chance.Percent(50) ? "-" : "")}{(chance.Percent(20) ? "838:59:59" : chance.Percent(20) ? "00:00:00" : Clock(ref chance))}{Fraction(ref chance, column.Fraction)}'";
            case "datetime": return chance.Percent(10) ? "'0000-00-00 00:00:00'" : $"'{Date(ref chance)[1..^1]} {Clock(ref chance)}{Fraction(ref chance, column.Fraction)}'";
            case "timestamp": return chance.Percent(10) ? "'0000-00-00 00:00:00'" : $"'{DateTime.UnixEpoch.AddSeconds(chance.Percent(20) ? 1 : chance.Below(int.MaxValue)):yyyy-MM-dd HH:mm:ss}{Fraction(ref chance, column.Fraction)}'";
            case "json": return chance.Percent(50) ? "'{\"a\": [1, \"ä\", null]}'" : "'[]'";
            case "longtext" when column.Charset == "utf8mb4": return chance.Percent(30) ? "'{}'" : $"'{{\"k\": \"{new string('v', chance.Below(300))}\"}}'";
            case "char" or "varchar" or "tinytext" or "text" or "mediumtext" or "longtext": return Text(ref chance, column.Length);
            case "binary" or "varbinary" or "tinyblob" or "blob" or "mediumblob" or "longblob": return Binary(ref chance, column.Length);
            case "uuid": return Hyphened(chance.Percent(10) ? new byte[16] : Bytes(ref chance, 16));
            case "inet4": return $"'{chance.Below(256)}.{chance.Below(256)}.{chance.Below(256)}.{(chance.Percent(30) ? 0 : chance.Below(256))}'";
            case "inet6": return chance.Percent(20) ? "'::'" : chance.Percent(20) ? "'::ffff:1.2.3.0'" : $"'2001:db8::{chance.Below(65536):x}'";
            case "geometry": return Shape(chance.Below(_shapes.Length));
            case "point": return Shape(chance.Below(2));
            case "linestring": return Shape(2);
            case "polygon": return Shape(3);
            case "multipoint": return Shape(4);
            case "multilinestring": return Shape(5);
            case "multipolygon": return Shape(6);
            case "geometrycollection": return Shape(7);
            default: throw new UsageException($"no value is known for a column of type {column.DataType}");
        }
    }

    static string Some(string[] of, ref Chance chance) => of[chance.Below(of.Length)];
    static string Shape(int index) => $"ST_GeomFromText('{_shapes[index]}')";

    static string Integer(ref Chance chance, int bits, bool isUnsigned)
    {
        var any = chance.Next();
        var most = ulong.MaxValue >> 64 - bits;
        if (isUnsigned) return (chance.Below(5) switch { 0 => 0UL, 1 => most, 2 => 1UL, _ => any & most }).ToString(CultureInfo.InvariantCulture);
        var high = (long)(most >> 1);
        return (chance.Below(6) switch { 0 => 0L, 1 => high, 2 => -high - 1, 3 => -1, _ => (long)any >> 64 - bits }).ToString(CultureInfo.InvariantCulture);
    }

    static string Real(ref Chance chance, bool single)
    {
        var bits = chance.Next();
        double value = single ? BitConverter.Int32BitsToSingle((int)bits) : BitConverter.Int64BitsToDouble((long)bits);
        return double.IsFinite(value) ? value.ToString("E17", CultureInfo.InvariantCulture) : "1.5";
    }

    static string Decimal(ref Chance chance, int precision, int scale, bool isUnsigned)
    {
        var kind = chance.Below(6);
        if (kind == 0) return "0";
        var text = new StringBuilder(!isUnsigned && chance.Percent(50) ? "-" : "");
        for (var i = 0; i < precision; i++)
        {
            if (i == precision - scale) text.Append('.');
            text.Append((char)('0' + (kind == 1 ? 9 : kind == 2 && i < precision - 1 ? 0 : chance.Below(10))));
        }
        return text.ToString();
    }

    static string Date(ref Chance chance) => chance.Below(8) switch
    {
        0 => "'0000-00-00'",
        1 => "'9999-12-31'",
        2 => "'1000-01-01'",
        3 => "'2020-00-00'",
        4 => "'2024-02-29'",
        _ => $"'{chance.Between(1000, 9999):D4}-{chance.Between(1, 12):D2}-{chance.Between(1, 28):D2}'",
    };

    static string Clock(ref Chance chance) => $"{chance.Below(24):D2}:{chance.Below(60):D2}:{chance.Below(60):D2}";
    static string Fraction(ref Chance chance, int digits) => digits == 0 || chance.Percent(10) ? "" : "." + (chance.Percent(20) ? "999999" : chance.Percent(20) ? "000001" : chance.Below(1_000_000).ToString("D6", CultureInfo.InvariantCulture))[..digits];

    static string Text(ref Chance chance, int length)
    {
        if (chance.Percent(10)) return "''";
        if (chance.Percent(15)) return $"REPEAT('{(char)('a' + chance.Below(26))}',{Near(ref chance, length)})";
        var text = new StringBuilder("'");
        for (var words = chance.Below(4); words >= 0; words--) text.Append(Some(_texts, ref chance).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal).Replace("\0", "\\0", StringComparison.Ordinal));
        return text.Append('\'').ToString();
    }

    static string Binary(ref Chance chance, int length)
    {
        if (chance.Percent(10)) return "''";
        if (chance.Percent(15)) return $"REPEAT(X'{chance.Below(256):X2}',{Near(ref chance, length)})";
        return $"X'{Convert.ToHexString(Bytes(ref chance, Math.Min(length, chance.Below(40))))}'";
    }

    // Lengths at which a prefix gets another byte.
    static int Near(ref Chance chance, int length) => Math.Min(length, chance.Below(8) switch { 0 => 255, 1 => 256, 2 => 127, 3 => 65535, 4 => 70_000, 5 => 1000, _ => length > 100_000 ? 5000 : length });

    static byte[] Bytes(ref Chance chance, int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++) bytes[i] = chance.Percent(10) ? (byte)0 : (byte)chance.Next();
        return bytes;
    }

    static string Hyphened(byte[] b) => $"'{Convert.ToHexString(b, 0, 4)}-{Convert.ToHexString(b, 4, 2)}-{Convert.ToHexString(b, 6, 2)}-{Convert.ToHexString(b, 8, 2)}-{Convert.ToHexString(b, 10, 6)}'";
}
