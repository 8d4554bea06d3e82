using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Headwater.Wire.MySql;

/// <summary>
/// Names and values that a client sends along with a statement, where <see cref="Capabilities.QueryAttributes"/> is agreed on.
/// Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query.html and …/page_protocol_com_stmt_execute.html .
/// </summary>
public static class QueryAttributes
{
    const int MaxCount = 1024;
    const byte ParameterCountAvailable = 8;

    /// <summary>
    /// Splits a COM_QUERY payload (command byte included) into its SQL and its attributes; values are given as text.
    /// Without the capability all that follows the command is SQL.
    /// </summary>
    public static ReadOnlySpan<byte> SqlOf(ReadOnlySpan<byte> payload, Capabilities capabilities, out IReadOnlyList<KeyValuePair<string, string?>> attributes)
    {
        attributes = [];
        var reader = new PayloadReader(payload);
        if (reader.Byte() != (byte)Command.Query) throw MalformedPacketException.In("this is no COM_QUERY", payload, 0);
        if ((capabilities & Capabilities.QueryAttributes) == 0) return reader.Rest();
        var count = Count(ref reader);
        if (reader.LengthEncodedInteger() != 1) throw reader.Malformed("query attributes come in exactly one set");
        if (count > 0) attributes = Read(ref reader, count);
        return reader.Rest();
    }

    /// <summary>Writes COM_QUERY, with the attributes (as text values) where the peer takes them.</summary>
    public static void WriteQuery(PacketWriter writer, Capabilities capabilities, ReadOnlySpan<byte> sql, IReadOnlyList<KeyValuePair<string, string?>>? attributes = null)
    {
        writer.Begin(0);
        writer.UInt8((byte)Command.Query);
        if ((capabilities & Capabilities.QueryAttributes) != 0)
        {
            var count = attributes?.Count ?? 0;
            writer.LengthEncodedInteger((ulong)count);
            writer.LengthEncodedInteger(1);
            if (count > 0) Write(writer, attributes!);
        }
        writer.Bytes(sql);
        writer.End();
    }

    /// <summary>
    /// Rewrites a COM_STMT_EXECUTE of a client that sends attributes into one for a server that knows none, under
    /// <paramref name="statementId"/>. Attributes stand after the statement's own parameters and are dropped, as their names are.
    /// </summary>
    public static void WriteExecuteWithout(PacketWriter writer, ReadOnlySpan<byte> payload, uint statementId, int parameters)
    {
        var reader = new PayloadReader(payload);
        if (reader.Byte() != (byte)Command.StmtExecute) throw MalformedPacketException.In("this is no COM_STMT_EXECUTE", payload, 0);
        reader.Skip(4);
        var flags = reader.Byte();
        var iterations = reader.UInt32();
        var sent = parameters;
        if ((flags & ParameterCountAvailable) != 0) sent = Count(ref reader);
        if (sent < parameters) throw reader.Malformed($"{sent} parameters are sent and the statement has {parameters}");
        writer.Begin(0);
        writer.UInt8((byte)Command.StmtExecute);
        writer.UInt32(statementId);
        writer.UInt8((byte)(flags & ~ParameterCountAvailable));
        writer.UInt32(iterations);
        if (sent > 0) CopyParameters(writer, ref reader, sent, parameters);
        writer.End();
    }

    static void CopyParameters(PacketWriter writer, ref PayloadReader reader, int sent, int kept)
    {
        var nulls = reader.Bytes((sent + 7) / 8);
        var typed = reader.Byte() != 0;
        if (!typed)
        {
            // Types of an earlier execution hold: what follows are the statement's own values, because attributes always bring types.
            if (sent != kept) throw reader.Malformed("attributes without their types");
            if (kept == 0) return;
            writer.Bytes(nulls);
            writer.UInt8(0);
            writer.Bytes(reader.Rest());
            return;
        }
        var types = new ushort[sent];
        for (var i = 0; i < sent; i++)
        {
            types[i] = reader.UInt16();
            reader.LengthEncodedBytes();
        }
        if (kept == 0) return;
        var keptNulls = nulls[..((kept + 7) / 8)].ToArray();
        if (kept % 8 != 0) keptNulls[^1] &= (byte)((1 << kept % 8) - 1);
        writer.Bytes(keptNulls);
        writer.UInt8(1);
        for (var i = 0; i < kept; i++) writer.UInt16(types[i]);
        var values = reader;
        var all = reader.Rest();
        if (sent == kept)
        {
            writer.Bytes(all); // long data sent before leaves values out, so only a length that need not be known is safe to copy
            return;
        }
        var start = values.Offset;
        for (var i = 0; i < kept; i++)
            if ((nulls[i / 8] >> (i % 8) & 1) == 0) BinaryValue.Read(ref values, (ColumnType)(byte)types[i]);
        writer.Bytes(all[..(values.Offset - start)]);
    }

    static int Count(ref PayloadReader reader)
    {
        var count = reader.LengthEncodedInteger();
        return count <= MaxCount * 64 ? (int)count : throw reader.Malformed($"{count} parameters are more than a statement can have");
    }

    static List<KeyValuePair<string, string?>> Read(ref PayloadReader reader, int count)
    {
        if (count > MaxCount) throw reader.Malformed($"more than {MaxCount} query attributes");
        var nulls = reader.Bytes((count + 7) / 8);
        if (reader.Byte() != 1) throw reader.Malformed("query attributes without their types");
        var types = new ushort[count];
        var names = new string[count];
        for (var i = 0; i < count; i++)
        {
            types[i] = reader.UInt16();
            names[i] = reader.LengthEncodedText();
        }
        var attributes = new List<KeyValuePair<string, string?>>(count);
        for (var i = 0; i < count; i++)
        {
            var isNull = (nulls[i / 8] >> (i % 8) & 1) != 0;
            attributes.Add(new(names[i], isNull ? null : TextOf(BinaryValue.Read(ref reader, (ColumnType)(byte)types[i]), types[i])));
        }
        return attributes;
    }

    static string? TextOf(ReadOnlySpan<byte> value, ushort type)
    {
        var unsigned = (type & 0x8000) != 0;
        return (ColumnType)(byte)type switch
        {
            ColumnType.Null => null,
            ColumnType.Tiny => (unsigned ? value[0] : (int)(sbyte)value[0]).ToString(CultureInfo.InvariantCulture),
            ColumnType.Short or ColumnType.Year => (unsigned ? BinaryPrimitives.ReadUInt16LittleEndian(value) : (int)BinaryPrimitives.ReadInt16LittleEndian(value)).ToString(CultureInfo.InvariantCulture),
            ColumnType.Long or ColumnType.Int24 => (unsigned ? BinaryPrimitives.ReadUInt32LittleEndian(value) : (long)BinaryPrimitives.ReadInt32LittleEndian(value)).ToString(CultureInfo.InvariantCulture),
            ColumnType.LongLong => unsigned ? BinaryPrimitives.ReadUInt64LittleEndian(value).ToString(CultureInfo.InvariantCulture) : BinaryPrimitives.ReadInt64LittleEndian(value).ToString(CultureInfo.InvariantCulture),
            ColumnType.Float => BinaryPrimitives.ReadSingleLittleEndian(value).ToString(CultureInfo.InvariantCulture),
            ColumnType.Double => BinaryPrimitives.ReadDoubleLittleEndian(value).ToString(CultureInfo.InvariantCulture),
            ColumnType.Date or ColumnType.DateTime or ColumnType.Timestamp or ColumnType.NewDate or ColumnType.Time => Convert.ToHexString(value),
            _ => Encoding.UTF8.GetString(value),
        };
    }

    static void Write(PacketWriter writer, IReadOnlyList<KeyValuePair<string, string?>> attributes)
    {
        var nulls = new byte[(attributes.Count + 7) / 8];
        for (var i = 0; i < attributes.Count; i++)
            if (attributes[i].Value is null) nulls[i / 8] |= (byte)(1 << i % 8);
        writer.Bytes(nulls);
        writer.UInt8(1);
        foreach (var (name, value) in attributes)
        {
            writer.UInt16((ushort)(value is null ? ColumnType.Null : ColumnType.String));
            writer.LengthEncodedText(name);
        }
        foreach (var (_, value) in attributes)
            if (value is not null) writer.LengthEncodedText(value);
    }
}
