using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Headwater.Core.Log;

/// <summary>One value of a row, as the bytes that were logged and the column that says how to read them. Exact: nothing is converted until it is written out.</summary>
public readonly struct ColumnValue : IEquatable<ColumnValue>
{
    readonly ReadOnlyMemory<byte> _raw;

    /// <summary>NULL.</summary>
    public ColumnValue(LoggedColumn column)
    {
        Column = column;
        IsNull = true;
    }

    public ColumnValue(LoggedColumn column, ReadOnlyMemory<byte> raw)
    {
        Column = column;
        _raw = raw;
    }

    public LoggedColumn Column { get; }
    public bool IsNull { get; }

    /// <summary>The bytes as logged, without a length in front: see <see cref="LoggedType"/>. Empty for NULL.</summary>
    public ReadOnlySpan<byte> Raw => _raw.Span;

    /// <summary>The bits of an integer, extended to 64 by its sign where it has one; an unsigned one above <see cref="long.MaxValue"/> is the negative number of the same bits.</summary>
    internal long ToInt64(bool isUnsigned)
    {
        ulong value = 0;
        for (var i = Raw.Length - 1; i >= 0; i--) value = value << 8 | Raw[i];
        var unused = 64 - 8 * Raw.Length;
        return isUnsigned || unused is 0 or 64 ? (long)value : (long)(value << unused) >> unused;
    }

    /// <summary>
    /// The value as a literal that gives exactly this value when it is stored in the column or compared with it, on a connection that has run
    /// <see cref="RowSql.Session"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The log does not say whether a number has a sign, nor does the caller.</exception>
    public string ToSqlLiteral()
    {
        var sql = new StringBuilder();
        AppendSqlLiteral(sql);
        return sql.ToString();
    }

    /// <inheritdoc cref="ToSqlLiteral"/>
    public void AppendSqlLiteral(StringBuilder sql)
    {
        if (IsNull || Column.Type == LoggedType.Null)
        {
            sql.Append("NULL");
            return;
        }
        switch (Column.Type)
        {
            case LoggedType.Integer: AppendInteger(sql); break;
            // Every float is a double, whose shortest form is read back as the same double; FLOAT's own six digits are not.
            case LoggedType.Float: FloatText.AppendExact(sql, BinaryPrimitives.ReadSingleLittleEndian(Raw)); break;
            case LoggedType.Double: FloatText.AppendExact(sql, BinaryPrimitives.ReadDoubleLittleEndian(Raw)); break;
            case LoggedType.Decimal: PackedDecimal.Append(sql, Raw, Column.Length, Column.Scale); break;
            case LoggedType.Enum or LoggedType.Set: sql.Append(LittleEndian(Raw)); break;
            case LoggedType.Year: sql.Append(Raw[0] == 0 ? 0 : 1900 + Raw[0]); break;
            case LoggedType.Bit:
                sql.Append("b'");
                var bits = BigEndian(Raw);
                for (var i = Math.Min(Column.Length, 64) - 1; i >= 0; i--) sql.Append((bits >> i & 1) == 0 ? '0' : '1');
                sql.Append('\'');
                break;
            case LoggedType.FixedText or LoggedType.Text: AppendTextLiteral(sql); break;
            case LoggedType.Geometry: AppendHex(sql, Raw); break;
            default:
                sql.Append('\'');
                LoggedTime.Append(sql, Column.Type, Raw, Column.Scale);
                sql.Append('\'');
                break;
        }
    }

    /// <summary>
    /// The bytes that a SELECT of the text protocol gives, with time zone +00:00 and in the column's own character set; null for NULL.
    /// A FLOAT has six digits there, as the server shows it; members of ENUM and SET need <see cref="LoggedColumn.Members"/>, else they are numbers.
    /// </summary>
    /// <exception cref="InvalidOperationException">As for <see cref="ToSqlLiteral"/>.</exception>
    public byte[]? ToText()
    {
        if (IsNull || Column.Type == LoggedType.Null) return null;
        switch (Column.Type)
        {
            case LoggedType.FixedText or LoggedType.Text when Column.Declared is null: return Padded();
            case LoggedType.Geometry or LoggedType.Bit: return Raw.ToArray();
            case LoggedType.Enum when Column.Members.Count > 0:
                var number = LittleEndian(Raw);
                return number == 0 ? [] : number <= (ulong)Column.Members.Count ? Column.Members[(int)number - 1] : throw new InvalidOperationException($"{Column.Name} has no member {number}.");
            case LoggedType.Set when Column.Members.Count > 0: return SetText();
        }
        var text = new StringBuilder();
        switch (Column.Type)
        {
            case LoggedType.Integer: AppendInteger(text); break;
            case LoggedType.Float: FloatText.AppendShown(text, BinaryPrimitives.ReadSingleLittleEndian(Raw), 6); break;
            case LoggedType.Double: FloatText.AppendShown(text, BinaryPrimitives.ReadDoubleLittleEndian(Raw), 17); break;
            case LoggedType.Decimal: PackedDecimal.Append(text, Raw, Column.Length, Column.Scale); break;
            case LoggedType.Enum or LoggedType.Set: text.Append(LittleEndian(Raw)); break;
            case LoggedType.Year: text.Append(CultureInfo.InvariantCulture, $"{(Raw[0] == 0 ? 0 : 1900 + Raw[0]):D4}"); break;
            case LoggedType.FixedText or LoggedType.Text: AddressText.Append(text, Column.Declared!, Padded()); break;
            default: LoggedTime.Append(text, Column.Type, Raw, Column.Scale); break;
        }
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>Equal bytes of equally read columns; NULL equals NULL. Nothing like a collation has a part in it.</summary>
    public bool Equals(ColumnValue other) =>
        IsNull == other.IsNull && (IsNull || Column.Type == other.Column.Type && Column.Scale == other.Column.Scale && Padded().AsSpan().SequenceEqual(other.Padded()));

    public override bool Equals(object? obj) => obj is ColumnValue other && Equals(other);
    public override int GetHashCode() => IsNull ? 0 : Raw.Length == 0 ? 1 : HashCode.Combine(Raw[0], Raw[^1]);
    public static bool operator ==(ColumnValue left, ColumnValue right) => left.Equals(right);
    public static bool operator !=(ColumnValue left, ColumnValue right) => !left.Equals(right);

    // The zeros at the end of a BINARY(n) are not logged; the spaces at the end of a CHAR(n) are not shown either.
    byte[] Padded()
    {
        if (Column.Type != LoggedType.FixedText || Column.Charset != "binary" || Raw.Length >= Column.Length) return Raw.ToArray();
        var padded = new byte[Column.Length];
        Raw.CopyTo(padded);
        return padded;
    }

    void AppendInteger(StringBuilder text)
    {
        var value = LittleEndian(Raw);
        var unused = 64 - 8 * Raw.Length;
        var isHigh = (value << unused & 1UL << 63) != 0;
        if (!isHigh || Column.IsUnsigned == true) text.Append(value);
        else if (Column.IsUnsigned == false) text.Append((long)(value << unused) >> unused);
        else throw new InvalidOperationException($"The log does not say whether column {Column.Name ?? Column.Ordinal.ToString(CultureInfo.InvariantCulture)} is unsigned (binlog_row_metadata=NO_LOG), and its value depends on it.");
    }

    void AppendTextLiteral(StringBuilder sql)
    {
        var bytes = Padded();
        // What a person can read stays readable. Hex goes into any column byte by byte, and with its character set's name it also compares as text.
        if (Column.Charset is "utf8mb4" or "utf8mb3" or "utf8" or "ascii" && IsPlain(bytes))
        {
            sql.Append('\'').Append(Encoding.UTF8.GetString(bytes).Replace("'", "''", StringComparison.Ordinal)).Append('\'');
            return;
        }
        if (Column.Charset is not null and not "binary") sql.Append('_').Append(Column.Charset).Append(' ');
        AppendHex(sql, bytes);
    }

    // A backslash means something or nothing by sql_mode; a control character may be lost on its way through a terminal.
    static bool IsPlain(ReadOnlySpan<byte> bytes) =>
        Utf8.IsValid(bytes) && !bytes.Contains((byte)'\\') && !bytes.ContainsAnyInRange((byte)0, (byte)31) && !bytes.Contains((byte)127);

    static void AppendHex(StringBuilder sql, ReadOnlySpan<byte> bytes) => sql.Append("X'").Append(Convert.ToHexString(bytes)).Append('\'');

    byte[] SetText()
    {
        var bits = LittleEndian(Raw);
        var text = new List<byte>();
        for (var i = 0; i < Column.Members.Count && i < 64; i++)
        {
            if ((bits >> i & 1) == 0) continue;
            if (text.Count > 0) text.Add((byte)',');
            text.AddRange(Column.Members[i]);
        }
        return [.. text];
    }

    static ulong LittleEndian(ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (var i = bytes.Length - 1; i >= 0; i--) value = value << 8 | bytes[i];
        return value;
    }

    static ulong BigEndian(ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        foreach (var b in bytes) value = value << 8 | b;
        return value;
    }
}
