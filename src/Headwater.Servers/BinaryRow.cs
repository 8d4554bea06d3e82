using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Headwater.Wire.MySql;

namespace Headwater.Servers;

/// <summary>
/// Decodes a row of the binary protocol. Source: https://mariadb.com/kb/en/resultset-row/#binary-resultset-row .
///
/// Oddities: the NULL bitmap starts at bit 2. A date of zeros (<c>0000-00-00</c>) is no .NET date and comes as text; decimals come as text
/// because theirs are longer than ours.
/// </summary>
static class BinaryRow
{
    const int FirstNullBit = 2;

    public static object?[] Read(ReadOnlySpan<byte> payload, ColumnDefinition[] columns)
    {
        var reader = new PayloadReader(payload);
        reader.Skip(1);
        var nulls = reader.Bytes((columns.Length + FirstNullBit + 7) / 8);
        var row = new object?[columns.Length];
        for (var i = 0; i < row.Length; i++)
        {
            var bit = i + FirstNullBit;
            if ((nulls[bit / 8] >> (bit % 8) & 1) == 0) row[i] = ValueOf(BinaryValue.Read(ref reader, columns[i].Type), columns[i]);
        }
        return row;
    }

    static object? ValueOf(ReadOnlySpan<byte> value, ColumnDefinition column)
    {
        var unsigned = (column.Flags & ColumnFlags.Unsigned) != 0;
        return column.Type switch
        {
            ColumnType.Null => null,
            ColumnType.Tiny => unsigned ? value[0] : (long)(sbyte)value[0],
            ColumnType.Short => unsigned ? BinaryPrimitives.ReadUInt16LittleEndian(value) : (long)BinaryPrimitives.ReadInt16LittleEndian(value),
            ColumnType.Year => (long)BinaryPrimitives.ReadUInt16LittleEndian(value),
            ColumnType.Long or ColumnType.Int24 => unsigned ? BinaryPrimitives.ReadUInt32LittleEndian(value) : (long)BinaryPrimitives.ReadInt32LittleEndian(value),
            ColumnType.LongLong => unsigned ? BinaryPrimitives.ReadUInt64LittleEndian(value) : (object)BinaryPrimitives.ReadInt64LittleEndian(value),
            ColumnType.Float => BinaryPrimitives.ReadSingleLittleEndian(value),
            ColumnType.Double => BinaryPrimitives.ReadDoubleLittleEndian(value),
            ColumnType.Date or ColumnType.DateTime or ColumnType.Timestamp or ColumnType.NewDate => DateOf(value),
            ColumnType.Time => TimeOf(value),
            ColumnType.Bit or ColumnType.Geometry => value.ToArray(),
            _ when column.Collation == Collations.Binary && column.Type is not ColumnType.Decimal and not ColumnType.NewDecimal => value.ToArray(),
            _ => Encoding.UTF8.GetString(value),
        };
    }

    static object DateOf(ReadOnlySpan<byte> value)
    {
        if (value.Length < 4) return "0000-00-00";
        int year = BinaryPrimitives.ReadUInt16LittleEndian(value), month = value[2], day = value[3];
        int hour = 0, minute = 0, second = 0;
        uint microsecond = 0;
        if (value.Length >= 7) (hour, minute, second) = (value[4], value[5], value[6]);
        if (value.Length >= 11) microsecond = BinaryPrimitives.ReadUInt32LittleEndian(value[7..]);
        if (year is > 0 and < 10000 && month is > 0 and <= 12 && day > 0 && day <= DateTime.DaysInMonth(year, month) && hour < 24 && minute < 60 && second < 60 && microsecond < 1_000_000)
            return new DateTime(year, month, day, hour, minute, second).AddTicks(microsecond * 10);
        return string.Create(CultureInfo.InvariantCulture, $"{year:D4}-{month:D2}-{day:D2} {hour:D2}:{minute:D2}:{second:D2}.{microsecond:D6}");
    }

    static TimeSpan TimeOf(ReadOnlySpan<byte> value)
    {
        if (value.Length < 8) return TimeSpan.Zero;
        var days = Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(value[1..]), 1000u); // a TIME ends at 838:59:59
        var time = new TimeSpan((int)days, value[5], value[6], value[7]);
        if (value.Length >= 12) time += TimeSpan.FromMicroseconds(BinaryPrimitives.ReadUInt32LittleEndian(value[8..]));
        return value[0] == 0 ? time : -time;
    }
}
