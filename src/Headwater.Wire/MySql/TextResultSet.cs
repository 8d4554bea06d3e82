using System.Text;

namespace Headwater.Wire.MySql;

/// <summary>
/// A result of text columns that the gateway makes itself. Source: https://mariadb.com/kb/en/result-set-packets/ .
///
/// Oddity: with <see cref="Capabilities.MariaDbCacheMetadata"/> a byte after the column count says whether columns follow; they always do here.
/// </summary>
public static class TextResultSet
{
    public static void Write(PacketWriter writer, ref byte sequence, Capabilities client, IReadOnlyList<string> columns,
        IEnumerable<string?[]> rows, ServerStatus status) =>
        Write(writer, ref sequence, client, [.. columns.Select(static name => new ColumnDefinition { Name = name, Length = 1024 * 4, Decimals = 39 })], rows, status);

    public static void Write(PacketWriter writer, ref byte sequence, Capabilities client, IReadOnlyList<ColumnDefinition> columns,
        IEnumerable<string?[]> rows, ServerStatus status)
    {
        writer.Begin(sequence);
        writer.LengthEncodedInteger((ulong)columns.Count);
        if ((client & Capabilities.MariaDbCacheMetadata) != 0) writer.UInt8(1);
        writer.End();
        foreach (var column in columns) column.Write(writer, writer.NextSequence, client);
        var deprecated = (client & Capabilities.DeprecateEof) != 0;
        if (!deprecated) EofPacket.Write(writer, writer.NextSequence, status);
        foreach (var row in rows)
        {
            if (row.Length != columns.Count) throw new ArgumentException("A row has as many values as there are columns.", nameof(rows));
            writer.Begin(writer.NextSequence);
            foreach (var value in row)
            {
                if (value is null) writer.Null();
                else writer.LengthEncodedText(value);
            }
            writer.End();
        }
        if (deprecated) OkPacket.Write(writer, writer.NextSequence, client, status, endOfRows: true);
        else EofPacket.Write(writer, writer.NextSequence, status);
        sequence = writer.NextSequence;
    }

    /// <summary>Reads one row's values as text; NULL stays null.</summary>
    public static string?[] ReadRow(ReadOnlySpan<byte> payload, int columns)
    {
        var reader = new PayloadReader(payload);
        var row = new string?[columns];
        for (var i = 0; i < columns; i++)
            row[i] = reader.TryNull() ? null : Encoding.UTF8.GetString(reader.LengthEncodedBytes());
        if (!reader.AtEnd) throw reader.Malformed("a row goes on after its last column");
        return row;
    }
}
