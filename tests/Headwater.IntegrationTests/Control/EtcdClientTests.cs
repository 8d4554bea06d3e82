using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Headwater.Control.Lease;
using Headwater.IntegrationTests.Fixtures;

namespace Headwater.IntegrationTests.Control;

/// <summary>A real etcd that shows a certificate, asks for one, and asks for a user.</summary>
public sealed class EtcdClientTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    readonly string _directory = Directory.CreateTempSubdirectory("hw-etcd-client-").FullName;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    X509Certificate2 Own(out string pem)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=headwater test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        pem = Path.Combine(_directory, "own.pem");
        File.WriteAllText(pem, made.ExportCertificatePem() + "\n");
        File.WriteAllText(pem + ".key", key.ExportPkcs8PrivateKeyPem() + "\n");
        return X509Certificate2.CreateFromPemFile(pem, pem + ".key");
    }

    [Fact]
    public async Task It_is_spoken_to_by_tls_with_a_certificate_of_ours()
    {
        using var own = Own(out var pem);
        await using var etcd = await EtcdServer.StartAsync(Ct, pem);
        var options = new EtcdOptions { Endpoints = [new Uri("https://127.0.0.1:1"), new Uri(etcd.Endpoint)], Prefix = "/t/", Name = "test", Authorities = [own], Certificate = own };
        var key = Encoding.UTF8.GetBytes("/t/key");
        using (var client = new EtcdClient(options, Patience))
        {
            await AnswersAsync(client, key);
            await client.PutAsync(new PutRequest(key, "value"u8.ToArray()), Ct);
            Assert.Equal("value", Encoding.UTF8.GetString(Assert.Single((await client.RangeAsync(new RangeRequest(key), Ct)).Kvs!).Value!));
        }
        using (var stranger = new EtcdClient(options with { Certificate = null }, Patience))
            await Assert.ThrowsAsync<EtcdException>(() => stranger.RangeAsync(new RangeRequest(key), Ct));
        using (var distrustful = new EtcdClient(options with { Authorities = null }, Patience))
            await Assert.ThrowsAsync<EtcdException>(() => distrustful.RangeAsync(new RangeRequest(key), Ct));
    }

    [Fact]
    public async Task A_user_logs_in_by_itself_and_again_when_etcd_has_forgotten_it()
    {
        await using var etcd = await EtcdServer.StartAsync(Ct);
        var open = new EtcdOptions { Endpoints = [new Uri(etcd.Endpoint)], Prefix = "/t/", Name = "test" };
        var key = Encoding.UTF8.GetBytes("/t/key");
        using (var client = new EtcdClient(open, Patience)) await AnswersAsync(client, key);
        using (var http = new HttpClient { BaseAddress = new Uri(etcd.Endpoint) })
            foreach (var (path, body) in ((string, string)[])[("user/add", """{"name":"root","password":"secret"}"""), ("role/add", """{"name":"root"}"""), ("user/grant", """{"user":"root","role":"root"}"""), ("enable", "{}")])
            {
                using var content = new StringContent(body);
                using var answer = await http.PostAsync($"/v3/auth/{path}", content, Ct);
                answer.EnsureSuccessStatusCode();
            }
        using (var nobody = new EtcdClient(open, Patience)) await Assert.ThrowsAsync<EtcdException>(() => nobody.RangeAsync(new RangeRequest(key), Ct));
        using (var wrong = new EtcdClient(open with { User = "root", Password = "wrong" }, Patience))
            Assert.Contains("refuses the user root", (await Assert.ThrowsAsync<EtcdException>(() => wrong.RangeAsync(new RangeRequest(key), Ct))).Message, StringComparison.Ordinal);
        using var known = new EtcdClient(open with { User = "root", Password = "secret" }, Patience);
        await known.PutAsync(new PutRequest(key, "value"u8.ToArray()), Ct);
        // Its tokens are in its memory.
        await etcd.KillAsync();
        await etcd.StartAgainAsync(Ct);
        await AnswersAsync(known, key);
        Assert.Single((await known.RangeAsync(new RangeRequest(key), Ct)).Kvs!);
    }

    static async Task AnswersAsync(EtcdClient client, byte[] key)
    {
        for (var attempt = 0; ; attempt++)
            try
            {
                await client.RangeAsync(new RangeRequest(key), Ct);
                return;
            }
            catch (EtcdException) when (attempt < 100)
            {
                await Task.Delay(100, Ct);
            }
    }
}
