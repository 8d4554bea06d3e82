using System.Globalization;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Reader;

/// <summary>Every column type of MariaDB 10.11, in the sizes where its storage changes.</summary>
static class TypeCatalogue
{
    public static readonly IReadOnlyList<string> Types =
    [
        .. Signed("tinyint"), .. Signed("smallint"), .. Signed("mediumint"), .. Signed("int"), .. Signed("bigint"), "int(5) zerofill", "boolean",
        "float", "float unsigned", "double", "double(10,3)", "double unsigned",
        .. new[] { (1, 0), (9, 0), (10, 0), (18, 9), (19, 10), (5, 5), (38, 38), (65, 0), (65, 30), (65, 38), (4, 1), (28, 27) }.Select(static d => string.Create(CultureInfo.InvariantCulture, $"decimal({d.Item1},{d.Item2})")), "decimal(9,2) unsigned",
        .. new[] { 1, 7, 8, 9, 16, 17, 31, 32, 33, 48, 63, 64 }.Select(static bits => string.Create(CultureInfo.InvariantCulture, $"bit({bits})")),
        "enum('a','b''c','')", "enum('ä','ö') character set latin1", Members("enum", 300), "set('x','y','z')", Members("set", 9), Members("set", 17), Members("set", 33), Members("set", 64),
        "year", "date", .. Timed("time"), .. Timed("datetime"), .. Timed("timestamp"),
        "char(0)", "char(5)", "char(63) character set utf8mb4", "char(64) character set utf8mb4", "char(255) character set utf8mb4", "char(255) character set utf8mb3", "char(255) character set latin1", "char(10) character set ucs2",
        "binary(1)", "binary(16)", "binary(255)",
        "varchar(10)", "varchar(63) character set utf8mb4", "varchar(64) character set utf8mb4", "varchar(255) character set ascii", "varchar(256) character set ascii", "varchar(1000) character set cp1251",
        .. "latin1 latin2 utf8mb3 ucs2 utf16 utf16le utf32 koi8r greek hebrew tis620 gbk gb2312 big5 sjis cp932 ujis euckr macroman".Split(' ').Select(static charset => $"varchar(50) character set {charset}"),
        "varchar(50) character set utf8mb4 collate utf8mb4_bin", "varbinary(255)", "varbinary(256)", "varbinary(3000)",
        "tinytext", "text", "mediumtext", "longtext", "text character set latin1", "tinyblob", "blob", "mediumblob", "longblob", "json",
        "varchar(254) compressed", "varchar(255) compressed", "varbinary(2000) compressed", "tinytext compressed", "text compressed character set latin1", "mediumtext compressed", "blob compressed", "longblob compressed",
        "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection",
        "uuid", "inet6", "inet4",
    ];

    public static string Any(ref Chance chance) => Types[chance.Below(Types.Count)];

    static string[] Signed(string type) => [type, type + " unsigned"];
    static IEnumerable<string> Timed(string type) => Enumerable.Range(0, 7).Select(fraction => fraction == 0 ? type : string.Create(CultureInfo.InvariantCulture, $"{type}({fraction})"));
    static string Members(string type, int count) => $"{type}({string.Join(',', Enumerable.Range(0, count).Select(static i => string.Create(CultureInfo.InvariantCulture, $"'m{i}'")))})";
}
