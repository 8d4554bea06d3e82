using Headwater.Core.Log;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>The optional part of TABLE_MAP (binlog_row_metadata=MINIMAL or FULL). Source: https://mariadb.com/kb/en/table_map_event/#optional-metadata-block .</summary>
static class ColumnMetadata
{
    public static void Apply(byte kind, ReadOnlySpan<byte> content, LoggedColumn[] columns)
    {
        var reader = new PayloadReader(content);
        switch (kind)
        {
            case 1: Signs(ref reader, columns); break;
            case 2: DefaultCharset(ref reader, columns, HasCharset); break;
            case 3: Charsets(ref reader, columns, HasCharset); break;
            case 4:
                for (var i = 0; i < columns.Length; i++) columns[i] = columns[i] with { Name = reader.LengthEncodedText() };
                break;
            case 5: Members(ref reader, columns, LoggedType.Set); break;
            case 6: Members(ref reader, columns, LoggedType.Enum); break;
            case 8: Key(ref reader, columns, hasPrefixes: false); break;
            case 9: Key(ref reader, columns, hasPrefixes: true); break;
            case 10: DefaultCharset(ref reader, columns, HasMembers); break;
            case 11: Charsets(ref reader, columns, HasMembers); break;
            default: break; // kinds of geometry; what newer servers add
        }
    }

    static bool HasCharset(LoggedColumn column) => column.Type is LoggedType.Text or LoggedType.FixedText or LoggedType.Geometry;
    static bool HasMembers(LoggedColumn column) => column.Type is LoggedType.Enum or LoggedType.Set;

    static void Signs(ref PayloadReader reader, LoggedColumn[] columns)
    {
        int bit = 0, bits = 0;
        for (var i = 0; i < columns.Length; i++)
        {
            if (columns[i].Type is not (LoggedType.Integer or LoggedType.Float or LoggedType.Double or LoggedType.Decimal or LoggedType.Year)) continue;
            if (bit == 0) bits = reader.Byte();
            columns[i] = columns[i] with { IsUnsigned = (bits & 0x80 >> bit) != 0 };
            bit = (bit + 1) % 8;
        }
    }

    static void DefaultCharset(ref PayloadReader reader, LoggedColumn[] columns, Func<LoggedColumn, bool> counts)
    {
        var usual = CharsetOf(reader.LengthEncodedInteger());
        var others = new Dictionary<ulong, string?>();
        while (!reader.AtEnd) others[reader.LengthEncodedInteger()] = CharsetOf(reader.LengthEncodedInteger());
        ulong number = 0;
        for (var i = 0; i < columns.Length; i++)
            if (counts(columns[i])) columns[i] = columns[i] with { Charset = others.GetValueOrDefault(number++, usual) };
    }

    static void Charsets(ref PayloadReader reader, LoggedColumn[] columns, Func<LoggedColumn, bool> counts)
    {
        for (var i = 0; i < columns.Length; i++)
            if (counts(columns[i])) columns[i] = columns[i] with { Charset = CharsetOf(reader.LengthEncodedInteger()) };
    }

    static string? CharsetOf(ulong collation) => collation > ushort.MaxValue ? null : Collations.CharsetOf((int)collation);

    static void Members(ref PayloadReader reader, LoggedColumn[] columns, LoggedType type)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            if (columns[i].Type != type) continue;
            var count = reader.LengthEncodedInteger();
            if (count > (ulong)reader.Remaining) throw reader.Malformed($"{count} members are announced and {reader.Remaining} bytes are left");
            var members = new byte[(int)count][];
            for (var m = 0; m < members.Length; m++) members[m] = reader.LengthEncodedBytes().ToArray();
            columns[i] = columns[i] with { Members = members };
        }
    }

    static void Key(ref PayloadReader reader, LoggedColumn[] columns, bool hasPrefixes)
    {
        while (!reader.AtEnd)
        {
            var ordinal = reader.LengthEncodedInteger();
            if (ordinal >= (ulong)columns.Length) throw reader.Malformed($"the primary key has column {ordinal} of {columns.Length}");
            if (hasPrefixes) reader.LengthEncodedInteger();
            columns[(int)ordinal] = columns[(int)ordinal] with { InPrimaryKey = true };
        }
    }
}
