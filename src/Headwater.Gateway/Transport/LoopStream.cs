using System.Threading.Tasks.Sources;

namespace Headwater.Gateway.Transport;

/// <summary>
/// An endpoint as a Stream, for SslStream: its awaits complete inline on the reactor's thread, so TLS sessions live on the reactor
/// like all others and only the cipher is extra.
/// </summary>
internal sealed class LoopStream : Stream, IEndpointOwner, IValueTaskSource<int>
{
    readonly Endpoint _inner;
    ManualResetValueTaskSourceCore<int> _read; // continuations run inline: that is the point
    Memory<byte> _into;
    bool _reading;
    TaskCompletionSource? _drained;

    ReadOnlyMemory<byte> _ahead;

    /// <summary><paramref name="ahead"/>: bytes received before, which come first.</summary>
    public LoopStream(Endpoint inner, ReadOnlyMemory<byte> ahead)
    {
        _inner = inner;
        _ahead = ahead;
        inner.Owner = this;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_ahead.IsEmpty)
        {
            var take = Math.Min(buffer.Length, _ahead.Length);
            _ahead.Span[..take].CopyTo(buffer.Span);
            _ahead = _ahead[take..];
            return new ValueTask<int>(take);
        }
        if (buffer.IsEmpty && _inner.MaybeReadable) return new ValueTask<int>(0);
        if (!buffer.IsEmpty && _inner.MaybeReadable)
        {
            var received = _inner.Receive(buffer.Span);
            if (received != 0) return new ValueTask<int>(Math.Max(0, received));
        }
        if (_inner.IsClosed) return new ValueTask<int>(0);
        _read.Reset();
        _into = buffer;
        _reading = true;
        return new ValueTask<int>(this, _read.Version);
    }

    void IEndpointOwner.OnReadable()
    {
        if (!_reading) return;
        var received = 0;
        if (!_into.IsEmpty)
        {
            received = _inner.Receive(_into.Span);
            if (received == 0) return;
        }
        _reading = false;
        _read.SetResult(Math.Max(0, received));
    }

    /// <summary>Lets a pending read end as if the other side had closed.</summary>
    public void Abort()
    {
        _drained?.TrySetResult();
        if (!_reading) return;
        _reading = false;
        _read.SetResult(0);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _inner.Send(buffer.Span);
        if (_inner.PendingOutput == 0 || _inner.IsClosed) return ValueTask.CompletedTask;
        _drained = new TaskCompletionSource();
        return new ValueTask(_drained.Task);
    }

    void IEndpointOwner.OnDrained() => _drained?.TrySetResult();

    public int GetResult(short token) => _read.GetResult(token);
    public ValueTaskSourceStatus GetStatus(short token) => _read.GetStatus(token);
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags & ~ValueTaskSourceOnCompletedFlags.UseSchedulingContext);

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => _inner.Send(buffer.AsSpan(offset, count));
}
