using Headwater.Gateway.Reactor;

namespace Headwater.Gateway.Transport;

/// <summary>Bytes that a socket would not take yet, in order, in rented chunks.</summary>
internal sealed class OutputQueue(BufferPool buffers)
{
    readonly Queue<(byte[] Buffer, int Length)> _full = new();
    byte[]? _tail;
    int _tailLength;
    int _headOffset;

    public long Length { get; private set; }

    public ReadOnlySpan<byte> Head => _full.TryPeek(out var head)
        ? head.Buffer.AsSpan(_headOffset, head.Length - _headOffset)
        : _tail.AsSpan(_headOffset, _tailLength - _headOffset);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_tail is null || _tailLength == _tail.Length)
            {
                if (_tail is not null) _full.Enqueue((_tail, _tailLength));
                _tail = buffers.Rent(Math.Clamp(bytes.Length, 1, 64 * 1024));
                _tailLength = 0;
            }
            var take = Math.Min(bytes.Length, _tail.Length - _tailLength);
            bytes[..take].CopyTo(_tail.AsSpan(_tailLength));
            _tailLength += take;
            bytes = bytes[take..];
        }
    }

    public void Consume(int count)
    {
        Length -= count;
        _headOffset += count;
        if (_full.TryPeek(out var head))
        {
            if (_headOffset < head.Length) return;
            buffers.Return(_full.Dequeue().Buffer);
            _headOffset = 0;
        }
        else if (_headOffset == _tailLength) Clear();
    }

    public void Clear()
    {
        foreach (var (buffer, _) in _full) buffers.Return(buffer);
        _full.Clear();
        if (_tail is not null) buffers.Return(_tail);
        _tail = null;
        _tailLength = 0;
        _headOffset = 0;
        Length = 0;
    }
}
