using System.Text;
using System.Text.Json;
using Headwater.Core.Log;
using Headwater.Core.Recovery;

namespace Headwater.Control.Recovery;

/// <summary>
/// A tail as files that a person can read and a program can use: SQL that does all of it again, and the same with both images as JSON. On the disk
/// before anything is done to any server.
/// </summary>
sealed class TailFiles : IAsyncDisposable
{
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    const int Buffer = 1 << 20;
    readonly FileStream _sqlFile, _jsonFile;
    readonly StreamWriter _sql;
    readonly Utf8JsonWriter _json;
    bool _isClosed;

    TailFiles(string name)
    {
        (SqlName, JsonName) = (name + ".sql", name + ".json");
        _sqlFile = Create(SqlName + ".new");
        _jsonFile = Create(JsonName + ".new");
        _sql = new StreamWriter(_sqlFile, new UTF8Encoding(false), Buffer);
        _json = new Utf8JsonWriter(_jsonFile, new JsonWriterOptions { Indented = false });
        _json.WriteStartArray();
    }

    public string SqlName { get; }
    public string JsonName { get; }
    public long Bytes => _sqlFile.Length + _jsonFile.Length;

    /// <summary>Replaces what an earlier run has written of the same tail: the log still has all of it.</summary>
    public static TailFiles Begin(string name, string about)
    {
        var files = new TailFiles(name);
        files._sql.Write($"-- {about}\n-- Read before running: where a row has changed since, a statement changes another row than it did, or none.\n{RowSql.Session};\n");
        return files;
    }

    public async Task AddAsync(Transaction transaction, TailLabel label, string? obstacle, CancellationToken ct)
    {
        _sql.Write($"\n-- {transaction.Gtid}, {Words.Of(label)}, at {DateTimeOffset.FromUnixTimeSeconds(transaction.Seconds):yyyy-MM-dd HH:mm:ss} UTC by its server's clock, checksum {transaction.Checksum:x16}\n");
        if (obstacle is not null) _sql.Write($"-- not to be replayed as it is: {OneLine(obstacle)}\n");
        _sql.Write("START TRANSACTION;\n");
        _json.WriteStartObject();
        _json.WriteString("gtid", transaction.Gtid.ToString());
        _json.WriteString("label", Words.Of(label));
        _json.WriteString("checksum", $"{transaction.Checksum:x16}");
        _json.WriteNumber("seconds", transaction.Seconds);
        if (obstacle is not null) _json.WriteString("obstacle", obstacle);
        _json.WriteStartArray("changes");
        foreach (var change in transaction.Changes)
        {
            switch (change)
            {
                case LoggedRows rows:
                    for (var i = 0; i < rows.Count; i++) await AddAsync(rows[i], ct);
                    break;
                case LoggedStatement statement:
                    foreach (var setting in statement.Settings) _sql.Write(OneLine(setting) + ";\n");
                    if (statement.Schema.Length > 0) _sql.Write($"USE `{statement.Schema.Replace("`", "``", StringComparison.Ordinal)}`;\n");
                    _sql.Write(statement + ";\n");
                    _json.WriteStartObject();
                    _json.WriteString("statement", statement.ToString());
                    _json.WriteString("schema", statement.Schema);
                    _json.WriteString("hex", Convert.ToHexString(statement.Text.Span));
                    _json.WriteEndObject();
                    break;
                case LoggedOther other:
                    _sql.Write($"-- {OneLine(other.What)}: only the JSON beside this file has it\n");
                    _json.WriteStartObject();
                    _json.WriteString("other", other.What);
                    _json.WriteString("hex", Convert.ToHexString(other.Body.Span));
                    _json.WriteEndObject();
                    break;
            }
            await SpillAsync(ct);
        }
        _json.WriteEndArray();
        _json.WriteEndObject();
        _sql.Write("COMMIT;\n");
        await SpillAsync(ct);
    }

    async ValueTask AddAsync(LoggedRow row, CancellationToken ct)
    {
        var table = row.Rows.Table;
        try
        {
            _sql.Write(RowSql.Of(row) + ";\n");
        }
        catch (InvalidOperationException e)
        {
            _sql.Write($"-- {row.Rows.Kind} in {table}: {OneLine(e.Message)}; the JSON beside this file has its values\n");
        }
        _json.WriteStartObject();
        _json.WriteString("table", table.ToString());
        _json.WriteString("kind", row.Rows.Kind.ToString().ToLowerInvariant());
        if (row.Rows.Kind != RowKind.Insert)
        {
            _json.WritePropertyName("before");
            RowJson.Write(_json, row.Before);
        }
        if (row.Rows.Kind != RowKind.Delete)
        {
            _json.WritePropertyName("after");
            RowJson.Write(_json, row.After);
        }
        _json.WriteEndObject();
        await SpillAsync(ct);
    }

    async ValueTask SpillAsync(CancellationToken ct)
    {
        if (_json.BytesPending > Buffer) await _json.FlushAsync(ct);
    }

    /// <summary>On the disk when it returns.</summary>
    public async Task FinishAsync(CancellationToken ct)
    {
        _json.WriteEndArray();
        await _json.FlushAsync(ct);
        await _sql.FlushAsync(ct);
        _jsonFile.Flush(flushToDisk: true);
        _sqlFile.Flush(flushToDisk: true);
        _isClosed = true;
    }

    /// <summary>What stands in it is users' data.</summary>
    public static FileStream Create(string name) => new(name, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = OwnerOnly });

    static string OneLine(string text) => text.ReplaceLineEndings(" ");

    public async ValueTask DisposeAsync()
    {
        // Without its end, JSON is none: a cut-off file keeps its other name.
        if (_isClosed) await _json.DisposeAsync();
        else _json.Reset();
        await _sql.DisposeAsync();
        await _jsonFile.DisposeAsync();
        if (!_isClosed) return;
        File.Move(SqlName + ".new", SqlName, overwrite: true);
        File.Move(JsonName + ".new", JsonName, overwrite: true);
    }
}

static class Words
{
    public static string Of(TailLabel label) => label switch
    {
        TailLabel.Acknowledged => "acknowledged",
        TailLabel.Unknown => "unknown",
        _ => "never acknowledged",
    };
}
