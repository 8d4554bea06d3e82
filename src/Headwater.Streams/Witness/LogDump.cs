using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Headwater.Core.Positions;
using Headwater.Streams.Store;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Streams.Witness;

/// <summary>
/// Gives a store's log to a replica, as a server gives its own. Source: https://mariadb.com/kb/en/com_binlog_dump/ . The replica goes by GTIDs; file names and offsets are the
/// store's.
/// </summary>
sealed class LogDump(LogStore store, uint server, Stream client, bool isSemiSync)
{
    const int FlushAt = 256 << 10;
    readonly PacketWriter _writer = new(FlushAt + 4096);
    byte _sequence = 1;

    /// <param name="heartbeat">How often to say that nothing has come; zero: never.</param>
    /// <exception cref="BinlogException">The store cannot be read from there, or not on.</exception>
    public async Task RunAsync(Position from, TimeSpan heartbeat, CancellationToken ct)
    {
        using var cursor = StoreCursor.Open(store, from);
        var bounds = new TransactionBounds();
        var (segment, passes) = ("", false);
        while (true)
        {
            if (!cursor.TryNext())
            {
                await FlushAsync(ct);
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
                if (heartbeat > TimeSpan.Zero) limit.CancelAfter(heartbeat);
                try
                {
                    await cursor.MovedAsync(limit.Token);
                }
                catch (OperationCanceledException) when (!ct.IsCancellationRequested)
                {
                    if (segment.Length == 0 && store.IsEmpty) continue;
                    if (segment.Length == 0) segment = await BeginAsync(store.Segments[^1].Name, store.Segments[^1].Path, ct);
                    Send(Made(EventType.Heartbeat, Encoding.UTF8.GetBytes(segment), cursor.Begun));
                }
                continue;
            }
            if (cursor.Segment != segment) segment = await BeginAsync(cursor.Segment, cursor.SegmentPath, ct);
            var one = cursor.Event;
            if (cursor.Header.Type is EventType.FormatDescription or EventType.GtidList) continue;
            var place = bounds.Add(cursor.Header, one.Span[..^EventStamp.ChecksumBytes]);
            if (place == EventPlace.Begins) passes = from.SequenceOf(bounds.Gtid.Domain) >= bounds.Gtid.Sequence;
            if (passes) continue;
            Send(one.Span);
            if (_writer.Written.Length >= FlushAt) await FlushAsync(ct);
        }
    }

    async Task<string> BeginAsync(string segment, string path, CancellationToken ct)
    {
        const ulong FirstEvent = 4;
        var body = new byte[8 + Encoding.UTF8.GetByteCount(segment)];
        BinaryPrimitives.WriteUInt64LittleEndian(body, FirstEvent);
        Encoding.UTF8.GetBytes(segment, body.AsSpan(8));
        Send(Made(EventType.Rotate, body, 0));
        using var file = new SegmentFile(path);
        if (!file.Next(file.Length)) throw new BinlogException(BinlogTrouble.Damaged, string.Create(CultureInfo.InvariantCulture, $"The store's segment {segment} does not begin as one."));
        Send(file.Event.Span);
        await FlushAsync(ct);
        return segment;
    }

    byte[] Made(EventType type, ReadOnlySpan<byte> body, long next)
    {
        var bytes = new byte[EventHeader.Length + body.Length + EventStamp.ChecksumBytes];
        EventStamp.Header(bytes, type, server, EventFlags.Artificial);
        body.CopyTo(bytes.AsSpan(EventHeader.Length));
        EventStamp.At(bytes, next);
        return bytes;
    }

    void Send(ReadOnlySpan<byte> one)
    {
        _writer.Begin(_sequence);
        _writer.UInt8(OkPacket.OkHeader);
        if (isSemiSync)
        {
            _writer.UInt8(0xEF);
            _writer.UInt8(0);
        }
        _writer.Bytes(one);
        _writer.End();
        _sequence = _writer.NextSequence;
    }

    async Task FlushAsync(CancellationToken ct)
    {
        if (_writer.Written.Length == 0) return;
        await client.WriteAsync(_writer.WrittenMemory, ct);
        _writer.Reset();
    }
}
