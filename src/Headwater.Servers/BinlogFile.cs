using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Servers;

/// <summary>One file of a log: a magic number, then events. The last file of a log may be torn; any other must be whole.</summary>
sealed class BinlogFile : IAsyncDisposable
{
    const int Magic = 4;
    const int Buffer = 1 << 20;
    static ReadOnlySpan<byte> MagicBytes => [0xFE, (byte)'b', (byte)'i', (byte)'n'];

    readonly FileStream _stream;
    readonly bool _isLast;
    readonly long _length;
    readonly byte[] _header = new byte[EventHeader.Length];
    byte[] _event = [];
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
                BufferSize = Buffer,
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
                var one = decoder.Decode(_event);
                if (one is StartEncryptionEvent) throw Encrypted();
                if (one is GtidListEvent list) return list.Last;
            }
            catch (MalformedPacketException e)
            {
                if (IsTorn()) return null;
                throw Damaged(e.Message, e);
            }
            if ((EventType)_header[4] is not EventType.FormatDescription) break;
        }
        return _isLast ? null : throw Damaged("it does not begin with what the log held before", null);
    }

    /// <summary>Reads the next event; false at the end.</summary>
    public async ValueTask<bool> NextAsync(CancellationToken ct)
    {
        if (_offset == 0 && !await BeginAsync(ct)) return false;
        var left = _length - _offset;
        if (left == 0 || _hasEnded) return false;
        if (left < EventHeader.Length) return Torn("the file ends inside an event's header");
        await _stream.ReadExactlyAsync(_header, ct);
        EventHeader header;
        try
        {
            header = EventHeader.Parse(_header);
        }
        catch (MalformedPacketException e)
        {
            if (IsTorn()) return false;
            throw Damaged(e.Message, e);
        }
        if (header.Size > left) return Torn($"an event of {header.Size} bytes is announced and {left} are left");
        _event = GC.AllocateUninitializedArray<byte>((int)header.Size);
        _header.CopyTo(_event, 0);
        await _stream.ReadExactlyAsync(_event.AsMemory(EventHeader.Length), ct);
        _offset += header.Size;
        return true;
    }

    /// <summary>Gives the event that was read to those who make transactions of it.</summary>
    public Transaction? Take(BinlogDecoder decoder, TransactionAssembler assembler, PositionSearch search)
    {
        try
        {
            if (assembler.Passes(EventHeader.Parse(_event))) return null;
            var one = decoder.Decode(_event);
            switch (one)
            {
                case StartEncryptionEvent: throw Encrypted();
                case GtidEvent gtid: search.See(gtid.Gtid, isBefore: false); break;
                case GtidListEvent list:
                    foreach (var gtid in list.Last) search.See(gtid, isBefore: true);
                    break;
            }
            return assembler.Add(one, _offset);
        }
        catch (MalformedPacketException e)
        {
            if (IsTorn()) return null;
            throw Damaged(e.Message, e);
        }
    }

    async ValueTask<bool> BeginAsync(CancellationToken ct)
    {
        if (_length < Magic) return Torn("the file is shorter than its magic number");
        var magic = new byte[Magic];
        await _stream.ReadExactlyAsync(magic, ct);
        if (!magic.AsSpan().SequenceEqual(MagicBytes)) throw Damaged("it does not begin as a log does", null);
        _offset = Magic;
        return true;
    }

    bool Torn(string why) => _isLast ? false : throw Damaged(why, null);

    // What is wrong is the last thing in the last file, or a file system that had grown the file and not yet filled it has left zeros behind it.
    bool IsTorn() => _hasEnded = _isLast && (_offset == _length || RestIsZero());

    bool RestIsZero()
    {
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
