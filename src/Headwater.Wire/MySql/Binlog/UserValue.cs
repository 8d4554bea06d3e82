using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Headwater.Core.Log;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>The events that give the next statement its values. Sources: https://mariadb.com/kb/en/intvar_event/ , .../rand_event/ , .../user_var_event/ .</summary>
static class UserValue
{
    public static string Counter(ref PayloadReader reader)
    {
        var kind = reader.Byte();
        var value = reader.UInt64().ToString(CultureInfo.InvariantCulture);
        return kind switch
        {
            1 => "SET last_insert_id=" + value,
            2 => "SET insert_id=" + value,
            _ => throw reader.Malformed($"a counter of kind {kind} does not exist"),
        };
    }

    public static string Seeds(ref PayloadReader reader) =>
        string.Create(CultureInfo.InvariantCulture, $"SET rand_seed1={reader.UInt64()}, rand_seed2={reader.UInt64()}");

    public static string[] Variable(ref PayloadReader reader)
    {
        var name = Encoding.UTF8.GetString(reader.Bytes(Length(ref reader)));
        var value = Value(ref reader, out var text);
        var set = $"SET @`{name.Replace("`", "``", StringComparison.Ordinal)}`:={value}";
        // A cast to CHAR has the connection's collation, and only that can be named by its number. The statement's own settings come behind.
        return text is { } collation ? [string.Create(CultureInfo.InvariantCulture, $"SET collation_connection={collation}"), set] : [set];
    }

    static string Value(ref PayloadReader reader, out uint? text)
    {
        text = null;
        if (reader.Byte() != 0) return "NULL";
        var type = reader.Byte();
        var collation = reader.UInt32();
        var value = reader.Bytes(Length(ref reader));
        var isUnsigned = !reader.AtEnd && (reader.Byte() & 1) != 0;
        switch (type)
        {
            case 0:
                var charset = collation <= ushort.MaxValue ? Collations.CharsetOf((int)collation) : null;
                if (charset is null) throw reader.Malformed($"no character set has collation {collation}");
                if (charset == "binary") return $"X'{Convert.ToHexString(value)}'";
                text = collation;
                return $"CAST(_{charset} X'{Convert.ToHexString(value)}' AS CHAR)";
            case 1 when value.Length == 8:
                var number = BinaryPrimitives.ReadDoubleLittleEndian(value);
                if (!double.IsFinite(number)) throw reader.Malformed("a variable holds no number");
                var shown = number.ToString("R", CultureInfo.InvariantCulture);
                return shown.Contains('E', StringComparison.Ordinal) ? shown : shown + "E0";
            case 2 when value.Length == 8:
                var integer = BinaryPrimitives.ReadUInt64LittleEndian(value);
                return isUnsigned ? integer.ToString(CultureInfo.InvariantCulture) : ((long)integer).ToString(CultureInfo.InvariantCulture);
            case 4 when value.Length > 2:
                int precision = value[0], scale = value[1];
                if (precision is < 1 or > 65 || scale > precision || value.Length - 2 != PackedDecimal.LengthOf(precision, scale)) throw reader.Malformed("a variable holds no decimal");
                return new ColumnValue(new LoggedColumn { Ordinal = 0, Type = LoggedType.Decimal, Length = precision, Scale = scale }, value[2..].ToArray()).ToSqlLiteral();
            default: throw reader.Malformed($"a variable of type {type} has {value.Length} bytes");
        }
    }

    static int Length(ref PayloadReader reader)
    {
        var length = reader.UInt32();
        return length <= (uint)reader.Remaining ? (int)length : throw reader.Malformed($"{length} bytes are announced and {reader.Remaining} are left");
    }
}
