using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Headwater.Core.Log;

namespace Headwater.Core.Consumers;

/// <summary>A change as one JSON object on one line. What is not known or does not apply is left out.</summary>
public static class ChangeJson
{
    // It is no part of a page of HTML, and people read it.
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Of(ChangeRecord change)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options)) Write(json, change);
        return buffer.WrittenSpan.ToArray();
    }

    public static void Write(Utf8JsonWriter json, ChangeRecord change)
    {
        json.WriteStartObject();
        json.WriteString("id", change.Id);
        json.WriteString("cluster", change.Cluster);
        if (change.Gtid is { } gtid) json.WriteString("gtid", gtid.ToString());
        json.WriteNumber("index", change.Index);
        json.WriteString("position", change.Place.ToString());
        if (change.Gtid is not null) json.WriteString("time", TimeOf(change));
        json.WriteString("kind", KindOf(change.Kind));
        if (change.Schema.Length > 0) json.WriteString("schema", change.Schema);
        if (change.Table is { } table) json.WriteString("table", table);
        if (change.Row is { } row) Rows(json, row);
        else if (change.Copied is { } copied) Copied(json, copied);
        if (change.Statement is { } statement)
        {
            json.WritePropertyName("sql");
            // Sent in the client's character set; a text that cannot be read as it is told by its bytes.
            if (CharsetText.Decode(statement.Text.Span, statement.Charset ?? "utf8mb4") is { } sql) json.WriteStringValue(sql);
            else
            {
                json.WriteStartObject();
                json.WriteString("charset", statement.Charset);
                json.WriteBase64String("base64", statement.Text.Span);
                json.WriteEndObject();
            }
        }
        if (change.What is { } what) json.WriteString("what", what);
        if (change.IsFirst) json.WriteBoolean("begin", true);
        if (change.Count is { } count) Commit(json, change, count);
        json.WriteEndObject();
    }

    /// <summary>ISO 8601, UTC: whole seconds, or with the microseconds that the log has.</summary>
    public static string TimeOf(ChangeRecord change)
    {
        var time = DateTimeOffset.UnixEpoch.AddSeconds(change.Seconds);
        return change.Microseconds is { } fraction
            ? time.AddMicroseconds(fraction).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)
            : time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }

    public static string KindOf(ChangeKind kind) => kind == ChangeKind.SnapshotEnd ? "snapshot_end" : kind.ToString().ToLowerInvariant();

    static void Commit(Utf8JsonWriter json, ChangeRecord change, long count)
    {
        json.WriteStartObject("commit");
        json.WriteNumber("count", count);
        if (change.End == TransactionEnd.Rollback) json.WriteString("end", "rollback");
        if (change.End == TransactionEnd.XaPrepare) json.WriteString("end", "xa_prepare");
        if (change.Xa is { } xa) json.WriteString("xa", xa.ToString());
        json.WriteEndObject();
    }

    static void Rows(Utf8JsonWriter json, in LoggedRow row)
    {
        var (before, after) = (row.Before, row.After);
        if (row.Rows.Table.HasPrimaryKey)
        {
            // The key that the row was found by: an update may change it, which "after" shows.
            var image = row.Rows.Kind == RowKind.Insert ? after : before;
            json.WritePropertyName("key");
            Image(json, image, keyOnly: true);
        }
        if (row.Rows.Kind != RowKind.Insert)
        {
            json.WritePropertyName("before");
            Image(json, before, keyOnly: false);
        }
        if (row.Rows.Kind != RowKind.Delete)
        {
            json.WritePropertyName("after");
            Image(json, after, keyOnly: false);
        }
    }

    static void Image(Utf8JsonWriter json, in RowImage image, bool keyOnly)
    {
        json.WriteStartObject();
        foreach (var column in image.Table.Columns)
        {
            if (!image.Has(column.Ordinal) || keyOnly && !column.InPrimaryKey) continue;
            json.WritePropertyName(NameOf(column));
            ValueJson.Write(json, image[column.Ordinal]);
        }
        json.WriteEndObject();
    }

    static void Copied(Utf8JsonWriter json, CopiedRow row)
    {
        for (var keyOnly = row.Columns.Any(static column => column.InPrimaryKey); ; keyOnly = false)
        {
            json.WriteStartObject(keyOnly ? "key" : "after");
            for (var i = 0; i < row.Columns.Count; i++)
            {
                if (keyOnly && !row.Columns[i].InPrimaryKey) continue;
                json.WritePropertyName(row.Columns[i].Name);
                ValueJson.Write(json, row.Columns[i], row.Values[i]);
            }
            json.WriteEndObject();
            if (!keyOnly) return;
        }
    }

    /// <summary>A column that the log does not name is called by its place, from @1.</summary>
    static string NameOf(LoggedColumn column) => column.Name ?? string.Create(CultureInfo.InvariantCulture, $"@{column.Ordinal + 1}");
}
