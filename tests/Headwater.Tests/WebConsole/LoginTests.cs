using System.Collections.Immutable;
using Headwater.WebConsole;
using Xunit;

namespace Headwater.Tests.WebConsole;

public sealed class LoginTests : IDisposable
{
    // The fewest rounds that are allowed, so that the tests need not wait.
    static readonly PasswordHash Secret = OfFewRounds("open sesame");
    static readonly ConsoleUser Olga = new("olga", ConsoleRole.Operator, Secret);
    ImmutableArray<ConsoleUser> _users = [Olga];
    readonly MovedClock _clock = new();
    readonly LoginDesk _desk;

    public LoginTests() => _desk = new LoginDesk(() => _users, _clock);

    public void Dispose() => _desk.Dispose();

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    static PasswordHash OfFewRounds(string password)
    {
        var salt = new byte[16];
        var key = System.Security.Cryptography.Rfc2898DeriveBytes.Pbkdf2(password, salt, 10_000, System.Security.Cryptography.HashAlgorithmName.SHA512, 32);
        Assert.True(PasswordHash.TryParse($"pbkdf2-sha512$10000${Convert.ToBase64String(salt)}${Convert.ToBase64String(key)}", out var hash));
        return hash;
    }

    [Fact]
    public void A_hash_is_read_as_it_was_printed_and_fits_its_password_only()
    {
        var hash = PasswordHash.Of("correct horse");
        Assert.True(PasswordHash.TryParse(hash.ToString(), out var read));
        Assert.Equal(hash, read);
        Assert.True(read.Fits("correct horse"));
        Assert.False(read.Fits("correct horse "));
        Assert.NotEqual(hash.ToString(), PasswordHash.Of("correct horse").ToString());
        foreach (var wrong in (string[])["", "open sesame", "pbkdf2-sha512$1$AAAA$AAAA", hash.ToString().Replace("sha512", "sha1", StringComparison.Ordinal), hash.ToString()[..^4]])
            Assert.False(PasswordHash.TryParse(wrong, out _), wrong);
    }

    [Fact]
    public async Task A_session_lasts_half_a_day_or_until_its_user_is_changed_or_logs_out()
    {
        var login = await _desk.LoginAsync("olga", "open sesame", "10.0.0.1", Ct);
        Assert.Equal(new Caller("olga", ConsoleRole.Operator), _desk.Find(login.Cookie));
        Assert.Null(_desk.Find(login.Cookie + "0"));
        _clock.Advance(TimeSpan.FromHours(13));
        Assert.Null(_desk.Find(login.Cookie));

        var again = await _desk.LoginAsync("olga", "open sesame", "10.0.0.1", Ct);
        _users = [Olga with { Role = ConsoleRole.Viewer }];
        Assert.Null(_desk.Find(again.Cookie));

        var third = await _desk.LoginAsync("olga", "open sesame", "10.0.0.1", Ct);
        Assert.NotNull(_desk.Find(third.Cookie));
        _desk.Logout(third.Cookie);
        Assert.Null(_desk.Find(third.Cookie));
    }

    [Fact]
    public async Task Guessing_is_slowed_down_for_the_one_who_guesses()
    {
        for (var i = 0; i < 5; i++) Assert.Equal(401, (await _desk.LoginAsync("olga", $"guess {i}", "10.0.0.9", Ct)).Status);
        Assert.Equal(429, (await _desk.LoginAsync("olga", "open sesame", "10.0.0.9", Ct)).Status);
        Assert.Equal(200, (await _desk.LoginAsync("olga", "open sesame", "10.0.0.1", Ct)).Status);
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(200, (await _desk.LoginAsync("olga", "open sesame", "10.0.0.9", Ct)).Status);
        Assert.Equal(401, (await _desk.LoginAsync("nobody", "open sesame", "10.0.0.1", Ct)).Status);
    }

    sealed class MovedClock : TimeProvider
    {
        DateTimeOffset _now = new(2026, 3, 14, 1, 0, 0, TimeSpan.Zero);

        public void Advance(TimeSpan by) => _now += by;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
