using Headwater.Core.Positions;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Streams.Store;

/// <summary>
/// Reads a store's events from a position on, and waits at its end for more. Begins behind the first transaction that the position does not cover; those
/// after it that are covered (of another domain) come too, for the reader to pass over. One owner.
/// </summary>
public sealed class StoreCursor : IDisposable
{
    readonly LogStore _store;
    readonly int _branch;
    SegmentFile? _file;
    Segment? _segment;
    StoreEnd _end;
    Position _from;

    StoreCursor(LogStore store, StoreEnd end)
    {
        _store = store;
        _end = end;
        _branch = end.Branch;
    }

    /// <summary>The event in hand, valid until the next one is asked for.</summary>
    public ReadOnlyMemory<byte> Event => _file!.Event;
    public EventHeader Header => _file!.Header;

    /// <summary>The first byte behind the event in hand.</summary>
    public long Offset => _file!.Offset;

    /// <summary>The name of the segment that the event in hand is in.</summary>
    public string Segment => _segment!.Name;
    public string SegmentPath => _segment!.Path;

    /// <summary>Where it stands in its segment; 0 before it has one.</summary>
    public long Begun => _file?.Offset ?? 0;

    /// <exception cref="BinlogException">The store begins behind the position (<see cref="BinlogTrouble.Purged"/>), ends before it (<see cref="BinlogTrouble.Behind"/>), or has another history.</exception>
    public static StoreCursor Open(LogStore store, Position from)
    {
        var cursor = new StoreCursor(store, store.End);
        try
        {
            cursor.Seek(from);
            return cursor;
        }
        catch
        {
            cursor.Dispose();
            throw;
        }
    }

    void Seek(Position from)
    {
        var segments = _store.Segments;
        if (segments.IsEmpty)
        {
            if (!_end.Position.Covers(from)) throw new BinlogException(BinlogTrouble.Behind, $"The store is empty and {from} was asked for.");
            if (!from.Covers(_end.Position)) throw BeginsBehind(_end.Position, from);
            _from = from;
            return;
        }
        var at = segments.Length - 1;
        while (at >= 0 && !from.Covers(segments[at].Before)) at--;
        if (at < 0) throw BeginsBehind(segments[0].Before, from);
        if (from.Diverged(segments[at].Before)) throw new BinlogException(BinlogTrouble.Diverged, $"The store holds {segments[at].Before} where {from} was asked for: the two have different histories.");
        // Of a domain that nobody has written in here there is nothing to lack, as a server says too.
        for (var i = 0; i < from.DomainCount; i++)
            if (_end.Position.SequenceOf(from[i].Domain) is > 0 and var last && last < from[i].Sequence) throw new BinlogException(BinlogTrouble.Behind, $"The store ends at {_end.Position}, before {from}.");
        GoTo(segments[at]);
        SkipCovered(from);
    }

    static BinlogException BeginsBehind(Position begin, Position from) =>
        new(BinlogTrouble.Purged, $"The store begins behind {begin}, and {(from.IsEmpty ? "its beginning" : from.ToString())} was asked for: what lies between is not in it.");

    void SkipCovered(Position from)
    {
        var bounds = new TransactionBounds();
        while (true)
        {
            var begin = _file!.Offset;
            if (!Step()) return;
            if (bounds.Add(_file.Header, _file.Event.Span[..^EventStamp.ChecksumBytes]) != EventPlace.Begins) continue;
            var gtid = bounds.Gtid;
            if (from.SequenceOf(gtid.Domain) == gtid.Sequence && from.Diverged(new Position(gtid)))
                throw new BinlogException(BinlogTrouble.Diverged, $"The store has {gtid} where {from} was asked for: the two have different histories.");
            if (from.SequenceOf(gtid.Domain) >= gtid.Sequence) continue;
            _file.GoTo(begin);
            return;
        }
    }

    void GoTo(Segment segment)
    {
        _file?.Dispose();
        _segment = segment;
        _file = new SegmentFile(segment.Path);
    }

    /// <summary>Goes to the next event, where there is one by now.</summary>
    /// <exception cref="BinlogException">Transactions that were read, or were to be read, have been cut off: they were on a lost branch.</exception>
    public bool TryNext()
    {
        var hasNext = Step();
        var end = _store.End;
        // Asked for after the bytes were read: a cut is announced before the file changes.
        if (end.Branch != _branch) throw new BinlogException(BinlogTrouble.Diverged, $"The store was cut back to {end.Position}: the transactions behind it were lost with their primary.");
        if (hasNext || ReferenceEquals(end, _end)) return hasNext;
        _end = end;
        return TryNext();
    }

    /// <summary>Ends when the store has more than this cursor has seen.</summary>
    public Task MovedAsync(CancellationToken ct) => _store.MovedAsync(_end, ct);

    bool Step()
    {
        if (_file is null)
        {
            if (_store.Segments is not [var first, ..]) return false;
            // It began later than was known when this cursor was opened.
            if (!_from.IsEmpty && !_from.Covers(first.Before)) throw BeginsBehind(first.Before, _from);
            GoTo(first);
        }
        while (true)
        {
            if (_segment!.Number == _end.Segment) return _file!.Next(_end.Offset);
            if (_segment.Number > _end.Segment) return false;
            // It was written when it was begun with, and is complete by now.
            if (_segment.Length is null) _segment = Numbered(_segment.Number);
            // Or is not any more: it was cut, and whoever asked will find that out.
            if (_segment.Length is not { } length) return false;
            if (_file!.Next(length)) return true;
            GoTo(Numbered(_segment.Number + 1));
        }
    }

    /// <summary>Bytes of the store behind the event in hand.</summary>
    public long BytesBehind
    {
        get
        {
            var end = _store.End;
            var at = _segment?.Number ?? 0;
            if (at == end.Segment) return Math.Max(0, end.Offset - (_file?.Offset ?? 0));
            return end.Offset - (_file?.Offset ?? 0) + _store.Segments.Where(one => one.Number >= at && one.Number < end.Segment).Sum(static one => one.Length ?? 0);
        }
    }

    Segment Numbered(int number) => _store.Segments.FirstOrDefault(one => one.Number == number)
        ?? throw new BinlogException(BinlogTrouble.Purged, $"The store no longer has segment {number}: the reader was so slow that it was removed.");

    public void Dispose() => _file?.Dispose();
}
