using Headwater.Gateway.Reactor;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Transport;

/// <summary>The protocol's own zlib framing over another endpoint (CLIENT_COMPRESS). Frames have their own sequence, which a command restarts.</summary>
internal sealed class CompressedEndpoint : Endpoint, IEndpointOwner
{
    public override bool IsSecure => _inner.IsSecure;

    readonly Endpoint _inner;
    readonly PacketWriter _writer = new();
    byte[] _frames = [];
    int _framesEnd;
    byte[] _plain = [];
    int _plainStart, _plainEnd;
    byte _sequence;
    bool _ended;

    public CompressedEndpoint(Endpoint inner) : base(inner.Loop)
    {
        _inner = inner;
        inner.Owner = this;
        MaybeReadable = inner.MaybeReadable;
    }

    public override long PendingOutput => _inner.PendingOutput;

    public override int Receive(Span<byte> into)
    {
        if (_plainStart == _plainEnd) Fill();
        var take = Math.Min(into.Length, _plainEnd - _plainStart);
        if (take == 0)
        {
            MaybeReadable = _ended;
            return _ended ? -1 : 0;
        }
        _plain.AsSpan(_plainStart, take).CopyTo(into);
        _plainStart += take;
        if (_plainStart == _plainEnd && _plain.Length > 64 * 1024) _plain = [];
        MaybeReadable = _plainStart < _plainEnd || _framesEnd > 0 || _inner.MaybeReadable || _ended;
        return take;
    }

    void Fill()
    {
        _plainStart = _plainEnd = 0;
        while (true)
        {
            byte sequence;
            ReadOnlySpan<byte> content;
            int consumed;
            bool whole;
            try
            {
                whole = CompressedFrames.TryRead(_frames.AsSpan(0, _framesEnd), out sequence, out content, out consumed);
            }
            catch (MalformedPacketException)
            {
                // Nothing after it can be read either.
                _ended = true;
                _framesEnd = 0;
                return;
            }
            if (whole)
            {
                _sequence = (byte)(sequence + 1);
                if (_plain.Length < content.Length) _plain = new byte[content.Length];
                content.CopyTo(_plain);
                _plainEnd = content.Length;
                _frames.AsSpan(consumed, _framesEnd - consumed).CopyTo(_frames);
                _framesEnd -= consumed;
                if (_framesEnd == 0 && _frames.Length > 64 * 1024) _frames = [];
                if (_plainEnd > 0) return;
                continue;
            }
            if (_ended) return;
            if (_framesEnd == _frames.Length) Array.Resize(ref _frames, Math.Max(4096, _frames.Length * 2));
            var received = _inner.Receive(_frames.AsSpan(_framesEnd));
            if (received == 0) return;
            if (received < 0)
            {
                _ended = true;
                IsHungUp = true;
                return;
            }
            _framesEnd += received;
        }
    }

    public override void Send(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        _writer.Reset();
        CompressedFrames.Write(_writer, ref _sequence, bytes);
        _inner.Send(_writer.Written);
    }

    void IEndpointOwner.OnReadable()
    {
        IsHungUp |= _inner.IsHungUp;
        MaybeReadable = true;
        Owner?.OnReadable();
    }

    void IEndpointOwner.OnDrained() => Owner?.OnDrained();

    internal override void OnEvents(uint events) { }

    public override void Close()
    {
        if (IsClosed) return;
        IsClosed = true;
        Owner = null;
        _inner.Close();
    }
}
