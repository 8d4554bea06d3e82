using System.Numerics;
using System.Security.Cryptography;

namespace Headwater.Wire.MySql;

/// <summary>
/// MariaDB's <c>ed25519</c> authentication (the client's half is called <c>client_ed25519</c>): the server sends 32 random bytes, the client
/// signs them. Source: https://mariadb.com/kb/en/authentication-plugin-ed25519/ ; the curve is RFC 8032's.
///
/// Oddity: the secret scalar comes from SHA-512 over the password itself, of any length, where RFC 8032 hashes a 32-byte seed.
/// So no library's Ed25519 can be used, and the packages that expose the curve do not restore here: the group is written out on
/// <see cref="BigInteger"/>. That is not constant in time and costs milliseconds; it runs only when somebody logs in.
/// </summary>
public static class Ed25519
{
    public const string Name = "client_ed25519";

    /// <summary>The name under which servers keep such accounts.</summary>
    public const string ServerName = "ed25519";
    public const int ScrambleLength = 32, PublicKeyLength = 32, SignatureLength = 64;

    static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;
    static readonly BigInteger Order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);
    static readonly BigInteger D = Mod(-121665 * Inverse(121666));
    static readonly BigInteger RootOfMinusOne = BigInteger.ModPow(2, (P - 1) / 4, P);
    static readonly Point Generator = DecompressTrusted(4 * Inverse(5), odd: false);

    public static byte[] PublicKey(ReadOnlySpan<byte> password) => Compress(Multiply(ScalarOf(SHA512.HashData(password)), Generator));

    /// <summary>The 64 bytes that a client answers with; an empty password signs like any other.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> password, ReadOnlySpan<byte> scramble)
    {
        var secret = SHA512.HashData(password);
        var scalar = ScalarOf(secret);
        var publicKey = Compress(Multiply(scalar, Generator));
        var nonce = Number(SHA512.HashData([.. secret.AsSpan(32), .. scramble])) % Order;
        var signature = new byte[SignatureLength];
        Compress(Multiply(nonce, Generator)).CopyTo(signature, 0);
        var challenge = Number(SHA512.HashData([.. signature.AsSpan(0, 32), .. publicKey, .. scramble])) % Order;
        Bytes((nonce + challenge * scalar) % Order).CopyTo(signature, 32);
        return signature;
    }

    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> scramble, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != PublicKeyLength || signature.Length != SignatureLength) return false;
        if (!TryDecompress(publicKey, out var key)) return false;
        var s = Number(signature[32..]);
        if (s >= Order) return false;
        var challenge = Number(SHA512.HashData([.. signature[..32], .. publicKey, .. scramble])) % Order;
        // R = sB - hA, compared as bytes, as MariaDB's reference code does.
        var negatedKey = new Point(Mod(-key.X), key.Y, key.Z, Mod(-key.T));
        var r = Add(Multiply(s, Generator), Multiply(challenge, negatedKey));
        return CryptographicOperations.FixedTimeEquals(Compress(r), signature[..32]);
    }

    // Extended coordinates of the twisted Edwards curve: x = X/Z, y = Y/Z, T = XY/Z (RFC 8032, 5.1.4).
    readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T);

    static readonly Point Neutral = new(0, 1, 1, 0);

    static Point Add(in Point p, in Point q)
    {
        var a = Mod((p.Y - p.X) * (q.Y - q.X));
        var b = Mod((p.Y + p.X) * (q.Y + q.X));
        var c = Mod(2 * p.T * q.T % P * D);
        var d = Mod(2 * p.Z * q.Z);
        BigInteger e = b - a, f = d - c, g = d + c, h = b + a;
        return new Point(Mod(e * f), Mod(g * h), Mod(f * g), Mod(e * h));
    }

    static Point Multiply(BigInteger scalar, Point point)
    {
        var result = Neutral;
        while (!scalar.IsZero)
        {
            if (!scalar.IsEven) result = Add(result, point);
            point = Add(point, point);
            scalar >>= 1;
        }
        return result;
    }

    static BigInteger ScalarOf(byte[] secret)
    {
        var clamped = secret.AsSpan(0, 32).ToArray();
        clamped[0] &= 248;
        clamped[31] = (byte)(clamped[31] & 63 | 64);
        return Number(clamped);
    }

    static byte[] Compress(in Point point)
    {
        var inverse = Inverse(point.Z);
        var bytes = Bytes(Mod(point.Y * inverse));
        if (!Mod(point.X * inverse).IsEven) bytes[31] |= 0x80;
        return bytes;
    }

    static bool TryDecompress(ReadOnlySpan<byte> bytes, out Point point)
    {
        point = default;
        var copy = bytes.ToArray();
        var odd = (copy[31] & 0x80) != 0;
        copy[31] &= 0x7F;
        var y = Number(copy);
        if (y >= P || RootFor(y) is not { } x) return false;
        if (x.IsZero && odd) return false;
        if (x.IsEven == odd) x = P - x;
        point = new Point(x, y, 1, Mod(x * y));
        return true;
    }

    static Point DecompressTrusted(BigInteger y, bool odd)
    {
        y = Mod(y);
        var x = RootFor(y) ?? throw new InvalidOperationException("The generator is on the curve.");
        if (x.IsEven == odd) x = P - x;
        return new Point(x, y, 1, Mod(x * y));
    }

    // The x of a point with this y, or null when there is none: x² = (y² - 1) / (dy² + 1).
    static BigInteger? RootFor(BigInteger y)
    {
        var square = Mod((y * y - 1) * Inverse(Mod(D * y * y + 1)));
        var x = BigInteger.ModPow(square, (P + 3) / 8, P);
        if (Mod(x * x - square) != 0) x = Mod(x * RootOfMinusOne);
        return Mod(x * x - square) == 0 ? x : null;
    }

    static BigInteger Inverse(BigInteger x) => BigInteger.ModPow(Mod(x), P - 2, P);

    static BigInteger Mod(BigInteger x)
    {
        var rest = x % P;
        return rest.Sign < 0 ? rest + P : rest;
    }

    static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true);

    static byte[] Bytes(BigInteger number)
    {
        var bytes = new byte[32];
        number.TryWriteBytes(bytes, out _, isUnsigned: true);
        return bytes;
    }
}
