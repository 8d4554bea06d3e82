using System.Security.Cryptography;
using System.Text;

namespace Headwater.Wire.MySql;

/// <summary>
/// caching_sha2_password. The fast proof is SHA256(password) XOR SHA256(SHA256(SHA256(password)) + scramble). A server that has not
/// cached the account asks for the whole password: in clear inside TLS or on a Unix socket, else masked by the scramble and encrypted
/// with the server's RSA key. Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html .
/// </summary>
public static class CachingSha2
{
    public const string Name = "caching_sha2_password";
    public const int HashLength = 32;

    /// <summary>The one-byte packet by which a client asks for the RSA key.</summary>
    public const byte RequestPublicKey = 2;

    /// <summary>Second byte of an extra-data packet (header 1): the fast proof was right, an OK follows.</summary>
    public const byte FastSuccess = 3;

    /// <summary>Second byte of an extra-data packet (header 1): send the whole password.</summary>
    public const byte FullRequired = 4;

    /// <summary>First byte of the server's packets inside the exchange.</summary>
    public const byte ExtraDataHeader = 1;

    public static byte[] Response(ReadOnlySpan<byte> scramble, string password)
    {
        if (password.Length == 0) return [];
        Span<byte> once = stackalloc byte[HashLength];
        SHA256.HashData(Encoding.UTF8.GetBytes(password), once);
        Span<byte> twice = stackalloc byte[HashLength];
        SHA256.HashData(once, twice);
        Span<byte> mask = stackalloc byte[HashLength];
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(twice);
        sha.AppendData(scramble);
        sha.GetHashAndReset(mask);
        for (var i = 0; i < HashLength; i++) once[i] ^= mask[i];
        return once.ToArray();
    }

    public static bool Verify(ReadOnlySpan<byte> response, ReadOnlySpan<byte> scramble, string password) =>
        CryptographicOperations.FixedTimeEquals(response, Response(scramble, password));

    /// <summary>The whole password for a connection that is already private: its bytes and a zero.</summary>
    public static byte[] Cleartext(string password) => [.. Encoding.UTF8.GetBytes(password), 0];

    /// <summary>The whole password for an open connection. <paramref name="publicKeyPem"/> is what the server sent.</summary>
    public static byte[] Encrypted(string password, ReadOnlySpan<byte> scramble, string publicKeyPem)
    {
        if (scramble.IsEmpty) throw new MalformedPacketException("the server's scramble is empty");
        var masked = Cleartext(password);
        for (var i = 0; i < masked.Length; i++) masked[i] ^= scramble[i % scramble.Length];
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(publicKeyPem);
            return rsa.Encrypt(masked, RSAEncryptionPadding.OaepSHA1);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new MalformedPacketException("the server's RSA key cannot be used");
        }
    }

    /// <summary>The server's side of <see cref="Encrypted"/>: null when it does not decrypt to a zero-terminated password.</summary>
    public static string? Decrypted(ReadOnlySpan<byte> encrypted, ReadOnlySpan<byte> scramble, RSA privateKey)
    {
        if (scramble.IsEmpty) return null;
        try
        {
            var masked = privateKey.Decrypt(encrypted, RSAEncryptionPadding.OaepSHA1);
            for (var i = 0; i < masked.Length; i++) masked[i] ^= scramble[i % scramble.Length];
            return masked.Length > 0 && masked[^1] == 0 ? Encoding.UTF8.GetString(masked, 0, masked.Length - 1) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
