using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Headwater.Tls;

/// <summary>The gateway's certificate: configured, or its own.</summary>
static class Certificates
{
    public const string OwnCertificateFile = "tls.crt", OwnKeyFile = "tls.key";

    /// <summary>Reads certificate and private key from PEM files. Throws <see cref="CryptographicException"/> when they are not that or do not belong together.</summary>
    public static X509Certificate2 Load(string certificatePath, string keyPath) => X509Certificate2.CreateFromPemFile(certificatePath, keyPath);

    public static X509Certificate2Collection LoadAuthorities(string path)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(path);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("no certificate is in it");
    }

    /// <summary>
    /// The own certificate kept in the state directory, made at first start: clients get encryption at once and can pin it;
    /// whoever wants it verified by an authority configures one.
    /// </summary>
    public static X509Certificate2 Own(string stateDirectory, TimeProvider time)
    {
        var (certificatePath, keyPath) = (Path.Combine(stateDirectory, OwnCertificateFile), Path.Combine(stateDirectory, OwnKeyFile));
        if (!File.Exists(certificatePath) || !File.Exists(keyPath)) Make(certificatePath, keyPath, time.GetUtcNow());
        return Load(certificatePath, keyPath);
    }

    static void Make(string certificatePath, string keyPath, DateTimeOffset now)
    {
        // P-256: a handshake costs the gateway a tenth of what RSA 2048 costs it, and every client of the last ten years knows it.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=Headwater on {Environment.MachineName}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        if (Environment.MachineName is not ("localhost" or "")) names.AddDnsName(Environment.MachineName);
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        // Its own authority, so that a client may be given the very file as its CA.
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(10));
        Write(keyPath, key.ExportPkcs8PrivateKeyPem(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Write(certificatePath, certificate.ExportCertificatePem(), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    static void Write(string path, string pem, UnixFileMode mode)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);
        // Created with its mode, not changed to it: a key is at no instant readable by others.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        using var file = new FileStream(path, options);
        file.Write(System.Text.Encoding.ASCII.GetBytes(pem + "\n"));
    }
}
