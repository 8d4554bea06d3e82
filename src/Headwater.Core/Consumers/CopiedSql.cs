using System.Text;
using Headwater.Core.Log;

namespace Headwater.Core.Consumers;

/// <summary>A row that was read from a table, as the statement that puts it into a copy.</summary>
static class CopiedSql
{
    public static void Append(StringBuilder sql, ChangeRecord change, CopiedRow row)
    {
        sql.Append("REPLACE INTO ");
        RowSql.Name(sql, change.Schema);
        sql.Append('.');
        RowSql.Name(sql, change.Table!);
        sql.Append(" (");
        for (var i = 0; i < row.Columns.Count; i++)
        {
            if (i > 0) sql.Append(", ");
            RowSql.Name(sql, row.Columns[i].Name);
        }
        sql.Append(") VALUES (");
        for (var i = 0; i < row.Columns.Count; i++)
        {
            if (i > 0) sql.Append(", ");
            Value(sql, row.Columns[i], row.Values[i]);
        }
        sql.Append(");\n");
    }

    // In hex a value passes through anything, and with its character set's name it means the same everywhere.
    static void Value(StringBuilder sql, ColumnShape column, byte[]? value)
    {
        if (value is null) sql.Append("NULL");
        else if (column.Type.StartsWith("bit", StringComparison.Ordinal)) sql.Append("X'").Append(Convert.ToHexString(value)).Append('\'');
        else if (column.Charset is null && value.Length > 0 && value.AsSpan().IndexOfAnyExcept("0123456789.-+e: "u8) < 0) sql.Append('\'').Append(Encoding.ASCII.GetString(value)).Append('\'');
        else if (column.Charset is "utf8mb4" or "utf8mb3" or "ascii" && value.AsSpan().IndexOfAny((byte)'\'', (byte)'\\') < 0 && !value.AsSpan().ContainsAnyInRange((byte)0, (byte)31)) sql.Append('\'').Append(Encoding.UTF8.GetString(value)).Append('\'');
        else
        {
            if (column.Charset is not null) sql.Append('_').Append(column.Charset).Append(' ');
            sql.Append("X'").Append(Convert.ToHexString(value)).Append('\'');
        }
    }
}
