using Headwater.Configuration;
using Headwater.Tls;
using Xunit;

namespace Headwater.Tests.Tls;

public sealed class CertificatesTests : IDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("headwater-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_own_certificate_is_made_once_and_its_key_is_the_owner_s_alone()
    {
        using var first = Certificates.Own(_directory, TimeProvider.System);
        using var second = Certificates.Own(_directory, TimeProvider.System);
        Assert.Equal(first.Thumbprint, second.Thumbprint);
        Assert.True(first.HasPrivateKey);
        Assert.True(first.MatchesHostname("localhost") && first.MatchesHostname("127.0.0.1"));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_directory, Certificates.OwnKeyFile)));
    }

    [Fact]
    public void A_configured_certificate_is_checked_with_its_key()
    {
        Certificates.Own(Path.Combine(_directory, "a"), TimeProvider.System).Dispose();
        Certificates.Own(Path.Combine(_directory, "b"), TimeProvider.System).Dispose();
        ConfigReading Read(string key, string ca) => ConfigFile.Parse(
            $"servers: [s]\nmonitor: {{ user: m }}\ntls: {{ certificate: a/tls.crt, key: {key} }}\nbackend: {{ ca: {ca} }}\n", "headwater.yaml", _directory);

        var good = Read("a/tls.key", "b/tls.crt");
        Assert.Empty(good.Problems);
        Assert.True(good.Config!.Gateway.Certificate!.HasPrivateKey);
        Assert.Single(good.Config.Gateway.BackendAuthorities!);

        var strangers = Assert.Single(Read("b/tls.key", "b/tls.crt").Problems).ToString();
        Assert.StartsWith("headwater.yaml:3:21: tls.certificate: found \"a/tls.crt\", which is not usable: ", strangers);
        Assert.EndsWith("needed: a certificate and the key that belongs to it, as PEM", strangers);
        Assert.Contains("backend.ca: found \"a/tls.key\", which is not usable: no certificate is in it", Assert.Single(Read("a/tls.key", "a/tls.key").Problems).ToString());
    }
}
