using System.Runtime.CompilerServices;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Streams.Store;

/// <summary>A store's transactions, decoded. Large ones come in pieces, so that memory is bounded whatever a transaction's size. One owner.</summary>
public sealed class StoreReader : IDisposable
{
    const long PieceBytes = 8 << 20;
    readonly StoreCursor _cursor;
    readonly BinlogDecoder _decoder;
    readonly TransactionAssembler _assembler;

    /// <param name="store">Where they are.</param>
    /// <param name="from">What the reader has already.</param>
    /// <param name="lookup">Completes what the log does not say of columns.</param>
    /// <exception cref="BinlogException">The store cannot be read from there.</exception>
    public StoreReader(LogStore store, Position from, TableLookup? lookup = null)
    {
        _cursor = StoreCursor.Open(store, from);
        _decoder = new BinlogDecoder(lookup, hasChecksums: true);
        _assembler = new TransactionAssembler(from, "", PieceBytes);
    }

    /// <summary>Covers what was read and what it began from.</summary>
    public Position Position => _assembler.Position;

    /// <summary>How much of the store is still to be read.</summary>
    public long BytesBehind => _cursor.BytesBehind;

    /// <summary>The next transaction, or piece of one; null when the store has no more at the moment.</summary>
    /// <exception cref="BinlogException">The store cannot be read on: what was read was on a branch that is lost, or what follows was removed.</exception>
    public Transaction? TryNext()
    {
        while (_cursor.TryNext())
            if (Take() is { } transaction) return transaction;
        return null;
    }

    /// <summary>The next one, once it is there.</summary>
    public async ValueTask<Transaction> NextAsync(CancellationToken ct)
    {
        while (true)
        {
            if (TryNext() is { } transaction) return transaction;
            await _cursor.MovedAsync(ct);
        }
    }

    /// <summary>Ends when the store has more than this reader has seen.</summary>
    public Task MovedAsync(CancellationToken ct) => _cursor.MovedAsync(ct);

    /// <summary>All that come, for ever.</summary>
    public async IAsyncEnumerable<Transaction> FollowAsync([EnumeratorCancellation] CancellationToken ct)
    {
        while (true) yield return await NextAsync(ct);
    }

    /// <summary>All that are there.</summary>
    public IEnumerable<Transaction> ToEnd()
    {
        while (TryNext() is { } transaction) yield return transaction;
    }

    Transaction? Take()
    {
        if (_assembler.Passes(_cursor.Header)) return null;
        // The cursor's buffer is used again: what an event holds on to is copied.
        var bytes = _cursor.Header.KeepsBytes ? _cursor.Event.ToArray() : _cursor.Event;
        try
        {
            return _assembler.Add(_decoder.Decode(bytes), _cursor.Offset);
        }
        catch (MalformedPacketException e)
        {
            throw new BinlogException(BinlogTrouble.Damaged, $"The store cannot be read on after {_assembler.Position} in {_cursor.Segment}: {e.Message}", e);
        }
    }

    public void Dispose() => _cursor.Dispose();
}
