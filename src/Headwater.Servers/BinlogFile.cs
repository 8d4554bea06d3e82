using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Servers;

/// <summary>One file of a log: a magic number, then events. The last file of a log may be torn; any other must be whole.</summary>
sealed class BinlogFile : IAsyncDisposable
{
    const int Buffer = 1 << 20;

    /// <summary>What each file begins with.</summary>
    public static ReadOnlySpan<byte> Magic => [0xFE, (byte)'b', (byte)'i', (byte)'n'];

    readonly FileStream _stream;
    readonly bool _isLast;
    readonly long _length;
    byte[] _buffer = new byte[Buffer];
    int _start, _end, _size;
    EventHeader _header;
    long _offset;
    bool _hasEnded;

    BinlogFile(FileStream stream, bool isLast)
    {
        _stream = stream;
        _isLast = isLast;
        _length = stream.Length;
        Name = Path.GetFileName(stream.Name);
    }

    public string Name { get; }

    public static BinlogFile Open(string path, bool isLast)
    {
        try
        {
            return new BinlogFile(new FileStream(path, new FileStreamOptions
            {
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
                Options = FileOptions.SequentialScan,
            }), isLast);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BinlogException(BinlogTrouble.Unavailable, $"The log's file {path} cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>What the log held before this file; null for a last file that was torn before it could say so.</summary>
    public async Task<IReadOnlyList<Gtid>?> HeldBeforeAsync(CancellationToken ct)
    {
        var decoder = new BinlogDecoder();
        while (await NextAsync(ct))
        {
            try
            {
                var one = decoder.Decode(Event);
                if (one is StartEncryptionEvent) throw Encrypted();
                if (one is GtidListEvent list) return list.Last;
            }
            catch (MalformedPacketException e)
            {
                if (IsTorn()) return null;
                throw Damaged(e.Message, e);
            }
            if (_header.Type != EventType.FormatDescription) break;
        }
        return _isLast ? null : throw Damaged("it does not begin with what the log held before", null);
    }

    /// <summary>Goes to the next event; false at the end.</summary>
    public async ValueTask<bool> NextAsync(CancellationToken ct)
    {
        if (_offset == 0 && !await BeginAsync(ct)) return false;
        _start += _size;
        _size = 0;
        var left = _length - _offset;
        if (left == 0 || _hasEnded) return false;
        if (left < EventHeader.Length) return Torn("the file ends inside an event's header");
        if (_end - _start < EventHeader.Length) await FillAsync(EventHeader.Length, ct);
        try
        {
            _header = EventHeader.Parse(_buffer.AsSpan(_start, EventHeader.Length));
        }
        catch (MalformedPacketException e)
        {
            if (IsTorn()) return false;
            throw Damaged(e.Message, e);
        }
        if (_header.Size > left) return Torn($"an event of {_header.Size} bytes is announced and {left} are left");
        if (_end - _start < _header.Size) await FillAsync((int)_header.Size, ct);
        _size = (int)_header.Size;
        _offset += _size;
        return true;
    }

    // At least so many bytes from the start of the event, which the file's length says there are.
    async ValueTask FillAsync(int needed, CancellationToken ct)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_buffer.Length < needed) Array.Resize(ref _buffer, needed);
        while (_end < needed)
        {
            var read = await _stream.ReadAsync(_buffer.AsMemory(_end), ct);
            if (read == 0) throw Damaged("the file has become shorter while it was read", null);
            _end += read;
        }
    }

    // A buffer that has grown for one large event is given away with it.
    bool IsGivenAway => _header.KeepsBytes && _size > Buffer && _start == 0 && _end == _size;

    ReadOnlyMemory<byte> Event => _header.KeepsBytes && !IsGivenAway ? _buffer.AsSpan(_start, _size).ToArray() : _buffer.AsMemory(_start, _size);

    /// <summary>Gives the event that was read to those who make transactions of it.</summary>
    public Transaction? Take(BinlogDecoder decoder, TransactionAssembler assembler, PositionSearch search)
    {
        try
        {
            if (assembler.Passes(_header)) return null;
            var one = decoder.Decode(Event);
            switch (one)
            {
                case StartEncryptionEvent: throw Encrypted();
                case GtidEvent gtid: search.See(gtid.Gtid, isBefore: false); break;
                case GtidListEvent list:
                    foreach (var gtid in list.Last) search.See(gtid, isBefore: true);
                    break;
            }
            var transaction = assembler.Add(one, _offset);
            if (IsGivenAway) (_buffer, _start, _end, _size) = (new byte[Buffer], 0, 0, 0);
            return transaction;
        }
        catch (MalformedPacketException e)
        {
            if (IsTorn()) return null;
            throw Damaged(e.Message, e);
        }
    }

    async ValueTask<bool> BeginAsync(CancellationToken ct)
    {
        if (_length < Magic.Length) return Torn("the file is shorter than its magic number");
        await FillAsync(Magic.Length, ct);
        if (!_buffer.AsSpan(0, Magic.Length).SequenceEqual(Magic)) throw Damaged("it does not begin as a log does", null);
        _offset = _start = Magic.Length;
        return true;
    }

    bool Torn(string why) => _isLast ? false : throw Damaged(why, null);

    // What is wrong is the last thing in the last file, or a file system that had grown the file and not yet filled it has left zeros behind it.
    bool IsTorn() => _hasEnded = _isLast && (_offset == _length || RestIsZero());

    // Behind the event, or where its header makes no sense, behind that.
    bool RestIsZero()
    {
        var behind = _buffer.AsSpan(_start + Math.Max(_size, EventHeader.Length), _end - _start - Math.Max(_size, EventHeader.Length));
        if (behind.ContainsAnyExcept((byte)0)) return false;
        var rest = new byte[Buffer];
        for (int read; (read = _stream.Read(rest)) > 0;)
            if (rest.AsSpan(0, read).ContainsAnyExcept((byte)0)) return false;
        return true;
    }

    BinlogException Encrypted() =>
        new(BinlogTrouble.Encrypted, $"The log's file {Name} is encrypted (encrypt_binlog=ON): only its server can read it, over the replication protocol.");

    BinlogException Damaged(string why, Exception? cause) => new(BinlogTrouble.Damaged, $"The log's file {Name} cannot be read on at {_offset}: {why}", cause);

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
