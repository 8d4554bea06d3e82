using System.Security.Cryptography;
using System.Text;

namespace Headwater.Wire.MySql;

/// <summary>
/// mysql_native_password. The server stores S = SHA1(SHA1(password)); the client proves with
/// SHA1(password) XOR SHA1(scramble + S). Source: https://mariadb.com/kb/en/authentication-plugin-mysql_native_password/ .
///
/// Whoever knows S and sees one proof knows SHA1(password), which is all that a login needs. That weakness is what lets a gateway check a
/// client without any password of its own, and then log in to a server for it.
/// </summary>
public static class NativePassword
{
    public const string Name = "mysql_native_password";
    public const int HashLength = 20;

    /// <summary>The proof; empty for an empty password.</summary>
    public static byte[] Response(ReadOnlySpan<byte> scramble, ReadOnlySpan<byte> passwordSha1)
    {
        if (passwordSha1.IsEmpty) return [];
        Span<byte> stored = stackalloc byte[HashLength];
        SHA1.HashData(passwordSha1, stored);
        return Masked(passwordSha1, scramble, stored);
    }

    /// <summary>SHA1(password); empty for an empty password, which has no hash in this scheme.</summary>
    public static byte[] Sha1Of(string password) => password.Length == 0 ? [] : SHA1.HashData(Encoding.UTF8.GetBytes(password));

    /// <summary>
    /// Checks a client's proof against what the servers store and, when it is right, recovers the SHA1 of the password. For an account
    /// without a password (<paramref name="storedDoubleSha1"/> empty) the proof must be empty, and so is what is recovered.
    /// </summary>
    public static bool TryRecover(ReadOnlySpan<byte> response, ReadOnlySpan<byte> scramble, ReadOnlySpan<byte> storedDoubleSha1, out byte[] passwordSha1)
    {
        passwordSha1 = [];
        if (storedDoubleSha1.IsEmpty) return response.IsEmpty;
        if (response.Length != HashLength || storedDoubleSha1.Length != HashLength) return false;
        var candidate = Masked(response, scramble, storedDoubleSha1);
        Span<byte> check = stackalloc byte[HashLength];
        SHA1.HashData(candidate, check);
        if (!CryptographicOperations.FixedTimeEquals(check, storedDoubleSha1)) return false;
        passwordSha1 = candidate;
        return true;
    }

    /// <summary>Reads what the servers store: <c>*</c> and 40 hexadecimal digits, or nothing for no password.</summary>
    public static bool TryParseStored(string stored, out byte[] doubleSha1)
    {
        doubleSha1 = [];
        if (stored.Length == 0) return true;
        if (stored.Length != 1 + 2 * HashLength || stored[0] != '*') return false;
        var bytes = new byte[HashLength];
        if (Convert.FromHexString(stored.AsSpan(1), bytes, out _, out _) != System.Buffers.OperationStatus.Done) return false;
        doubleSha1 = bytes;
        return true;
    }

    static byte[] Masked(ReadOnlySpan<byte> what, ReadOnlySpan<byte> scramble, ReadOnlySpan<byte> stored)
    {
        Span<byte> mask = stackalloc byte[HashLength];
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        sha.AppendData(scramble);
        sha.AppendData(stored);
        sha.GetHashAndReset(mask);
        var masked = new byte[HashLength];
        for (var i = 0; i < HashLength; i++) masked[i] = (byte)(what[i] ^ mask[i]);
        return masked;
    }
}
