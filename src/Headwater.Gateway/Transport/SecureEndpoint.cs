using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Headwater.Gateway.Reactor;

namespace Headwater.Gateway.Transport;

/// <summary>TLS over a plain endpoint, by the runtime's SslStream. An idle session holds no buffer: a zero-byte read waits for it.</summary>
internal sealed class SecureEndpoint : Endpoint
{
    public override bool IsSecure => true;

    readonly PlainEndpoint _plain;
    readonly LoopStream _stream;
    readonly SslStream _tls;
    readonly Func<Task> _authenticate;
    readonly OutputQueue _output;
    byte[]? _received;
    int _receivedStart, _receivedEnd;
    Signal<bool>? _consumed;
    bool _ended, _writing;

    public string Fault { get; private set; } = "";

    SecureEndpoint(PlainEndpoint plain, byte[] ahead, Func<SslStream, Task> authenticate) : base(plain.Loop)
    {
        _plain = plain;
        _stream = new LoopStream(plain, ahead);
        _tls = new SslStream(_stream, leaveInnerStreamOpen: true);
        _output = new OutputQueue(plain.Loop.Buffers);
        _authenticate = () => authenticate(_tls);
    }

    /// <summary><paramref name="ahead"/>: what of the handshake has been received already.</summary>
    public static SecureEndpoint AsServer(PlainEndpoint plain, X509Certificate2 certificate, byte[] ahead) =>
        new(plain, ahead, tls => tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = certificate,
            ClientCertificateRequired = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        }));

    public static SecureEndpoint AsClient(PlainEndpoint plain, string host, GatewayOptions options) =>
        new(plain, [], tls => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = host,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                if (options.BackendTls != BackendTls.Verified) return true; // encrypts, does not prove who is there: the manual says so
                if (errors == SslPolicyErrors.None) return true;
                if (options.BackendAuthorities is not { } authorities || certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0) return false;
                using var own = new X509Chain();
                own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                own.ChainPolicy.CustomTrustStore.AddRange(authorities);
                own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                return own.Build(new X509Certificate2(certificate));
            },
        }));

    /// <summary>Runs the handshake and starts receiving. False: it failed, and <see cref="Fault"/> says how.</summary>
    public Signal<bool> AuthenticatedAsync(TimeSpan limit)
    {
        var done = new Signal<bool>().Within(Loop, limit);
        _ = Authenticate(done);
        return done;
    }

    async Task Authenticate(Signal<bool> done)
    {
        var succeeded = false;
        try
        {
            await _authenticate();
            succeeded = true;
        }
        catch (Exception fault) when (fault is AuthenticationException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            Fault = fault.Message;
        }
        OnLoop(() =>
        {
            if (succeeded && !IsClosed) _ = ReceiveAll();
            done.Set(succeeded);
        });
    }

    async Task ReceiveAll()
    {
        try
        {
            while (true)
            {
                _ = await _tls.ReadAsync(Memory<byte>.Empty); // waits for data without holding a buffer for it
                if (IsClosed) return;
                _received ??= Loop.Buffers.Rent(16 * 1024);
                var count = await _tls.ReadAsync(_received);
                if (IsClosed) return;
                if (count == 0) break;
                _receivedStart = 0;
                _receivedEnd = count;
                MaybeReadable = true;
                _consumed = new Signal<bool>();
                var consumed = _consumed;
                Owner?.OnReadable();
                await consumed;
                if (IsClosed) return;
            }
        }
        catch (Exception fault) when (fault is IOException or AuthenticationException or ObjectDisposedException or InvalidOperationException)
        {
            Fault = fault.Message;
        }
        _ended = true;
        IsHungUp = true;
        MaybeReadable = true;
        ReleaseReceived();
        Owner?.OnReadable();
    }

    public override long PendingOutput => _output.Length + _plain.PendingOutput;

    public override int Receive(Span<byte> into)
    {
        if (IsClosed) return -1;
        if (_receivedEnd == _receivedStart)
        {
            MaybeReadable = _ended;
            return _ended ? -1 : 0;
        }
        var take = Math.Min(into.Length, _receivedEnd - _receivedStart);
        _received.AsSpan(_receivedStart, take).CopyTo(into);
        _receivedStart += take;
        if (_receivedStart == _receivedEnd)
        {
            MaybeReadable = _ended;
            ReleaseReceived();
            var consumed = _consumed;
            _consumed = null;
            // Not inline: the receiver is in the middle of its own work.
            if (consumed is not null) Loop.Post(() => consumed.Set(true));
        }
        return take;
    }

    void ReleaseReceived()
    {
        if (_received is null) return;
        Loop.Buffers.Return(_received);
        _received = null;
        _receivedStart = _receivedEnd = 0;
    }

    public override void Send(ReadOnlySpan<byte> bytes)
    {
        if (IsClosed || bytes.IsEmpty) return;
        _output.Append(bytes);
        if (!_writing) _ = WriteAll();
    }

    async Task WriteAll()
    {
        _writing = true;
        try
        {
            while (_output.Length > 0 && !IsClosed)
            {
                var head = _output.Head.ToArray();
                await _tls.WriteAsync(head);
                if (IsClosed) return;
                _output.Consume(head.Length);
            }
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or InvalidOperationException)
        {
            Fault = fault.Message;
            IsHungUp = true;
            _output.Clear();
        }
        finally
        {
            _writing = false;
        }
        Owner?.OnDrained();
    }

    internal override void OnEvents(uint events) { }

    public override void Close()
    {
        if (IsClosed) return;
        IsClosed = true;
        Owner = null;
        ReleaseReceived();
        _output.Clear();
        _stream.Abort();
        _plain.Close();
        _tls.Dispose();
    }

    void OnLoop(Action action)
    {
        if (Loop.IsCurrent) action();
        else Loop.Post(action);
    }
}
