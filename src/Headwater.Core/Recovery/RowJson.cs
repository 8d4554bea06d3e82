using System.Text.Json;
using System.Text.Unicode;
using Headwater.Core.Log;

namespace Headwater.Core.Recovery;

/// <summary>A row as JSON: numbers as numbers where JSON can hold them, text as text, bytes as <c>{"hex": "…"}</c>.</summary>
public static class RowJson
{
    public static void Write(Utf8JsonWriter json, in RowImage image)
    {
        json.WriteStartObject();
        foreach (var column in image.Table.Columns)
        {
            if (!image.Has(column.Ordinal)) continue;
            json.WritePropertyName(column.Name ?? $"@{column.Ordinal + 1}");
            Write(json, image[column.Ordinal]);
        }
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, in ColumnValue value)
    {
        var column = value.Column;
        if (value.IsNull)
        {
            json.WriteNullValue();
            return;
        }
        byte[]? text = null;
        // A number whose sign nobody knows, a member that nobody names: the bytes are what is known.
        if (column.Type is not (LoggedType.Geometry or LoggedType.Bit) && column.Charset != "binary" && !(column.Type == LoggedType.Integer && column.IsUnsigned is null)) text = value.ToText();
        if (text is null || !Utf8.IsValid(text))
        {
            json.WriteStartObject();
            json.WriteString("hex", Convert.ToHexString(value.Raw));
            json.WriteEndObject();
        }
        else if (column.Type is LoggedType.Integer or LoggedType.Year or LoggedType.Double && IsNumber(text)) json.WriteRawValue(text, skipInputValidation: true);
        else json.WriteStringValue(text);
    }

    static bool IsNumber(byte[] text) => text.Length > 0 && text.AsSpan().IndexOfAnyExcept("-0123456789"u8) < 0 && (text[0] != (byte)'0' || text.Length == 1);
}
