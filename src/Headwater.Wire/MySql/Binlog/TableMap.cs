using System.Text;
using Headwater.Core.Log;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>A TABLE_MAP event, read: the table as values, and how its rows lie.</summary>
sealed record TableMap(LoggedTable Table, ColumnLayout[] Layouts, byte[] Identity, ReadOnlyMemory<byte> Source)
{
    public bool HasCompressed { get; } = Array.Exists(Layouts, static layout => layout.IsCompressed);
}

/// <summary>
/// Reads TABLE_MAP. Source: https://mariadb.com/kb/en/table_map_event/ .
///
/// Oddities: an ENUM or SET calls itself a STRING and says so in its metadata; the high bits of a long CHAR's length stand, inverted, in its
/// type; signs are told of YEAR too, character sets of geometry, UUID and INET too. UUID and INET look like BINARY.
/// </summary>
static class TableMapReader
{
    // Beyond ColumnType: types that only logs and files have.
    const byte Timestamp2 = 17, DateTime2 = 18, Time2 = 19, BlobCompressed = 140, VarCharCompressed = 141;
    const int MostColumns = 4096;

    public static TableMap Read(ReadOnlyMemory<byte> body, TableLookup? lookup)
    {
        var reader = new PayloadReader(body.Span);
        reader.Skip(8); // the table's number and flags
        var schema = Encoding.UTF8.GetString(reader.Bytes(reader.Byte()));
        reader.Skip(1);
        var name = Encoding.UTF8.GetString(reader.Bytes(reader.Byte()));
        reader.Skip(1);
        var count = reader.LengthEncodedInteger();
        if (count > MostColumns) throw reader.Malformed($"{count} columns are more than a table can have");
        var types = reader.Bytes((int)count);
        var meta = new PayloadReader(reader.LengthEncodedBytes());
        var columns = new LoggedColumn[(int)count];
        var layouts = new ColumnLayout[columns.Length];
        for (var i = 0; i < columns.Length; i++) (columns[i], layouts[i]) = Column(i, types[i], ref meta);
        if (!meta.AtEnd) throw meta.Malformed("the columns' metadata goes on after the last column");
        var identity = body.Span[8..reader.Offset].ToArray();
        var nullable = reader.Bytes((columns.Length + 7) / 8);
        for (var i = 0; i < columns.Length; i++)
            if ((nullable[i / 8] >> i % 8 & 1) != 0) columns[i] = columns[i] with { IsNullable = true };
        while (!reader.AtEnd)
        {
            var kind = reader.Byte();
            ColumnMetadata.Apply(kind, reader.LengthEncodedBytes(), columns);
        }
        if (lookup?.Invoke(schema, name) is { } shapes && shapes.Count == columns.Length)
            for (var i = 0; i < columns.Length; i++) columns[i] = Completed(columns[i], shapes[i]);
        return new TableMap(new LoggedTable(schema, name, columns), layouts, identity, body);
    }

    static (LoggedColumn, ColumnLayout) Column(int ordinal, byte type, ref PayloadReader meta)
    {
        switch ((ColumnType)type)
        {
            case ColumnType.Tiny: return Of(ordinal, LoggedType.Integer, 1, new(1, 0));
            case ColumnType.Short: return Of(ordinal, LoggedType.Integer, 2, new(2, 0));
            case ColumnType.Int24: return Of(ordinal, LoggedType.Integer, 3, new(3, 0));
            case ColumnType.Long: return Of(ordinal, LoggedType.Integer, 4, new(4, 0));
            case ColumnType.LongLong: return Of(ordinal, LoggedType.Integer, 8, new(8, 0));
            case ColumnType.Null: return Of(ordinal, LoggedType.Null, 0, new(0, 0));
            case ColumnType.Year: return Of(ordinal, LoggedType.Year, 0, new(1, 0));
            case ColumnType.Date or ColumnType.NewDate: return Of(ordinal, LoggedType.Date, 0, new(3, 0));
            case ColumnType.Time: return Of(ordinal, LoggedType.OldTime, 0, new(3, 0));
            case ColumnType.DateTime: return Of(ordinal, LoggedType.OldDateTime, 0, new(8, 0));
            case ColumnType.Timestamp: return Of(ordinal, LoggedType.OldTimestamp, 0, new(4, 0));
            case (ColumnType)Time2: return Fraction(ordinal, LoggedType.Time, 3, ref meta);
            case (ColumnType)DateTime2: return Fraction(ordinal, LoggedType.DateTime, 5, ref meta);
            case (ColumnType)Timestamp2: return Fraction(ordinal, LoggedType.Timestamp, 4, ref meta);
            case ColumnType.Float: return Number(ordinal, LoggedType.Float, 4, ref meta);
            case ColumnType.Double: return Number(ordinal, LoggedType.Double, 8, ref meta);
            case ColumnType.NewDecimal:
                int precision = meta.Byte(), scale = meta.Byte();
                if (precision is < 1 or > 65 || scale > precision) throw meta.Malformed($"there is no DECIMAL({precision},{scale})");
                return Of(ordinal, LoggedType.Decimal, precision, new(PackedDecimal.LengthOf(precision, scale), 0), scale);
            case ColumnType.Bit:
                var bits = meta.Byte() + meta.Byte() * 8;
                if (bits is < 1 or > 64) throw meta.Malformed($"there is no BIT({bits})");
                return Of(ordinal, LoggedType.Bit, bits, new((bits + 7) / 8, 0));
            case ColumnType.Enum or ColumnType.Set or ColumnType.String: return String(ordinal, ref meta);
            case ColumnType.VarChar or ColumnType.VarString or (ColumnType)VarCharCompressed:
                int most = meta.UInt16();
                return Of(ordinal, LoggedType.Text, most, new(0, (byte)(most < 256 ? 1 : 2), type == VarCharCompressed));
            case ColumnType.TinyBlob or ColumnType.Blob or ColumnType.MediumBlob or ColumnType.LongBlob or ColumnType.Geometry or (ColumnType)BlobCompressed:
                var prefix = meta.Byte();
                if (prefix is < 1 or > 4) throw meta.Malformed($"no BLOB has a length of {prefix} bytes");
                return Of(ordinal, type == (byte)ColumnType.Geometry ? LoggedType.Geometry : LoggedType.Text, 0, new(0, prefix, type == BlobCompressed));
            default: throw meta.Malformed($"column {ordinal} has type {type}, which no MariaDB server from 10.6 on logs");
        }
    }

    static (LoggedColumn, ColumnLayout) String(int ordinal, ref PayloadReader meta)
    {
        int high = meta.Byte(), low = meta.Byte();
        var real = (ColumnType)(byte)high;
        if (real is ColumnType.Enum or ColumnType.Set)
        {
            if (low is < 1 or > 8) throw meta.Malformed($"no ENUM or SET has {low} bytes");
            return Of(ordinal, real == ColumnType.Enum ? LoggedType.Enum : LoggedType.Set, 0, new(low, 0));
        }
        var length = low | ((high & 0x30) ^ 0x30) << 4;
        if ((high | 0x30) != (int)ColumnType.String) throw meta.Malformed($"a STRING column cannot be a {high}");
        return Of(ordinal, LoggedType.FixedText, length, new(0, (byte)(length < 256 ? 1 : 2)));
    }

    static (LoggedColumn, ColumnLayout) Fraction(int ordinal, LoggedType type, int whole, ref PayloadReader meta)
    {
        int scale = meta.Byte();
        if (scale > 6) throw meta.Malformed($"seconds have no {scale} digits after the point");
        return Of(ordinal, type, 0, new(whole + (scale + 1) / 2, 0), scale);
    }

    static (LoggedColumn, ColumnLayout) Number(int ordinal, LoggedType type, int bytes, ref PayloadReader meta)
    {
        if (meta.Byte() != bytes) throw meta.Malformed($"a {type} has {bytes} bytes");
        return Of(ordinal, type, 0, new(bytes, 0));
    }

    static (LoggedColumn, ColumnLayout) Of(int ordinal, LoggedType type, int length, ColumnLayout layout, int scale = 0) =>
        (new LoggedColumn { Ordinal = ordinal, Type = type, Length = length, Scale = scale }, layout);

    static LoggedColumn Completed(LoggedColumn column, ColumnShape shape)
    {
        // A column that was renamed since is still what the log calls it.
        if (column.Name is not null && column.Name != shape.Name) return column;
        return column with
        {
            Name = shape.Name,
            IsUnsigned = column.IsUnsigned ?? shape.Type.Contains("unsigned", StringComparison.OrdinalIgnoreCase),
            Charset = column.Charset ?? (column.Type is LoggedType.Text or LoggedType.FixedText ? shape.Charset ?? "binary" : null),
            InPrimaryKey = column.InPrimaryKey || shape.InPrimaryKey,
            Declared = column.Type == LoggedType.FixedText && shape.Type is "uuid" or "inet6" or "inet4" ? shape.Type : null,
        };
    }
}
