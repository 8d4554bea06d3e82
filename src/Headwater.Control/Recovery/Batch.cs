using System.Text;
using Headwater.Servers;

namespace Headwater.Control.Recovery;

/// <summary>Statements that go to a server in few packets, each with the number of rows that it has to change.</summary>
sealed class Batch
{
    const int PacketBytes = 1 << 20;
    readonly StringBuilder _sql = new();
    readonly List<ulong> _changes = [];

    public int Length => _sql.Length;
    public bool IsFull => _sql.Length >= PacketBytes;

    public void Add(string sql, ulong changes)
    {
        if (_sql.Length > 0) _sql.Append(";\n");
        _sql.Append(sql);
        _changes.Add(changes);
    }

    /// <summary>False when a statement changed another number of rows than it has to; the rest has run all the same, so the transaction is to be rolled back.</summary>
    public async Task<bool> RunAsync(ServerConnection connection, CancellationToken ct)
    {
        if (_changes.Count == 0) return true;
        var results = await connection.QueryMultiAsync(_sql.ToString(), ct);
        var right = results.Count == _changes.Count;
        for (var i = 0; right && i < results.Count; i++) right = results[i].AffectedRows == _changes[i];
        _sql.Clear();
        _changes.Clear();
        return right;
    }

    public void Clear()
    {
        _sql.Clear();
        _changes.Clear();
    }
}
