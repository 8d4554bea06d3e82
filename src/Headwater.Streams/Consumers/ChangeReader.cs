using Headwater.Core.Consumers;
using Headwater.Core.Log;
using Headwater.Streams.Store;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Streams.Consumers;

/// <summary>A store's changes for one consumer, from where it stands on, at its own pace: what it has not asked for yet lies on the disk. One owner.</summary>
public sealed class ChangeReader : IDisposable
{
    readonly StoreReader _reader;
    readonly ChangeUnfold _unfold;
    readonly FeedPlace _from;
    IEnumerator<ChangeRecord>? _ready;

    /// <exception cref="BinlogException">The store cannot be read from there.</exception>
    public ChangeReader(LogStore store, string cluster, TablePatterns tables, FeedPlace from)
    {
        _reader = new StoreReader(store, from.Before);
        _unfold = new ChangeUnfold(cluster, tables, from);
        _from = from;
    }

    /// <summary>What the consumer has, with all that it did not want; not within a transaction.</summary>
    public FeedPlace Place => _unfold.Place;

    /// <summary>How much of the store is still to be read.</summary>
    public long BytesBehind => _reader.BytesBehind;

    /// <summary>The next change; null when the store has no more at the moment.</summary>
    /// <exception cref="BinlogException">The store cannot be read on.</exception>
    public ChangeRecord? TryNext()
    {
        while (true)
        {
            if (_ready is not null)
            {
                if (_ready.MoveNext()) return _ready.Current;
                _ready = null;
            }
            if (_reader.TryNext() is not { } piece) return null;
            Check(piece);
            _ready = _unfold.Take(piece).GetEnumerator();
        }
    }

    /// <summary>Ends when the store has more than this reader has seen.</summary>
    public Task MovedAsync(CancellationToken ct) => _reader.MovedAsync(ct);

    // Who has a part of a transaction goes on with that one, and no other that stands where it stood.
    void Check(Transaction piece)
    {
        if (_from.Open is { } open && open != piece.Gtid && open.Domain == piece.Gtid.Domain && open.Sequence <= piece.Gtid.Sequence && !_unfold.Place.Before.Covers(new(open)))
            throw new BinlogException(BinlogTrouble.Diverged, $"The store has {piece.Gtid} where the rest of {open} was asked for: the two have different histories.");
    }

    public void Dispose() => _reader.Dispose();
}
