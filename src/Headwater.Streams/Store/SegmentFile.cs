using Headwater.Core.Positions;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;
using Microsoft.Win32.SafeHandles;

namespace Headwater.Streams.Store;

/// <summary>Goes over the events of a segment's file up to an offset. One owner. The event is valid until the next one is asked for.</summary>
sealed class SegmentFile : IDisposable
{
    const int Buffer = 256 << 10;

    /// <summary>What each file begins with.</summary>
    public static ReadOnlySpan<byte> Magic => [0xFE, (byte)'b', (byte)'i', (byte)'n'];

    readonly SafeFileHandle _handle;
    byte[] _buffer = new byte[Buffer];
    long _bufferAt;
    int _buffered;

    public SegmentFile(string path)
    {
        _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        Offset = Magic.Length;
    }

    /// <summary>Where the next event begins.</summary>
    public long Offset { get; private set; }
    public EventHeader Header { get; private set; }

    /// <summary>The event that was read, with its checksum.</summary>
    public ReadOnlyMemory<byte> Event { get; private set; }
    public long Length => RandomAccess.GetLength(_handle);

    public bool HasMagic()
    {
        Span<byte> begin = stackalloc byte[4];
        return RandomAccess.Read(_handle, begin, 0) == begin.Length && begin.SequenceEqual(Magic);
    }

    public void GoTo(long offset) => Offset = offset;

    /// <summary>Reads the event at <see cref="Offset"/>; false when fewer bytes are there before <paramref name="end"/> than it has.</summary>
    /// <exception cref="MalformedPacketException">No event begins there.</exception>
    public bool Next(long end)
    {
        if (end - Offset < EventHeader.Length || !Fill(EventHeader.Length, end)) return false;
        Header = EventHeader.Parse(Bytes(EventHeader.Length).Span);
        if (Header.Size > end - Offset || !Fill((int)Header.Size, end)) return false;
        Event = Bytes((int)Header.Size);
        Offset += Header.Size;
        return true;
    }

    ReadOnlyMemory<byte> Bytes(int count) => _buffer.AsMemory((int)(Offset - _bufferAt), count);

    // Never reads behind the end: bytes there may still change.
    bool Fill(int needed, long end)
    {
        if (Offset >= _bufferAt && Offset + needed <= _bufferAt + _buffered) return true;
        if (_buffer.Length < needed) _buffer = new byte[needed];
        else if (_buffer.Length > Buffer && needed <= Buffer) _buffer = new byte[Buffer];
        _bufferAt = Offset;
        _buffered = 0;
        var most = (int)Math.Min(_buffer.Length, end - Offset);
        while (_buffered < needed)
        {
            var read = RandomAccess.Read(_handle, _buffer.AsSpan(_buffered, most - _buffered), _bufferAt + _buffered);
            if (read == 0) return false;
            _buffered += read;
        }
        return true;
    }

    public void Dispose() => _handle.Dispose();
}
