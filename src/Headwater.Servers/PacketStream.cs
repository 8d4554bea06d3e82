using System.Diagnostics.CodeAnalysis;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Servers;

/// <summary>
/// Packets over a stream, one at a time, with their sequence checked. One owner. A payload that was read is valid until the next read; one of
/// <see cref="Packet.MaxPayload"/> bytes or more is a buffer of its own.
/// </summary>
sealed class PacketStream(Stream stream) : IAsyncDisposable
{
    // The longest event of a log, behind its OK byte.
    const int LongestMessage = (int)EventHeader.LargestEvent + 1;
    byte[] _buffer = new byte[4096];
    int _start, _end;
    byte _expected;

    public Stream Stream { get; private set; } = stream;

    /// <summary>The next packet goes and comes through TLS; nothing may have been read ahead, or it was said in clear.</summary>
    public void Upgrade(Stream secured)
    {
        if (_start != _end) throw new MalformedPacketException("the server sent more before TLS began");
        Stream = secured;
    }

    public async ValueTask WriteAsync(PacketWriter writer, CancellationToken ct)
    {
        await Stream.WriteAsync(writer.WrittenMemory, ct);
        _expected = writer.NextSequence;
    }

    public byte NextSequence => _expected;

    /// <summary>The other side begins to count anew.</summary>
    public void Expect(byte sequence) => _expected = sequence;

    /// <summary>How long the other side may send nothing while something is due; null: for ever. A long message may take longer, as long as it goes on.</summary>
    public TimeSpan? Patience { get; set; }

    /// <summary>From now on as much as this is read at once, where the server has sent as much.</summary>
    public void ReadAhead(int bytes)
    {
        if (_buffer.Length < bytes) Array.Resize(ref _buffer, bytes);
    }

    [SuppressMessage("Reliability", "CA2012", Justification = "awaited once")]
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken ct)
    {
        var payload = await ReadOneAsync(ct);
        if (payload.Length < Packet.MaxPayload) return payload;
        var joined = new MemoryStream();
        joined.Write(payload.Span);
        do
        {
            payload = await ReadOneAsync(ct);
            if (joined.Length + payload.Length > LongestMessage) throw new MalformedPacketException("the server's message is longer than 1 GB");
            joined.Write(payload.Span);
        }
        while (payload.Length == Packet.MaxPayload);
        return joined.GetBuffer().AsMemory(0, (int)joined.Length);
    }

    async ValueTask<ReadOnlyMemory<byte>> ReadOneAsync(CancellationToken ct)
    {
        await FillAsync(Packet.HeaderSize, ct);
        var header = _buffer.AsSpan(_start);
        var length = Packet.PayloadLength(header);
        var sequence = Packet.Sequence(header);
        if (sequence != _expected) throw new MalformedPacketException($"packet {sequence} came where packet {_expected} was due");
        _expected++;
        await FillAsync(Packet.HeaderSize + length, ct);
        var payload = _buffer.AsMemory(_start + Packet.HeaderSize, length);
        _start += Packet.HeaderSize + length;
        return payload;
    }

    async ValueTask FillAsync(int needed, CancellationToken ct)
    {
        if (_end - _start >= needed) return;
        if (_start > 0)
        {
            Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
            _end -= _start;
            _start = 0;
        }
        if (_buffer.Length < needed) Array.Resize(ref _buffer, Math.Max(needed, Math.Min(_buffer.Length * 2, Packet.MaxPayload)));
        while (_end < needed)
        {
            var reading = Stream.ReadAsync(_buffer.AsMemory(_end), ct);
            var read = Patience is { } patience && !reading.IsCompleted ? await reading.AsTask().WaitAsync(patience, ct) : await reading;
            if (read == 0) throw new EndOfStreamException("the server closed the connection");
            _end += read;
        }
    }

    public ValueTask DisposeAsync() => Stream.DisposeAsync();
}
