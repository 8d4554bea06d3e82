using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.Tests.Wire;

public class AuthenticationTests
{
    static readonly byte[] Scramble = [.. Enumerable.Range(65, 20).Select(static i => (byte)i)];

    [Fact]
    public void A_native_proof_is_checked_and_gives_the_hash_that_logs_in()
    {
        var hash = NativePassword.Sha1Of("secret");
        // SELECT PASSWORD('secret') on a MariaDB server.
        Assert.True(NativePassword.TryParseStored("*14E65567ABDB5135D0CFD9A70B3032C179A49EE7", out var stored));
        Assert.Equal(SHA1.HashData(hash), stored);
        var proof = NativePassword.Response(Scramble, hash);
        Assert.True(NativePassword.TryRecover(proof, Scramble, stored, out var recovered));
        Assert.Equal(hash, recovered);
        proof[7] ^= 1;
        Assert.False(NativePassword.TryRecover(proof, Scramble, stored, out recovered));
        Assert.Empty(recovered);
    }

    [Fact]
    public void An_account_without_a_password_takes_an_empty_proof_only()
    {
        Assert.Empty(NativePassword.Response(Scramble, NativePassword.Sha1Of("")));
        Assert.True(NativePassword.TryRecover([], Scramble, [], out _));
        Assert.False(NativePassword.TryRecover(new byte[20], Scramble, [], out _));
        Assert.False(NativePassword.TryRecover([], Scramble, new byte[20], out _));
    }

    [Theory]
    [InlineData("*14"), InlineData("14E65567ABDB5135D0CFD9A70B3032C179A49EE7"), InlineData("*14E65567ABDB5135D0CFD9A70B3032C179A49EEX"), InlineData("invalid")]
    public void What_is_no_native_hash_is_refused(string stored) => Assert.False(NativePassword.TryParseStored(stored, out _));

    [Fact]
    public void The_public_key_is_the_one_that_MariaDB_stores() =>
        // The manual's own example: CREATE USER … IDENTIFIED VIA ed25519 USING PASSWORD('secret').
        Assert.Equal("ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY", Convert.ToBase64String(Ed25519.PublicKey("secret"u8)).TrimEnd('='));

    [Fact]
    public void A_signature_verifies_and_no_changed_one_does()
    {
        var scramble = SHA256.HashData("scramble"u8);
        var key = Ed25519.PublicKey("pässword"u8);
        var signature = Ed25519.Sign("pässword"u8, scramble);
        Assert.True(Ed25519.Verify(key, scramble, signature));
        foreach (var at in (int[])[0, 31, 32, 63])
        {
            var changed = (byte[])signature.Clone();
            changed[at] ^= 1;
            Assert.False(Ed25519.Verify(key, scramble, changed));
        }
        Assert.False(Ed25519.Verify(Ed25519.PublicKey("other"u8), scramble, signature));
        Assert.False(Ed25519.Verify(key, scramble, new byte[63]));
        Assert.False(Ed25519.Verify([.. Enumerable.Repeat((byte)0xFF, 32)], scramble, signature));
    }

    [Fact]
    public void A_caching_sha2_proof_is_checked()
    {
        var proof = CachingSha2.Response(Scramble, "secret");
        Assert.Equal(32, proof.Length);
        Assert.True(CachingSha2.Verify(proof, Scramble, "secret"));
        Assert.False(CachingSha2.Verify(proof, Scramble, "other"));
        Assert.False(CachingSha2.Verify([], Scramble, "secret"));
        Assert.True(CachingSha2.Verify([], Scramble, ""));
    }

    [Fact]
    public void A_whole_password_travels_under_the_servers_RSA_key()
    {
        using var rsa = RSA.Create(2048);
        var encrypted = CachingSha2.Encrypted("secret", Scramble, rsa.ExportSubjectPublicKeyInfoPem());
        Assert.Equal("secret", CachingSha2.Decrypted(encrypted, Scramble, rsa));
        Assert.Null(CachingSha2.Decrypted(new byte[10], Scramble, rsa));
        Assert.Throws<MalformedPacketException>(() => CachingSha2.Encrypted("secret", Scramble, "no key"));
    }
}
