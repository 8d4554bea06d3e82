namespace Headwater.Wire.MySql;

/// <summary>
/// How long values are in the binary protocol. Source: https://mariadb.com/kb/en/resultset-row/#binary-resultset-row .
/// </summary>
public static class BinaryValue
{
    /// <summary>Consumes one value that is not NULL and returns its bytes, without the length in front where it has one.</summary>
    public static ReadOnlySpan<byte> Read(ref PayloadReader reader, ColumnType type)
    {
        switch (type)
        {
            case ColumnType.Null: return default;
            case ColumnType.Tiny: return reader.Bytes(1);
            case ColumnType.Short or ColumnType.Year: return reader.Bytes(2);
            case ColumnType.Long or ColumnType.Int24 or ColumnType.Float: return reader.Bytes(4);
            case ColumnType.LongLong or ColumnType.Double: return reader.Bytes(8);
            case ColumnType.Date or ColumnType.DateTime or ColumnType.Timestamp or ColumnType.NewDate:
                return Timed(ref reader, 0, 4, 7, 11);
            case ColumnType.Time: return Timed(ref reader, 0, 8, 8, 12);
            default: return reader.LengthEncodedBytes();
        }
    }

    static ReadOnlySpan<byte> Timed(ref PayloadReader reader, int none, int first, int second, int third)
    {
        var length = reader.Byte();
        if (length != none && length != first && length != second && length != third) throw reader.Malformed($"no date or time has {length} bytes");
        return reader.Bytes(length);
    }
}
