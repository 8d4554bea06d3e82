using System.Buffers.Binary;

namespace Headwater.Wire.MySql;

/// <summary>Finds one integer among the values of a COM_STMT_EXECUTE. Source: https://mariadb.com/kb/en/com_stmt_execute/ .</summary>
public static class BoundInteger
{
    const byte Unsigned = 0x80;

    /// <param name="types">Two bytes a parameter, as they were bound.</param>
    /// <param name="nulls">The bitmap of parameters that are NULL.</param>
    /// <param name="values">Behind the types.</param>
    /// <param name="index">Which parameter, from 0.</param>
    /// <param name="value">64 bits in two's complement; of an unsigned one above <see cref="long.MaxValue"/> the negative number of the same bits.</param>
    /// <returns>False when it is NULL, or not bound as an integer.</returns>
    public static bool TryRead(ReadOnlySpan<byte> types, ReadOnlySpan<byte> nulls, ReadOnlySpan<byte> values, int index, out long value)
    {
        value = 0;
        if (index < 0 || types.Length < 2 * (index + 1) || nulls.Length * 8 <= index) return false;
        for (var i = 0; ; i++)
        {
            var isNull = (nulls[i / 8] >> i % 8 & 1) != 0;
            var type = (ColumnType)types[2 * i];
            if (i == index) return !isNull && TryInteger(type, (types[2 * i + 1] & Unsigned) != 0, values, out value);
            if (isNull) continue;
            if (LengthOf(type, values) is not { } length || length > values.Length) return false;
            values = values[length..];
        }
    }

    static bool TryInteger(ColumnType type, bool isUnsigned, ReadOnlySpan<byte> bytes, out long value)
    {
        value = 0;
        var length = IntegerLength(type);
        if (length == 0 || bytes.Length < length) return false;
        value = length switch
        {
            1 => isUnsigned ? bytes[0] : (sbyte)bytes[0],
            2 => isUnsigned ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadInt16LittleEndian(bytes),
            4 => isUnsigned ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadInt32LittleEndian(bytes),
            _ => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        };
        return true;
    }

    static int IntegerLength(ColumnType type) => type switch
    {
        ColumnType.Tiny => 1,
        ColumnType.Short or ColumnType.Year => 2,
        ColumnType.Long or ColumnType.Int24 => 4,
        ColumnType.LongLong => 8,
        _ => 0,
    };

    static int? LengthOf(ColumnType type, ReadOnlySpan<byte> bytes)
    {
        if (IntegerLength(type) is > 0 and var integer) return integer;
        switch (type)
        {
            case ColumnType.Null: return 0;
            case ColumnType.Float: return 4;
            case ColumnType.Double: return 8;
            case ColumnType.Date or ColumnType.DateTime or ColumnType.Timestamp or ColumnType.Time: return bytes.IsEmpty ? null : 1 + bytes[0];
        }
        if (bytes.IsEmpty) return null;
        return bytes[0] switch
        {
            < 0xFB => 1 + bytes[0],
            0xFC when bytes.Length >= 3 => 3 + BinaryPrimitives.ReadUInt16LittleEndian(bytes[1..]),
            0xFD when bytes.Length >= 4 => 4 + (bytes[1] | bytes[2] << 8 | bytes[3] << 16),
            _ => null,
        };
    }
}
