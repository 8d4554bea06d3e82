using Headwater.Wire.MySql;

namespace Headwater.Servers;

/// <summary>The rows of a result as they come, undecoded: nothing is converted, so nothing can be lost. <see cref="PayloadReader"/> takes them apart.</summary>
public sealed class RowStream
{
    internal const int ReadAhead = 256 << 10;
    readonly ServerConnection _connection;
    readonly ResultReader _reader;
    bool _more;

    internal RowStream(ServerConnection connection, ResultReader reader, bool hasRows) => (_connection, _reader, _more) = (connection, reader, hasRows);

    public int Columns => _reader.Columns.Length;

    /// <summary>The row's payload: each value with its length in front, 0xFB for NULL. Valid until the next one is asked for.</summary>
    public ReadOnlyMemory<byte> Row { get; private set; }

    /// <summary>False at the end.</summary>
    public async ValueTask<bool> NextAsync(CancellationToken ct)
    {
        if (!_more) return false;
        try
        {
            if (await _reader.RowAsync(ct) is { } row)
            {
                Row = row;
                return true;
            }
        }
        catch (Exception e) when (e is not ServerException)
        {
            throw await _connection.BrokenByAsync(e);
        }
        _more = false;
        return false;
    }

    /// <summary>All rows, each as the bytes of its values; for results that fit into memory.</summary>
    public async Task<List<byte[]?[]>> ToListAsync(CancellationToken ct)
    {
        var rows = new List<byte[]?[]>();
        while (await NextAsync(ct)) rows.Add(Values());
        return rows;
    }

    byte[]?[] Values()
    {
        var reader = new PayloadReader(Row.Span);
        var values = new byte[]?[Columns];
        for (var i = 0; i < values.Length; i++) values[i] = reader.TryNull() ? null : reader.LengthEncodedBytes().ToArray();
        return values;
    }
}
