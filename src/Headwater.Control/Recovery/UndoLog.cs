using System.Buffers.Binary;
using System.Text;
using Headwater.Core.Log;
using Headwater.Core.Recovery;

namespace Headwater.Control.Recovery;

/// <summary>
/// What takes a tail back, on the disk: written forwards in blocks while the tail is read once, and read backwards block by block. So neither a long
/// tail nor a large transaction is ever in memory. The same tail gives the same blocks, by which a rewind that was cut short goes on.
/// </summary>
sealed class UndoLog(string path) : IDisposable
{
    const int BlockBytes = 256 << 10, MostStatements = 1000;
    readonly FileStream _file = new(path, new FileStreamOptions
    {
        Mode = FileMode.Create,
        Access = FileAccess.ReadWrite,
        BufferSize = 1 << 20,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        Options = FileOptions.DeleteOnClose,
    });
    readonly List<(long Offset, long RowsBefore)> _blocks = [];
    readonly List<(string Sql, ulong Changes)> _open = [];
    readonly StringBuilder _sql = new();
    readonly byte[] _head = new byte[12];
    long _openBytes;

    public int Blocks => _blocks.Count;
    public long Rows { get; private set; }

    /// <summary>How many rows are in the blocks from this one on: those are taken back first.</summary>
    public long RowsBehind(int block) => block < _blocks.Count ? Rows - _blocks[block].RowsBefore : 0;

    public void Add(in LoggedRow row, TableFacts facts)
    {
        _sql.Clear();
        RecoverySql.Undo(_sql, row, facts);
        _open.Add((_sql.ToString(), RecoverySql.Changes(row, facts)));
        _openBytes += _sql.Length;
        if (_openBytes >= BlockBytes || _open.Count >= MostStatements) Close();
    }

    public void Finish() => Close();

    void Close()
    {
        if (_open.Count == 0) return;
        _blocks.Add((_file.Position, Rows));
        Rows += _open.Count;
        BinaryPrimitives.WriteInt32LittleEndian(_head, _open.Count);
        _file.Write(_head, 0, 4);
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            var bytes = Encoding.UTF8.GetBytes(_open[i].Sql);
            BinaryPrimitives.WriteInt32LittleEndian(_head, bytes.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(_head.AsSpan(4), _open[i].Changes);
            _file.Write(_head);
            _file.Write(bytes);
        }
        _open.Clear();
        _openBytes = 0;
    }

    /// <summary>The statements of a block in the order in which they are to be run; the last block is the first to be undone.</summary>
    public List<(string Sql, ulong Changes)> Read(int block)
    {
        _file.Position = _blocks[block].Offset;
        _file.ReadExactly(_head, 0, 4);
        var statements = new List<(string, ulong)>(BinaryPrimitives.ReadInt32LittleEndian(_head));
        for (var left = statements.Capacity; left > 0; left--)
        {
            _file.ReadExactly(_head);
            var bytes = new byte[BinaryPrimitives.ReadInt32LittleEndian(_head)];
            _file.ReadExactly(bytes);
            statements.Add((Encoding.UTF8.GetString(bytes), BinaryPrimitives.ReadUInt64LittleEndian(_head.AsSpan(4))));
        }
        return statements;
    }

    public void Dispose() => _file.Dispose();
}
