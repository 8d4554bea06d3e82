using System.Globalization;
using Headwater.Wire.MySql;

namespace Headwater.Servers;

/// <summary>The rows of a prepared statement, as the .NET values of their types; NULL is null.</summary>
public sealed class StatementResult
{
    public IReadOnlyList<string> Columns { get; init; } = [];
    public IReadOnlyList<object?[]> Rows { get; init; } = [];
    public ulong AffectedRows { get; init; }
    public ulong LastInsertId { get; init; }
    public ServerStatus Status { get; init; }
    public string? LastGtid { get; init; }
    public object? Scalar => Rows.Count > 0 && Rows[0].Length > 0 ? Rows[0][0] : null;
}

/// <summary>A statement that a server has prepared for its connection. Source: https://mariadb.com/kb/en/com_stmt_execute/ .</summary>
public sealed class Statement : IAsyncDisposable
{
    readonly ServerConnection _connection;
    readonly PrepareOk _prepared;

    internal Statement(ServerConnection connection, PrepareOk prepared)
    {
        _connection = connection;
        _prepared = prepared;
    }

    public int Parameters => _prepared.Parameters;

    /// <summary>Takes null, bool, integers, floating point and decimal numbers, text, bytes, dates and times.</summary>
    public async Task<StatementResult> ExecuteAsync(object?[] parameters, CancellationToken ct)
    {
        if (parameters.Length != Parameters) throw new ArgumentException($"The statement has {Parameters} parameters, not {parameters.Length}.", nameof(parameters));
        var writer = new PacketWriter();
        WriteExecute(writer, parameters);
        var reader = await _connection.StartBinaryAsync(writer, ct);
        return await _connection.GuardAsync(async () =>
        {
            var result = await BufferAsync(reader, ct);
            while (reader.Outcome.MoreResults) await BufferAsync(reader, ct);
            return result;
        });
    }

    static async Task<StatementResult> BufferAsync(ResultReader reader, CancellationToken ct)
    {
        var rows = new List<object?[]>();
        if (await reader.StartAsync(ct))
            while (await reader.RowAsync(ct) is { } row) rows.Add(BinaryRow.Read(row.Span, reader.Columns));
        return new StatementResult
        {
            Columns = [.. reader.Columns.Select(static column => column.Name)],
            Rows = rows,
            AffectedRows = reader.Outcome.AffectedRows,
            LastInsertId = reader.Outcome.LastInsertId,
            Status = reader.Outcome.Status,
            LastGtid = reader.Outcome.LastGtid,
        };
    }

    void WriteExecute(PacketWriter writer, object?[] parameters)
    {
        writer.Begin(0);
        writer.UInt8((byte)Command.StmtExecute);
        writer.UInt32(_prepared.StatementId);
        writer.UInt8(0);
        writer.UInt32(1);
        if (parameters.Length > 0)
        {
            var nulls = new byte[(parameters.Length + 7) / 8];
            for (var i = 0; i < parameters.Length; i++)
                if (parameters[i] is null) nulls[i / 8] |= (byte)(1 << i % 8);
            writer.Bytes(nulls);
            writer.UInt8(1);
            foreach (var value in parameters) writer.UInt16(TypeOf(value));
            foreach (var value in parameters) WriteValue(writer, value);
        }
        writer.End();
    }

    static ushort TypeOf(object? value) => value switch
    {
        null => (ushort)ColumnType.Null,
        ulong => (ushort)ColumnType.LongLong | 0x8000,
        bool or sbyte or byte or short or ushort or int or uint or long => (ushort)ColumnType.LongLong,
        float or double => (ushort)ColumnType.Double,
        byte[] => (ushort)ColumnType.Blob,
        _ => (ushort)ColumnType.String,
    };

    static void WriteValue(PacketWriter writer, object? value)
    {
        switch (value)
        {
            case null: break;
            case ulong number: writer.UInt64(number); break;
            case bool or sbyte or byte or short or ushort or int or uint or long:
                writer.UInt64((ulong)Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case float or double:
                writer.UInt64(BitConverter.DoubleToUInt64Bits(Convert.ToDouble(value, CultureInfo.InvariantCulture)));
                break;
            case byte[] bytes: writer.LengthEncodedBytes(bytes); break;
            case DateTime time: writer.LengthEncodedText(time.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)); break;
            default: writer.LengthEncodedText(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""); break;
        }
    }

    /// <summary>COM_STMT_CLOSE, which no server answers.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_connection.IsOpen) return;
        var writer = new PacketWriter(16);
        writer.Begin(0);
        writer.UInt8((byte)Command.StmtClose);
        writer.UInt32(_prepared.StatementId);
        writer.End();
        await _connection.SendOnlyAsync(writer, CancellationToken.None);
    }
}
