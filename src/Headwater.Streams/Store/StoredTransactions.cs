using System.Runtime.CompilerServices;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Streams.Store;

/// <summary>A store's transactions, decoded. Large ones come in pieces, so that memory is bounded whatever a transaction's size.</summary>
public static class StoredTransactions
{
    const long PieceBytes = 8 << 20;

    /// <summary>The transactions behind <paramref name="from"/>, then those that come, for ever.</summary>
    /// <param name="store">Where they are.</param>
    /// <param name="from">What the reader has already.</param>
    /// <param name="lookup">Completes what the log does not say of columns.</param>
    /// <param name="caughtUp">Called when the store has nothing more at the moment.</param>
    /// <exception cref="BinlogException">The store cannot be read from there, or not on.</exception>
    public static async IAsyncEnumerable<Transaction> ReadAsync(LogStore store, Position from, TableLookup? lookup, Action? caughtUp, [EnumeratorCancellation] CancellationToken ct)
    {
        using var cursor = StoreCursor.Open(store, from);
        var decoder = new BinlogDecoder(lookup, hasChecksums: true);
        var assembler = new TransactionAssembler(from, "", PieceBytes);
        while (true)
        {
            if (!cursor.TryNext())
            {
                caughtUp?.Invoke();
                await cursor.NextAsync(ct);
            }
            ct.ThrowIfCancellationRequested();
            if (Take(cursor, decoder, assembler) is { } transaction) yield return transaction;
        }
    }

    /// <summary>Those behind <paramref name="from"/> that the store has now.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public static IEnumerable<Transaction> Read(LogStore store, Position from, TableLookup? lookup)
    {
        using var cursor = StoreCursor.Open(store, from);
        var decoder = new BinlogDecoder(lookup, hasChecksums: true);
        var assembler = new TransactionAssembler(from, "", PieceBytes);
        while (cursor.TryNext())
            if (Take(cursor, decoder, assembler) is { } transaction) yield return transaction;
    }

    static Transaction? Take(StoreCursor cursor, BinlogDecoder decoder, TransactionAssembler assembler)
    {
        if (assembler.Passes(cursor.Header)) return null;
        // The cursor's buffer is used again: what an event holds on to is copied.
        var bytes = cursor.Header.KeepsBytes ? cursor.Event.ToArray() : cursor.Event;
        try
        {
            return assembler.Add(decoder.Decode(bytes), cursor.Offset);
        }
        catch (MalformedPacketException e)
        {
            throw new BinlogException(BinlogTrouble.Damaged, $"The store cannot be read on after {assembler.Position} in {cursor.Segment}: {e.Message}", e);
        }
    }
}
