using System.Globalization;
using System.Text;

namespace Headwater.IntegrationTests.Servers;

/// <summary>A table with a column of every type, and rows that hold the extremes of each.</summary>
static class EveryType
{
    static readonly (string Type, string[] Values)[] Columns =
    [
        .. Integers("tinyint", "-128", "127", "255"), .. Integers("smallint", "-32768", "32767", "65535"), .. Integers("mediumint", "-8388608", "8388607", "16777215"),
        .. Integers("int", "-2147483648", "2147483647", "4294967295"), .. Integers("bigint", "-9223372036854775808", "9223372036854775807", "18446744073709551615"),
        ("float", ["0", "-3.4028234e38", "3.4028234e38", "1.17549e-38", "0.1", "-1.5", "16777217", "1e15"]),
        ("float unsigned", ["0", "0.3", "123456.789"]),
        ("double", ["0", "-1.7976931348623157e308", "2.2250738585072014e-308", "0.1", "-0.30000000000000004", "1e15", "1e-15", "123456789012345678"]),
        ("double(10,3)", ["0", "-1234567.891", "1234567.891"]),
        ("decimal(10,0)", ["0", "-9999999999", "9999999999", "1"]),
        ("decimal(65,30)", ["0", "-99999999999999999999999999999999999.999999999999999999999999999999", "99999999999999999999999999999999999.999999999999999999999999999999", "0.000000000000000000000000000001", "-0.5"]),
        ("decimal(5,5)", ["0", "-0.99999", "0.00001"]),
        ("decimal(38,38)", ["0", "0.12345678901234567890123456789012345678"]),
        ("decimal(9,2) unsigned", ["0", "9999999.99", "1.05"]),
        ("bit(1)", ["0", "1"]), ("bit(9)", ["0", "511", "256"]), ("bit(64)", ["0", "18446744073709551615", "9223372036854775808"]),
        ("enum('a','b''c','')", ["'a'", "'b''c'", "''", "0"]),
        ("enum('ä','€') character set latin1", ["'ä'", "'€'"]),
        ("set('x','y','z')", ["''", "'x,z'", "'x,y,z'"]),
        ("set('0','1','2','3','4','5','6','7','8','9','a','b','c','d','e','f','g')", ["''", "'g'", "'0,8,g'"]),
        ("year", ["1901", "2155", "0", "2026"]),
        ("date", ["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-02-29'", "'2020-00-00'"]),
        .. new[] { 0, 1, 2, 3, 4, 5, 6 }.SelectMany(static scale => Times(scale)),
        ("char(5) character set utf8mb4", ["''", "'ab'", "'ab  '", "'äöü€𝄞'"]),
        ("char(255) character set utf8mb4", ["''", "repeat('€',255)", "'x'"]),
        ("char(10) character set latin1", ["''", "'ä'", "'\\\\ \\''"]),
        ("char(10) character set ucs2", ["''", "'aä€'"]),
        ("binary(8)", ["''", "'ab'", "x'0000000000000000'", "x'61000062'", "x'ffffffffffffffff'"]),
        ("binary(255)", ["''", "repeat('z',255)"]),
        ("varchar(10) character set utf8mb4", ["''", "'it''s'", "'a\\\\b'", "'a\\nb'", "'trail  '", "'𝄞'"]),
        ("varchar(255) character set ascii", ["''", "repeat('x',255)"]),
        ("varchar(256) character set ascii", ["''", "repeat('x',256)"]),
        ("varchar(3000) character set cp1251", ["''", "repeat('Ж',3000)"]),
        ("varchar(100) character set gbk", ["''", "'中文'"]),
        ("varchar(100) character set sjis", ["''", "'表'"]),
        ("varchar(100) character set utf16", ["''", "'a𝄞'"]),
        ("varbinary(255)", ["''", "x'00'", "x'6100'"]), ("varbinary(300)", ["''", "repeat(x'ff',300)"]),
        ("tinytext", ["''", "repeat('t',255)"]), ("text", ["''", "repeat('ü',1000)"]), ("mediumtext", ["''", "repeat('m',70000)"]), ("longtext", ["''", "'l'"]),
        ("tinyblob", ["''", "x'00ff'"]), ("blob", ["''", "repeat(x'fe',65535)"]), ("mediumblob", ["''", "repeat(x'01',100000)"]), ("longblob", ["''", "x'27'"]),
        ("json", ["'{}'", "'[1, \"ä\"]'", "'null'"]),
        ("varchar(254) compressed", ["''", "'short'", "repeat('c',254)"]), ("varchar(255) compressed", ["''", "repeat('c',255)"]),
        ("varbinary(2000) compressed", ["''", "repeat('bc',1000)"]), ("text compressed character set latin1", ["''", "repeat('ä',5000)"]), ("longblob compressed", ["''", "repeat(x'00',200000)"]),
        ("geometry", ["null", "st_geomfromtext('POINT(1 2)', 4326)", "st_geomfromtext('LINESTRING(0 0,1 1)')", "st_geomfromtext('GEOMETRYCOLLECTION(POINT(1 1))')"]),
        ("uuid", ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'12345678-1234-1234-9234-123456789a00'", "'01234567-89ab-7def-8123-456789abcdef'", "'12345678-1234-4234-9234-123456789012'"]),
        ("inet6", ["'::'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'", "'2001:db8::'", "'::ffff:1.2.3.4'"]),
        ("inet4", ["'0.0.0.0'", "'255.255.255.255'", "'10.0.0.0'"]),
    ];

    const int Rows = 10;

    /// <summary>Several tables, as one cannot have rows that long.</summary>
    public static IEnumerable<string> Create(string prefix)
    {
        for (var table = 0; table < Tables; table++)
            yield return $"CREATE TABLE {prefix}{table} (id int unsigned primary key auto_increment, {string.Join(", ", Of(table).Select(static (column, i) => $"c{i} {column.Type} null"))}) charset utf8mb4";
    }

    public const int Tables = 4;

    public static IEnumerable<string> Inserts(string prefix)
    {
        for (var table = 0; table < Tables; table++)
            for (var row = 0; row < Rows; row++)
                yield return $"INSERT INTO {prefix}{table} VALUES ({row + 1}, {string.Join(", ", Of(table).Select(column => row < column.Values.Length ? column.Values[row] : "NULL"))})";
    }

    static IEnumerable<(string Type, string[] Values)> Of(int table) => Columns.Where((_, i) => i % Tables == table);

    static IEnumerable<(string, string[])> Integers(string type, string least, string most, string unsigned) =>
        [(type, [least, most, "0", "-1"]), (type + " unsigned", ["0", unsigned, "1"])];

    static IEnumerable<(string, string[])> Times(int scale)
    {
        var fraction = scale == 0 ? "" : "." + "999999"[..scale];
        var least = scale == 0 ? "" : "." + "000001"[^scale..];
        var precision = scale == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"({scale})");
        return
        [
            ($"time{precision}", ["'00:00:00'", $"'-838:59:59{fraction}'", $"'838:59:59{fraction}'", $"'-00:00:00{least}'", $"'-00:00:01{fraction}'", "'12:34:56'", $"'-01:00:00{least}'"]),
            ($"datetime{precision}", ["'0000-00-00 00:00:00'", $"'9999-12-31 23:59:59{fraction}'", $"'1000-01-01 00:00:00{least}'", "'2024-02-29 12:34:56'"]),
            ($"timestamp{precision}", ["'0000-00-00 00:00:00'", $"'1970-01-01 00:00:01{least}'", $"'2038-01-19 03:14:07{fraction}'", "'2026-10-25 01:30:00'"]),
        ];
    }

    /// <summary>The bytes as they are shown in a failed comparison.</summary>
    public static string Hex(byte[]? bytes) => bytes is null ? "NULL" : Convert.ToHexString(bytes) + " " + Encoding.Latin1.GetString(bytes);
}
