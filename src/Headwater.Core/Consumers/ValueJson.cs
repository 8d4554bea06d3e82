using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Headwater.Core.Log;

namespace Headwater.Core.Consumers;

/// <summary>
/// One value as JSON, exactly. Integers, YEAR and BIT are numbers up to 2^53-1, beyond which a reader could take them for a neighbour: those are strings of digits.
/// FLOAT and DOUBLE are the shortest number that is read back as the same; DECIMAL is a string; dates and times are ISO 8601 strings, DATETIME without a zone,
/// TIMESTAMP in UTC with Z, TIME as the server shows it, for it goes beyond a day. Text is a string where its character set can be told, else
/// <c>{"charset": …, "base64": …}</c>; bytes are <c>{"base64": …}</c>, also GEOMETRY, and UUID and INET, which the log does not tell from BINARY.
/// The same value is written the same, whether it was logged or read from a table.
/// </summary>
static class ValueJson
{
    const ulong MostExact = (1UL << 53) - 1;

    public static void Write(Utf8JsonWriter json, in ColumnValue value)
    {
        var column = value.Column;
        if (value.IsNull || column.Type == LoggedType.Null)
        {
            json.WriteNullValue();
            return;
        }
        switch (column.Type)
        {
            case LoggedType.Integer when column.IsUnsigned is null && IsHigh(value.Raw): Bytes(json, value.Raw); break;
            case LoggedType.Integer or LoggedType.Year: Integer(json, Trimmed(value.ToText())); break;
            case LoggedType.Float: json.WriteNumberValue((double)BinaryPrimitives.ReadSingleLittleEndian(value.Raw)); break;
            case LoggedType.Double: json.WriteNumberValue(BinaryPrimitives.ReadDoubleLittleEndian(value.Raw)); break;
            case LoggedType.Bit: Bits(json, value.Raw); break;
            case LoggedType.Geometry: Bytes(json, value.Raw); break;
            case LoggedType.Decimal: json.WriteStringValue(value.ToText()); break;
            case LoggedType.Enum or LoggedType.Set when column.Members.Count == 0: Integer(json, value.ToText()); break;
            case LoggedType.Enum or LoggedType.Set or LoggedType.Text: Text(json, value.ToText(), column.Charset); break;
            case LoggedType.FixedText when column.Declared is not null: Bytes(json, value.Raw); break;
            case LoggedType.FixedText: Text(json, value.ToText(), column.Charset); break;
            case LoggedType.Date or LoggedType.Time or LoggedType.OldTime: json.WriteStringValue(value.ToText()); break;
            default: DateTime(json, value.ToText(), column.Type is LoggedType.Timestamp or LoggedType.OldTimestamp); break;
        }
    }

    /// <summary>A value that was read: see <see cref="CopiedRow"/> and <see cref="Selected"/>.</summary>
    public static void Write(Utf8JsonWriter json, ColumnShape column, byte[]? value)
    {
        if (value is null)
        {
            json.WriteNullValue();
            return;
        }
        switch (TypeOf(column))
        {
            case "tinyint" or "smallint" or "mediumint" or "int" or "bigint" or "year": Integer(json, Trimmed(value)); break;
            case "float" or "double": json.WriteNumberValue(double.Parse(value, CultureInfo.InvariantCulture)); break;
            case "bit": Bits(json, value); break;
            case "decimal": json.WriteStringValue(Trimmed(value)); break;
            case "date" or "time": json.WriteStringValue(value); break;
            case "datetime": DateTime(json, value, isUtc: false); break;
            case "timestamp": DateTime(json, value, isUtc: true); break;
            default: Text(json, value, column.Charset ?? "binary"); break;
        }
    }

    /// <summary>What is to be selected so that the column's value comes exactly: the server shows six digits of a FLOAT, and UUID and INET in letters.</summary>
    public static string Selected(ColumnShape column, string quoted) => TypeOf(column) switch
    {
        "float" => $"CAST({quoted} AS DOUBLE)",
        "uuid" or "inet6" => $"CAST({quoted} AS BINARY(16))",
        "inet4" => $"CAST({quoted} AS BINARY(4))",
        _ => quoted,
    };

    static string TypeOf(ColumnShape column) => column.Type.AsSpan().IndexOfAny('(', ' ') is var end and >= 0 ? column.Type[..end] : column.Type;

    // ZEROFILL is how it is shown, not what it is.
    static ReadOnlySpan<byte> Trimmed(ReadOnlySpan<byte> digits)
    {
        while (digits.Length > 1 && digits[0] == '0' && digits[1] != '.') digits = digits[1..];
        return digits;
    }

    static bool IsHigh(ReadOnlySpan<byte> littleEndian) => (littleEndian[^1] & 0x80) != 0;

    static void Integer(Utf8JsonWriter json, ReadOnlySpan<byte> digits)
    {
        var magnitude = digits.Length > 0 && digits[0] == '-' ? digits[1..] : digits;
        if (ulong.TryParse(magnitude, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= MostExact) json.WriteRawValue(digits, skipInputValidation: true);
        else json.WriteStringValue(digits);
    }

    static void Bits(Utf8JsonWriter json, ReadOnlySpan<byte> bigEndian)
    {
        ulong value = 0;
        foreach (var b in bigEndian) value = value << 8 | b;
        if (value <= MostExact) json.WriteNumberValue(value);
        else json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }

    static void DateTime(Utf8JsonWriter json, ReadOnlySpan<byte> shown, bool isUtc)
    {
        var text = Encoding.ASCII.GetString(shown).Replace(' ', 'T');
        json.WriteStringValue(isUtc ? text + "Z" : text);
    }

    static void Text(Utf8JsonWriter json, ReadOnlySpan<byte> bytes, string? charset)
    {
        if (charset == "binary") Bytes(json, bytes);
        else if (CharsetText.Decode(bytes, charset) is { } text) json.WriteStringValue(text);
        else Bytes(json, bytes, charset);
    }

    static void Bytes(Utf8JsonWriter json, ReadOnlySpan<byte> bytes, string? charset = null)
    {
        json.WriteStartObject();
        if (charset is not null) json.WriteString("charset", charset);
        json.WriteBase64String("base64", bytes);
        json.WriteEndObject();
    }
}
