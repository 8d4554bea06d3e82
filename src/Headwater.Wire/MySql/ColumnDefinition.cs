namespace Headwater.Wire.MySql;

/// <summary>How a column or parameter is stored. Source: https://mariadb.com/kb/en/result-set-packets/#field-types .</summary>
public enum ColumnType : byte
{
    Decimal = 0,
    Tiny = 1,
    Short = 2,
    Long = 3,
    Float = 4,
    Double = 5,
    Null = 6,
    Timestamp = 7,
    LongLong = 8,
    Int24 = 9,
    Date = 10,
    Time = 11,
    DateTime = 12,
    Year = 13,
    NewDate = 14,
    VarChar = 15,
    Bit = 16,
    Json = 245,
    NewDecimal = 246,
    Enum = 247,
    Set = 248,
    TinyBlob = 249,
    MediumBlob = 250,
    LongBlob = 251,
    Blob = 252,
    VarString = 253,
    String = 254,
    Geometry = 255,
}

[Flags]
public enum ColumnFlags : ushort
{
    None = 0,
    NotNull = 1,
    PrimaryKey = 2,
    UniqueKey = 4,
    MultipleKey = 8,
    Blob = 16,
    Unsigned = 32,
    ZeroFill = 64,
    Binary = 128,
}

/// <summary>
/// One column of a result. Source: https://mariadb.com/kb/en/result-set-packets/#column-definition-packet .
///
/// Oddity: with <see cref="Capabilities.MariaDbExtendedMetadata"/> a block of type information (JSON, inet6, a point) stands between the names
/// and the fixed part.
/// </summary>
public sealed record ColumnDefinition
{
    public string Schema { get; init; } = "";
    public string Table { get; init; } = "";
    public string OriginalTable { get; init; } = "";
    public required string Name { get; init; }
    public string OriginalName { get; init; } = "";
    public byte[] ExtendedMetadata { get; init; } = [];
    public ushort Collation { get; init; } = 45;
    public uint Length { get; init; }
    public ColumnType Type { get; init; } = ColumnType.VarString;
    public ColumnFlags Flags { get; init; }
    public byte Decimals { get; init; }

    public static ColumnDefinition Parse(ReadOnlySpan<byte> payload, Capabilities capabilities)
    {
        var reader = new PayloadReader(payload);
        reader.LengthEncodedBytes(); // the catalog, always "def"
        var schema = reader.LengthEncodedText();
        var table = reader.LengthEncodedText();
        var originalTable = reader.LengthEncodedText();
        var name = reader.LengthEncodedText();
        var originalName = reader.LengthEncodedText();
        var extended = (capabilities & Capabilities.MariaDbExtendedMetadata) != 0 ? reader.LengthEncodedBytes().ToArray() : [];
        if (reader.LengthEncodedInteger() < 12) throw reader.Malformed("the fixed part of a column has at least 12 bytes");
        return new ColumnDefinition
        {
            Schema = schema,
            Table = table,
            OriginalTable = originalTable,
            Name = name,
            OriginalName = originalName,
            ExtendedMetadata = extended,
            Collation = reader.UInt16(),
            Length = reader.UInt32(),
            Type = (ColumnType)reader.Byte(),
            Flags = (ColumnFlags)reader.UInt16(),
            Decimals = reader.Byte(),
        };
    }

    public void Write(PacketWriter writer, byte sequence, Capabilities capabilities)
    {
        writer.Begin(sequence);
        writer.LengthEncodedBytes("def"u8);
        writer.LengthEncodedText(Schema);
        writer.LengthEncodedText(Table);
        writer.LengthEncodedText(OriginalTable);
        writer.LengthEncodedText(Name);
        writer.LengthEncodedText(OriginalName);
        if ((capabilities & Capabilities.MariaDbExtendedMetadata) != 0) writer.LengthEncodedBytes(ExtendedMetadata);
        writer.LengthEncodedInteger(12);
        writer.UInt16(Collation);
        writer.UInt32(Length);
        writer.UInt8((byte)Type);
        writer.UInt16((ushort)Flags);
        writer.UInt8(Decimals);
        writer.Zeros(2);
        writer.End();
    }
}
