using System.Buffers.Binary;
using Headwater.Wire.MySql.Binlog;
using Microsoft.Win32.SafeHandles;

namespace Headwater.Streams.Store;

/// <summary>Appends events to one segment's file, each with its place there and a checksum. One owner.</summary>
sealed class SegmentWriter : IDisposable
{
    const int Buffer = 1 << 20, SmallWritesUntilShrunk = 64;
    int _smallWrites;
    readonly SafeFileHandle _handle;
    byte[] _buffer = new byte[Buffer];
    int _buffered;
    long _written;

    SegmentWriter(SafeFileHandle handle, int number, long length) => (_handle, Number, _written) = (handle, number, length);

    public int Number { get; }

    /// <summary>Where the next event will begin.</summary>
    public long Offset => _written + _buffered;

    /// <summary>What the description of the log was made of; a source that describes itself otherwise begins another segment.</summary>
    public byte[] Description { get; private init; } = [];

    public static SegmentWriter Create(string directory, int number, byte[] description, IReadOnlyCollection<Core.Positions.Gtid> before, uint server)
    {
        var handle = File.OpenHandle(Segment.PathOf(directory, number), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var writer = new SegmentWriter(handle, number, 0) { Description = description };
        SegmentFile.Magic.CopyTo(writer._buffer);
        writer._buffered = SegmentFile.Magic.Length;
        writer.Append(description);
        writer.Append(EventStamp.HeldBefore(before, server));
        return writer;
    }

    /// <summary>Goes on behind what is there.</summary>
    public static SegmentWriter Continue(Segment segment, long length, byte[] description)
    {
        var handle = File.OpenHandle(segment.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.SetLength(handle, length);
        return new SegmentWriter(handle, segment.Number, length) { Description = description };
    }

    /// <summary>Appends a whole event that has room for its checksum at its end.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        var room = Reserve(bytes.Length);
        bytes.CopyTo(room);
        Stamp(room);
    }

    /// <summary>Appends an event that comes without room for a checksum.</summary>
    public void AppendBare(ReadOnlySpan<byte> bytes)
    {
        const int Size = 9;
        var room = Reserve(bytes.Length + EventStamp.ChecksumBytes);
        bytes.CopyTo(room);
        BinaryPrimitives.WriteUInt32LittleEndian(room[Size..], (uint)room.Length);
        Stamp(room);
    }

    void Stamp(Span<byte> room)
    {
        EventStamp.At(room, Offset);
        if (_buffered >= Buffer) Write();
    }

    Span<byte> Reserve(int length)
    {
        if (_buffered + length > _buffer.Length)
        {
            Write();
            if (length > _buffer.Length) _buffer = new byte[length];
        }
        var room = _buffer.AsSpan(_buffered, length);
        _buffered += length;
        return room;
    }

    /// <summary>Hands what was appended to the operating system.</summary>
    public void Write()
    {
        if (_buffered == 0) return;
        RandomAccess.Write(_handle, _buffer.AsSpan(0, _buffered), _written);
        _written += _buffered;
        // A buffer for large events is kept while such events come.
        _smallWrites = _buffered > Buffer ? 0 : _smallWrites + 1;
        _buffered = 0;
        if (_buffer.Length > Buffer && _smallWrites > SmallWritesUntilShrunk) _buffer = new byte[Buffer];
    }

    /// <summary>Returns when what was written is on the disk.</summary>
    public void Sync()
    {
        Write();
        RandomAccess.FlushToDisk(_handle);
    }

    /// <summary>Takes back what stands behind <paramref name="length"/>.</summary>
    public void CutTo(long length)
    {
        if (length >= _written)
        {
            _buffered = (int)(length - _written);
            return;
        }
        _buffered = 0;
        RandomAccess.SetLength(_handle, length);
        _written = length;
    }

    public void Dispose() => _handle.Dispose();
}
