using System.Buffers;
using System.Text;
using System.Text.Json;
using Headwater.Core.Log;

namespace Headwater.Core.Consumers;

/// <summary>A change for people, and as a statement that makes it elsewhere.</summary>
public static class ChangeText
{
    /// <summary>One line: when, where, what.</summary>
    public static string Line(ChangeRecord change)
    {
        var text = new StringBuilder();
        if (change.Gtid is { } gtid) text.Append(ChangeJson.TimeOf(change)).Append("  ").Append(gtid);
        else text.Append("at ").Append(change.Place);
        text.Append("  ").Append(ChangeJson.KindOf(change.Kind));
        if (change.Table is { } table) text.Append(' ').Append(change.Schema).Append('.').Append(table);
        if (change.Row is { } row)
        {
            if (row.Rows.Kind != RowKind.Insert) text.Append("  ").Append(Image(row.Before));
            if (row.Rows.Kind == RowKind.Update) text.Append(" →");
            if (row.Rows.Kind != RowKind.Delete) text.Append(row.Rows.Kind == RowKind.Update ? " " : "  ").Append(Image(row.After));
        }
        else if (change.Copied is { } copied) text.Append("  ").Append(Copied(copied));
        if (change.Statement is { } statement) text.Append("  ").Append(Encoding.UTF8.GetString(statement.Text.Span).ReplaceLineEndings(" "));
        if (change.What is { } what) text.Append("  ").Append(what);
        if (change.Count is { } count) text.Append(change.Gtid is null ? "  rows: " : change.End == TransactionEnd.Rollback ? "  rollback " : "  commit ").Append(count);
        return text.ToString();
    }

    /// <summary>Statements on lines of their own; a transaction's first begins it, its last commits it and tells the position in a comment.</summary>
    public static string Sql(ChangeRecord change)
    {
        var sql = new StringBuilder();
        // What commits by itself is in no transaction.
        var standsAlone = change is { Count: not null, End: TransactionEnd.Standalone };
        // A statement before it may have left other settings.
        if (change.IsFirst && change.Statement is null) sql.Append(RowSql.Session).Append(";\n");
        if (change.IsFirst && change.Gtid is not null && !standsAlone) sql.Append("BEGIN;\n");
        if (change.Row is { } row)
        {
            if (row.Rows.Table.HasNames) sql.Append(RowSql.Of(row)).Append(";\n");
            else sql.Append("-- ").Append(Line(change)).Append(" (the log does not name the columns: binlog_row_metadata=FULL)\n");
        }
        else if (change.Copied is { } copied) CopiedSql.Append(sql, change, copied);
        if (change.Statement is { } statement)
        {
            foreach (var setting in statement.Settings) sql.Append(setting).Append(";\n");
            if (change.Schema.Length > 0)
            {
                sql.Append("USE ");
                RowSql.Name(sql, change.Schema);
                sql.Append(";\n");
            }
            sql.Append(Encoding.UTF8.GetString(statement.Text.Span)).Append(";\n");
            if (change.Count is null) sql.Append(RowSql.Session).Append(";\n");
        }
        if (change.What is { } what) sql.Append("-- ").Append(what).Append('\n');
        if (change.Gtid is not null && change.Count is not null) sql.Append(standsAlone ? "-- " : change.End == TransactionEnd.Rollback ? "ROLLBACK; -- " : "COMMIT; -- ").Append(change.Place).Append('\n');
        if (change.Kind == ChangeKind.SnapshotEnd) sql.Append("-- the copy is complete at ").Append(change.Place).Append('\n');
        return sql.ToString().TrimEnd('\n');
    }

    static string Image(RowImage image) => Json(json =>
    {
        foreach (var column in image.Table.Columns)
        {
            if (!image.Has(column.Ordinal)) continue;
            json.WritePropertyName(column.Name ?? $"@{column.Ordinal + 1}");
            ValueJson.Write(json, image[column.Ordinal]);
        }
    });

    static string Copied(CopiedRow row) => Json(json =>
    {
        for (var i = 0; i < row.Columns.Count; i++)
        {
            json.WritePropertyName(row.Columns[i].Name);
            ValueJson.Write(json, row.Columns[i], row.Values[i]);
        }
    });

    static string Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ChangeJson.Options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
