using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Headwater.WebConsole;

/// <summary>A password as the configuration has it: <c>pbkdf2-sha512$rounds$salt$key</c>, by the framework's PBKDF2 (RFC 8018).</summary>
sealed record PasswordHash(int Rounds, string Salt, string Key)
{
    // OWASP's figure for PBKDF2-HMAC-SHA512; some 100 ms, which is also what guessing costs.
    const int UsualRounds = 210_000, LeastRounds = 10_000, MostRounds = 10_000_000, SaltBytes = 16, KeyBytes = 32;
    const string Kind = "pbkdf2-sha512";

    public static PasswordHash Of(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return new PasswordHash(UsualRounds, Convert.ToBase64String(salt), Convert.ToBase64String(Derive(password, salt, UsualRounds)));
    }

    public static bool TryParse(string text, out PasswordHash hash)
    {
        hash = null!;
        var parts = text.Split('$');
        if (parts is not [Kind, var rounds, var salt, var key] || !int.TryParse(rounds, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < LeastRounds or > MostRounds) return false;
        if (!IsBytes(salt, SaltBytes) || !IsBytes(key, KeyBytes)) return false;
        hash = new PasswordHash(count, salt, key);
        return true;
    }

    public bool Fits(string password) => CryptographicOperations.FixedTimeEquals(Convert.FromBase64String(Key), Derive(password, Convert.FromBase64String(Salt), Rounds));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind}${Rounds}${Salt}${Key}");

    static byte[] Derive(string password, byte[] salt, int rounds) => Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, rounds, HashAlgorithmName.SHA512, KeyBytes);

    static bool IsBytes(string text, int count) => Convert.TryFromBase64String(text, new byte[64], out var written) && written == count;
}
