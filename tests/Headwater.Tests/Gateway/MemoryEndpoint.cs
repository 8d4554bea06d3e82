using Headwater.Gateway.Reactor;
using Headwater.Gateway.Transport;

namespace Headwater.Tests.Gateway;

/// <summary>An endpoint without a socket: what arrives is put in piece by piece, what is sent is kept.</summary>
sealed class MemoryEndpoint(EventLoop loop) : Endpoint(loop)
{
    readonly Queue<ReadOnlyMemory<byte>> _arrived = new();
    bool _ended;

    public List<byte> Sent { get; } = [];

    /// <summary>As many bytes as the other side does not take yet; <see cref="Drain"/> takes them.</summary>
    public bool IsStuck { get; set; }
    public override long PendingOutput => IsStuck ? Sent.Count - _taken : 0;
    int _taken;

    /// <summary>What one event brings; the owner is told, as the reactor would.</summary>
    public void Arrive(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        _arrived.Enqueue(bytes);
        MaybeReadable = true;
        Owner?.OnReadable();
    }

    public void HangUp()
    {
        _ended = true;
        IsHungUp = true;
        MaybeReadable = true;
        Owner?.OnReadable();
    }

    public void Drain()
    {
        _taken = Sent.Count;
        Owner?.OnDrained();
    }

    public override int Receive(Span<byte> into)
    {
        if (IsClosed) return -1;
        if (!_arrived.TryPeek(out var head))
        {
            MaybeReadable = _ended;
            return _ended ? -1 : 0;
        }
        var take = Math.Min(into.Length, head.Length);
        head.Span[..take].CopyTo(into);
        if (take == head.Length) _arrived.Dequeue();
        else
        {
            // The rest of what has arrived stays at the front.
            var rest = head[take..];
            _arrived.Dequeue();
            var others = _arrived.ToArray();
            _arrived.Clear();
            _arrived.Enqueue(rest);
            foreach (var other in others) _arrived.Enqueue(other);
        }
        MaybeReadable = _arrived.Count > 0 || _ended;
        return take;
    }

    public override void Send(ReadOnlySpan<byte> bytes)
    {
        if (!IsClosed) Sent.AddRange(bytes);
    }

    public override void Close() => IsClosed = true;

    internal override void OnEvents(uint events) { }
}
