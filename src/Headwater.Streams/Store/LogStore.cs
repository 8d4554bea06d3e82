using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Streams.Store;

/// <summary>
/// A durable copy of a cluster's log: segments that are binary logs themselves. One writer appends events as they come; any number of
/// readers follow, each from where it likes. What is published ends behind a whole transaction, so a reader never sees half of one; what a crash has
/// cut short is cut off when the store is opened.
/// </summary>
public sealed class LogStore : IDisposable
{
    readonly LogStoreOptions _options;
    readonly TimeProvider _time;
    readonly TransactionBounds _bounds = new();
    readonly FileStream _lock;
    SegmentWriter? _writer;
    LogState _state;
    byte[] _description = [];
    ImmutableArray<Segment> _segments;
    StoreEnd _end = StoreEnd.None;
    TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long _wholeOffset;
    bool _unpublished, _unsynced;
    volatile bool _begins;
    Gtid[] _last = [];
    Exception? _broken;
    long _syncedAt;
    uint _server;

    LogStore(LogStoreOptions options, TimeProvider time, FileStream held, ImmutableArray<Segment> segments, LogState state)
    {
        (_options, _time, _lock, _segments, _state) = (options, time, held, segments, state);
        _syncedAt = time.GetTimestamp();
    }

    /// <summary>How far readers may read.</summary>
    public StoreEnd End => Volatile.Read(ref _end);

    /// <summary>Oldest first. The last one is written.</summary>
    public ImmutableArray<Segment> Segments => _segments;

    /// <summary>What the log held before the store's first transaction: readers may begin here and later. Null as long as that is not known.</summary>
    public Position? Begin => _segments is [var first, ..] ? first.Before : _begins ? End.Position : null;
    public bool IsEmpty => _segments.IsEmpty;

    /// <summary>Of all segments, up to where readers may read.</summary>
    public long Bytes => End is { } end ? _segments.Sum(segment => segment.Length ?? (segment.Number == end.Segment ? end.Offset : 0)) : 0;

    /// <summary>The last transaction of each server in each domain.</summary>
    public IReadOnlyCollection<Gtid> Last => Volatile.Read(ref _last);

    /// <summary>Opens the store in a directory, which is made if need be, and cuts off what a crash has left half written.</summary>
    /// <exception cref="StoreException">Another process has it open, or what is there is no store, or is damaged other than by a crash.</exception>
    public static LogStore Open(LogStoreOptions options, TimeProvider time)
    {
        Directory.CreateDirectory(options.Directory);
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(options.Directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException busy)
        {
            throw new StoreException($"{options.Directory} is in use by another process, or cannot be written: {busy.Message}", busy);
        }
        try
        {
            var found = StoreRecovery.Find(options.Directory);
            var store = new LogStore(options, time, held, found.Segments, found.State);
            if (found.Segments is [.., var last])
            {
                store._description = found.Description;
                store._writer = SegmentWriter.Continue(last, found.Length, found.Description);
                store._wholeOffset = found.Length;
                // What a process that crashed had written may not be on the disk yet, and is relied on from here.
                store._writer.Sync();
                DirectorySync.Of(options.Directory);
                store._last = [.. found.State.Last];
                store._end = new StoreEnd(found.State.Position, last.Number, found.Length, 0);
            }
            return store;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>An empty store shall begin behind these transactions: what its source held before the first one that comes.</summary>
    public void BeginAfter(IEnumerable<Gtid> last, uint server)
    {
        _server = server;
        if (!IsEmpty) return;
        _state = new LogState(last);
        _begins = true;
        Publish(_end with { Position = _state.Position });
    }

    /// <summary>Takes the next event of the source. Readers see it after <see cref="Publish"/>, once its transaction is whole.</summary>
    /// <param name="bytes">The event with its checksum, where it has one. Not kept.</param>
    /// <exception cref="MalformedPacketException">An event that no server writes there, or a checksum that is wrong: nothing of its transaction is kept.</exception>
    public EventPlace Add(in EventHeader header, ReadOnlySpan<byte> bytes, bool hasChecksum)
    {
        if (_broken is not null) throw new StoreException($"The store cannot be relied on since it could not be written to the disk ({_broken.Message}); it is read anew when it is opened again.", _broken);
        // The description's own checksum covers a flag that servers change without another one; it is made anew in any case.
        if (hasChecksum && header.Type != EventType.FormatDescription && !EventStamp.IsRight(bytes)) throw MalformedPacketException.In("an event's checksum is wrong", bytes, bytes.Length);
        var place = _bounds.Add(header, hasChecksum ? bytes[..^EventStamp.ChecksumBytes] : bytes);
        switch (place)
        {
            case EventPlace.Outside:
                if (header.Type == EventType.FormatDescription) _description = EventStamp.Description(bytes);
                return place;
            case EventPlace.Begins: BeginSegmentIfDue(); break;
        }
        if (hasChecksum) _writer!.Append(bytes);
        else _writer!.AppendBare(bytes);
        if (place == EventPlace.Ends)
        {
            _state.Add(_bounds.Gtid);
            _wholeOffset = _writer.Offset;
            _unpublished = true;
        }
        return place;
    }

    /// <summary>The source broke off: of a transaction that has begun nothing stays.</summary>
    public void Drop()
    {
        _bounds.Drop();
        _writer?.CutTo(_wholeOffset);
        // What is whole is published: the next source is asked for what comes behind it.
        if (_broken is null) Publish();
    }

    /// <summary>Lets readers see every whole transaction that was added.</summary>
    /// <param name="durably">Returns when they are on the disk, whatever the policy says.</param>
    public StoreEnd Publish(bool durably = false)
    {
        if (_writer is null) return _end;
        if (_unpublished)
        {
            _writer.Write();
            _unsynced = true;
        }
        if (_unsynced && (durably || IsSyncDue())) Sync();
        if (!_unpublished) return _end;
        _unpublished = false;
        return Publish(_end with { Position = Advanced(), Segment = _writer.Number, Offset = _wholeOffset });
    }

    // A position has the newest transaction of each domain, and the newest is the one that came last.
    Position Advanced()
    {
        var position = _end.Position;
        foreach (var gtid in _state.Last) position = position.With(gtid);
        return position;
    }

    StoreEnd Publish(StoreEnd end)
    {
        Volatile.Write(ref _last, [.. _state.Last]);
        Volatile.Write(ref _end, end);
        Interlocked.Exchange(ref _moved, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        return end;
    }

    /// <summary>Ends when the store's end is no longer <paramref name="seen"/>.</summary>
    public Task MovedAsync(StoreEnd seen, CancellationToken ct)
    {
        var moved = Volatile.Read(ref _moved).Task;
        return ReferenceEquals(End, seen) ? moved.WaitAsync(ct) : Task.CompletedTask;
    }

    bool IsSyncDue() => _options.Sync switch
    {
        SyncPolicy.Always => true,
        SyncPolicy.Interval => _time.GetElapsedTime(_syncedAt) >= _options.SyncInterval,
        _ => false,
    };

    void Sync()
    {
        try
        {
            _writer!.Sync();
        }
        catch (IOException failed)
        {
            // The pages that could not be written count as clean from now on: a second try would succeed and prove nothing.
            _broken = failed;
            throw new StoreException($"The store could not be written to the disk: {failed.Message}", failed);
        }
        _unsynced = false;
        _syncedAt = _time.GetTimestamp();
    }

    void BeginSegmentIfDue()
    {
        if (_writer is not null && _wholeOffset < _options.SegmentBytes && _writer.Description.AsSpan().SequenceEqual(_description)) return;
        if (_description.Length == 0) throw new MalformedPacketException("a transaction comes before the description of its log");
        var number = 1;
        if (_writer is not null)
        {
            Publish(durably: true);
            number = _writer.Number + 1;
        }
        var begun = SegmentWriter.Create(_options.Directory, number, _description, _state.Last, _server);
        try
        {
            begun.Sync();
            DirectorySync.Of(_options.Directory);
        }
        catch
        {
            // No room, perhaps: nothing has changed, and it is tried again.
            begun.Dispose();
            File.Delete(Segment.PathOf(_options.Directory, number));
            throw;
        }
        if (_writer is not null)
        {
            _segments = _segments.SetItem(_segments.Length - 1, _segments[^1] with { Length = _wholeOffset });
            _writer.Dispose();
        }
        _writer = begun;
        _wholeOffset = _writer.Offset;
        var before = _state.Position;
        _segments = _segments.Add(new Segment(number, Segment.PathOf(_options.Directory, number), before, null));
        if (number == 1) Publish(_end with { Position = before, Segment = 1, Offset = _wholeOffset });
        Retain();
    }

    /// <summary>
    /// Takes back every transaction from the first one on that the primary's history does not have: they were on a branch that was lost. Readers that have
    /// seen any of them are told.
    /// </summary>
    /// <param name="isLost">Whether the history lacks it.</param>
    /// <returns>How many were taken back.</returns>
    public int CutFrom(Func<Gtid, bool> isLost)
    {
        Drop();
        Publish(durably: true);
        for (var i = 0; i < _segments.Length; i++)
        {
            if (StoreRecovery.FirstOf(_segments[i], i == _segments.Length - 1 ? _wholeOffset : _segments[i].Length!.Value, isLost) is not { } cut) continue;
            var lost = cut.After;
            for (var j = i + 1; j < _segments.Length; j++) lost += StoreRecovery.Count(_segments[j], j == _segments.Length - 1 ? _wholeOffset : _segments[j].Length!.Value);
            // Readers that are in the midst of it stop before the file changes under them.
            var (segment, branch) = (_segments[i] with { Length = null }, _end.Branch + 1);
            _state = cut.Before;
            Volatile.Write(ref _end, new StoreEnd(cut.Before.Position, segment.Number, cut.Offset, branch));
            SetAside(_segments[i..], keepsFirst: true);
            _segments = [.. _segments[..i], segment];
            _writer!.Dispose();
            _writer = SegmentWriter.Continue(segment, cut.Offset, cut.Description);
            _wholeOffset = cut.Offset;
            _unsynced = true;
            Sync();
            Publish(_end);
            return lost;
        }
        return 0;
    }

    /// <summary>Removes everything, and begins behind these transactions: what lies between can be had nowhere any more. Readers are told.</summary>
    public void BeginAnew(IEnumerable<Gtid> last, uint server)
    {
        Drop();
        var gone = _segments;
        Volatile.Write(ref _end, StoreEnd.None with { Branch = _end.Branch + 1 });
        _segments = [];
        _writer?.Dispose();
        _writer = null;
        SetAside(gone, keepsFirst: false);
        BeginAfter(last, server);
        Publish(_end);
    }

    /// <summary>What is taken back stays beside the store as the logs that it was: somebody may have been told of it.</summary>
    void SetAside(ImmutableArray<Segment> segments, bool keepsFirst)
    {
        if (segments.IsEmpty) return;
        var number = 1;
        string directory;
        while (Directory.Exists(directory = Path.Combine(_options.Directory, $"cut-{number}"))) number++;
        Directory.CreateDirectory(directory);
        for (var i = segments.Length - 1; i >= 0; i--)
        {
            var target = Path.Combine(directory, segments[i].Name);
            if (i == 0 && keepsFirst) File.Copy(segments[i].Path, target);
            else File.Move(segments[i].Path, target);
        }
    }

    void Retain()
    {
        long bytes = 0;
        var now = _time.GetUtcNow();
        for (var i = _segments.Length - 2; i >= 0; i--)
        {
            bytes += _segments[i].Length ?? 0;
            var tooOld = _options.RetainFor is { } most && now - File.GetLastWriteTimeUtc(_segments[i].Path) > most;
            if (bytes <= _options.RetainBytes && !tooOld) continue;
            var gone = _segments[..(i + 1)];
            _segments = _segments.RemoveRange(0, i + 1);
            foreach (var segment in gone) File.Delete(segment.Path);
            return;
        }
    }

    public void Dispose()
    {
        Drop();
        if (_writer is not null && _broken is null) Publish(durably: true);
        _writer?.Dispose();
        _lock.Dispose();
    }
}
