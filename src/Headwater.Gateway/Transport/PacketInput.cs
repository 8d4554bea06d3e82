using System.Runtime.CompilerServices;
using Headwater.Gateway.Reactor;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Transport;

/// <summary>
/// One command or message as it came, headers included; several packets when it is 16 MB or longer.
/// Valid until the next await: it may lie in the loop's scratch buffer.
/// </summary>
internal readonly struct RawMessage(byte[]? buffer, int offset, int length)
{
    /// <summary>Null: the other side is gone.</summary>
    public bool IsEnd => buffer is null;
    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(offset, length);
    public Span<byte> Writable => buffer.AsSpan(offset, length);
    public int Length => length;

    public bool IsIn(byte[] other) => ReferenceEquals(buffer, other);

    /// <summary>The payload of the first (nearly always the only) packet.</summary>
    public ReadOnlySpan<byte> Payload => buffer.AsSpan(offset + Packet.HeaderSize, Math.Min(length - Packet.HeaderSize, Packet.MaxPayload));
    public byte Sequence => buffer![offset + 3];
    public bool IsSplit => length >= Packet.MaxPayload + Packet.HeaderSize;

    /// <summary>All payload bytes joined; copies only when split.</summary>
    public ReadOnlySpan<byte> WholePayload
    {
        get
        {
            if (!IsSplit) return Payload;
            var joined = new byte[length];
            var filled = 0;
            for (var at = 0; at < length;)
            {
                var part = Packet.PayloadLength(Bytes[at..]);
                Bytes.Slice(at + Packet.HeaderSize, part).CopyTo(joined.AsSpan(filled));
                filled += part;
                at += Packet.HeaderSize + part;
            }
            return joined.AsSpan(0, filled);
        }
    }
}

/// <summary>
/// Turns an endpoint's bytes into messages. Holds a buffer only while a message is incomplete or more than one has come,
/// so an idle session costs none. Awaited in place: the continuation runs inline on the reactor and nothing is allocated.
/// </summary>
internal sealed class PacketInput(Endpoint endpoint) : IEndpointOwner, ICriticalNotifyCompletion
{
    byte[]? _pending;
    int _start, _end;
    Action? _continuation;
    RawMessage _ready;
    bool _hasReady, _ended;

    /// <summary>Longest message taken, bytes; a longer one ends the connection with <see cref="TooLong"/> set.</summary>
    public int Limit { get; set; } = 1 << 20;
    public bool TooLong { get; private set; }

    /// <summary>A packet came out of its order.</summary>
    public bool OutOfOrder { get; private set; }

    /// <summary>What the first packet of the next message must carry; null when anything may come.</summary>
    public int? ExpectedSequence { get; set; }
    public Endpoint Endpoint => endpoint;
    public bool IsWaiting => _continuation is not null;

    /// <summary>Whether bytes beyond the current message are here already.</summary>
    public bool HasMore => _end > _start;

    public PacketInput NextAsync() => this;
    public PacketInput GetAwaiter() => this;

    public bool IsCompleted
    {
        get
        {
            if (_hasReady) return true;
            if (_pending is not null && TryFromPending()) return true;
            if (_ended)
            {
                _ready = default;
                return _hasReady = true;
            }
            endpoint.Owner = this;
            return endpoint.MaybeReadable && Pump();
        }
    }

    public RawMessage GetResult()
    {
        _hasReady = false;
        return _ready;
    }

    public void OnCompleted(Action continuation) => _continuation = continuation;
    public void UnsafeOnCompleted(Action continuation) => _continuation = continuation;

    void IEndpointOwner.OnReadable()
    {
        if (_continuation is null || !Pump()) return;
        var continuation = _continuation;
        _continuation = null;
        continuation();
    }

    void IEndpointOwner.OnDrained() { }

    /// <summary>Lets whoever waits go with an end, as if the other side had closed.</summary>
    public void Abort()
    {
        _ended = true;
        if (_continuation is not { } continuation) return;
        _ready = default;
        _hasReady = true;
        _continuation = null;
        continuation();
    }

    /// <summary>Receives until a message is there (true) or nothing more comes now (false).</summary>
    bool Pump()
    {
        while (true)
        {
            if (_pending is null)
            {
                var scratch = endpoint.Loop.Scratch;
                var received = endpoint.Receive(scratch);
                if (received <= 0) return received < 0 && End();
                var length = MessageLength(scratch.AsSpan(0, received));
                if (length < 0) return End();
                if (length > 0 && length <= received)
                {
                    if (received > length) Keep(scratch.AsSpan(length, received - length), received - length);
                    return Take(scratch, 0, length);
                }
                Keep(scratch.AsSpan(0, received), Math.Max(length, received));
            }
            else
            {
                MakeRoom();
                var received = endpoint.Receive(_pending.AsSpan(_end));
                if (received <= 0) return received < 0 && End();
                _end += received;
                if (TryFromPending()) return true;
                if (_ended) return End();
            }
            if (!endpoint.MaybeReadable) return false;
        }
    }

    bool TryFromPending()
    {
        if (_start == _end)
        {
            Release();
            return false;
        }
        var available = _pending.AsSpan(_start, _end - _start);
        var length = MessageLength(available);
        if (length < 0)
        {
            _ended = true;
            return false;
        }
        if (length == 0 || length > available.Length) return false;
        var from = _start;
        _start += length;
        return Take(_pending!, from, length);
    }

    bool Take(byte[] buffer, int offset, int length)
    {
        _ready = new RawMessage(buffer, offset, length);
        return _hasReady = true;
    }

    bool End()
    {
        _ended = true;
        _ready = default;
        return _hasReady = true;
    }

    /// <summary>Length of the message at the start, 0 when its header is not complete, -1 when it must not be.</summary>
    int MessageLength(ReadOnlySpan<byte> bytes)
    {
        var total = 0;
        byte? previous = null;
        while (true)
        {
            if (bytes.Length < total + Packet.HeaderSize) return total == 0 ? 0 : total + Packet.HeaderSize;
            var sequence = bytes[total + 3];
            if (previous is null ? ExpectedSequence is { } expected && sequence != (byte)expected : sequence != (byte)(previous + 1))
            {
                OutOfOrder = true;
                return -1;
            }
            previous = sequence;
            var length = Packet.PayloadLength(bytes[total..]);
            if (total + (long)Packet.HeaderSize + length > Limit)
            {
                TooLong = true;
                return -1;
            }
            total += Packet.HeaderSize + length;
            if (length < Packet.MaxPayload) return total;
        }
    }

    void Keep(ReadOnlySpan<byte> bytes, int expected)
    {
        // Grown as bytes really come: a header alone must not cost what it claims.
        _pending = endpoint.Loop.Buffers.Rent(Math.Max(bytes.Length, Math.Min(expected, 64 * 1024)));
        bytes.CopyTo(_pending);
        _start = 0;
        _end = bytes.Length;
    }

    void MakeRoom()
    {
        var used = _end - _start;
        if (_start > 0 && (_end == _pending!.Length || used == 0))
        {
            _pending.AsSpan(_start, used).CopyTo(_pending);
            _start = 0;
            _end = used;
        }
        if (_end < _pending!.Length) return;
        var wanted = MessageLength(_pending.AsSpan(_start, used));
        var larger = endpoint.Loop.Buffers.Rent(Math.Max(used + 1, Math.Min(Math.Max(wanted, used + 1), _pending.Length * 4)));
        _pending.AsSpan(_start, used).CopyTo(larger);
        endpoint.Loop.Buffers.Return(_pending);
        _pending = larger;
        _start = 0;
        _end = used;
    }

    /// <summary>What came beyond the message taken last, as bytes; the buffer is given back.</summary>
    public byte[] TakeRest()
    {
        var rest = _pending is null ? [] : _pending.AsSpan(_start, _end - _start).ToArray();
        Release();
        return rest;
    }

    /// <summary>Gives the buffer back; whatever had come is dropped.</summary>
    public void Release()
    {
        if (_pending is null) return;
        endpoint.Loop.Buffers.Return(_pending);
        _pending = null;
        _start = _end = 0;
    }
}
