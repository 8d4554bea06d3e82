using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Headwater.Gateway;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Transport;
using Headwater.Wire.MySql;

namespace Headwater.Tests.Gateway;

/// <summary>TLS with clients that do it right, half, and not at all.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));
    FakeCluster _cluster = null!;

    public ValueTask InitializeAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=gateway", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
        _cluster = new FakeCluster(2, options => options with { LoginTimeout = TimeSpan.FromSeconds(3), Certificate = certificate });
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        Assert.Equal("", await _cluster.LeftoversAsync());
        await _cluster.DisposeAsync();
        _limit.Dispose();
    }

    static byte[] AskForTls()
    {
        var writer = new PacketWriter();
        SslRequest.Write(writer, RawClient.Usual | Capabilities.Ssl, 1 << 24, 45);
        return writer.Written.ToArray();
    }

    /// <summary>Sends what it is given together with the first write after it.</summary>
    sealed class Together(Socket socket, byte[] first) : NetworkStream(socket)
    {
        byte[] _first = first;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            byte[] both = [.. _first, .. buffer.Span];
            _first = [];
            await base.WriteAsync(both, cancellationToken);
        }
    }

    async Task<SslStream> SecuredAsync(RawClient client, bool together)
    {
        Assert.True(await client.GreetedAsync(_limit.Token));
        if (!together) await client.SendAsync(AskForTls());
        var tls = new SslStream(new Together(client.Socket, together ? AskForTls() : []), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "gateway" }, _limit.Token);
        return tls;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_large_result_comes_whole_through_tls_also_when_the_handshake_comes_with_the_request(bool together)
    {
        using var client = await _cluster.ConnectAsync();
        await using var tls = await SecuredAsync(client, together);
        await tls.WriteAsync(client.LoginBytes(FakeCluster.User, FakeCluster.Password, sequence: 2), _limit.Token);
        var header = new byte[4];
        async Task<byte[]> PacketAsync()
        {
            await tls.ReadExactlyAsync(header, _limit.Token);
            var payload = new byte[Packet.PayloadLength(header)];
            await tls.ReadExactlyAsync(payload, _limit.Token);
            return payload;
        }
        Assert.Equal(0, (await PacketAsync())[0]);
        await tls.WriteAsync(RawClient.QueryBytes("select 'big' from t where rows = 20000 and width = 200"), _limit.Token);
        for (var i = 0; i < 4; i++) await PacketAsync();
        byte sequence = header[3];
        for (var i = 0; i < 20_000; i++)
        {
            var row = await PacketAsync();
            Assert.Equal(++sequence, header[3]);
            Assert.Equal((byte[])[3, .. "big"u8], row[..4]);
            Assert.Equal((byte)('a' + i % 26), row[^1]);
        }
        Assert.Equal(0xFE, (await PacketAsync())[0]);
    }

    [Fact]
    public async Task A_client_that_stalls_before_during_or_after_the_handshake_is_ended_in_time()
    {
        using var before = await _cluster.ConnectAsync();
        Assert.True(await before.GreetedAsync(_limit.Token));
        await before.SendAsync(AskForTls());
        using var during = await _cluster.ConnectAsync();
        Assert.True(await during.GreetedAsync(_limit.Token));
        await during.SendAsync((byte[])[.. AskForTls(), 0x16, 0x03, 0x01, 0x02, 0x00, 0x01]);
        using var garbage = await _cluster.ConnectAsync();
        Assert.True(await garbage.GreetedAsync(_limit.Token));
        await garbage.SendAsync((byte[])[.. AskForTls(), .. "this is no handshake at all"u8]);
        using var after = await _cluster.ConnectAsync();
        await using var tls = await SecuredAsync(after, together: false);
        await tls.WriteAsync(after.LoginBytes(FakeCluster.User, FakeCluster.Password, sequence: 2).AsMemory(0, 20), _limit.Token);
        // The sessions must end by themselves, while the clients still hold on.
        Assert.Equal("", await _cluster.LeftoversAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task A_wrong_password_inside_tls_is_refused_inside_tls()
    {
        using var client = await _cluster.ConnectAsync();
        await using var tls = await SecuredAsync(client, together: false);
        await tls.WriteAsync(client.LoginBytes(FakeCluster.User, "wrong", sequence: 2), _limit.Token);
        var answer = new byte[200];
        Assert.True(await tls.ReadAtLeastAsync(answer, 20, throwOnEndOfStream: false, _limit.Token) >= 20);
        Assert.Equal(3, answer[3]);
        Assert.Equal(0xFF, answer[4]);
    }

    [Fact]
    public void Malformed_compressed_data_ends_the_connection_and_is_no_fault()
    {
        using var loop = new EventLoop(0, _ => { });
        foreach (var bytes in (byte[][])[[5, 0, 0, 0, 9, 0, 0, 1, 2, 3, 4, 5], [4, 0, 0, 0, 100, 0, 0, 0x78, 0xBB, 1, 2], [1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 1]])
        {
            var plain = new MemoryEndpoint(loop);
            var input = new PacketInput(new CompressedEndpoint(plain));
            Assert.False(input.NextAsync().IsCompleted);
            var ended = false;
            input.OnCompleted(() => ended = input.GetResult().IsEnd);
            plain.Arrive(bytes);
            Assert.True(ended);
        }
    }

    [Fact]
    public async Task An_account_that_requires_TLS_is_let_in_through_it_only_with_the_servers_own_error_otherwise()
    {
        using var plain = await _cluster.ConnectAsync();
        Assert.True(await plain.GreetedAsync(_limit.Token));
        await plain.SendAsync(plain.LoginBytes("secure", FakeCluster.Password));
        Assert.True(ErrPacket.TryParse((await plain.ReadAsync(_limit.Token))!.Value.Payload, out var refused));
        Assert.Equal(1045, refused.Code);

        using var secure = await _cluster.ConnectAsync();
        await using var tls = await SecuredAsync(secure, together: false);
        await tls.WriteAsync(secure.LoginBytes("secure", FakeCluster.Password, sequence: 2), _limit.Token);
        Assert.Equal(0, await FirstByteAsync(tls));

        using var certified = await _cluster.ConnectAsync();
        await using var alsoTls = await SecuredAsync(certified, together: false);
        await alsoTls.WriteAsync(certified.LoginBytes("certified", FakeCluster.Password, sequence: 2), _limit.Token);
        Assert.Equal(0xFF, await FirstByteAsync(alsoTls));
    }

    async Task<int> FirstByteAsync(SslStream tls)
    {
        var header = new byte[5];
        await tls.ReadExactlyAsync(header, _limit.Token);
        return header[4];
    }

    [Theory]
    [InlineData(BackendTls.Verified, true, true)]
    [InlineData(BackendTls.Verified, false, false)]
    [InlineData(BackendTls.Required, true, false)]
    [InlineData(BackendTls.Preferred, true, false)]
    public void A_password_itself_goes_only_to_a_server_that_has_proven_itself(BackendTls tls, bool secured, bool may) =>
        Assert.Equal(may, Headwater.Gateway.Backends.BackendLogin.MaySendPassword(tls, secured));
}
