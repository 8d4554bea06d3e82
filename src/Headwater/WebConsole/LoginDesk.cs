using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Headwater.WebConsole;

/// <summary>What came of a login: a session's cookie, or why there is none.</summary>
readonly record struct LoginOutcome(string? Cookie, Caller? Caller, int Status, string Why);

/// <summary>
/// Who is logged in. Sessions are in memory only: a restart ends them. Guessing is slowed down by what a password costs to check, one at a time, and by
/// a bound on failures from each address and for each name.
/// </summary>
sealed class LoginDesk(Func<ImmutableArray<ConsoleUser>> users, TimeProvider time) : IDisposable
{
    static readonly TimeSpan Lasts = TimeSpan.FromHours(12), Forgets = TimeSpan.FromMinutes(1);
    const int MostFailures = 5, MostFailuresOfName = 50, MostSessions = 1000, MostWaiting = 20, MostPassword = 1024;
    static readonly PasswordHash NobodysPassword = PasswordHash.Of(Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)));
    readonly ConcurrentDictionary<string, (ConsoleUser User, DateTimeOffset Until)> _sessions = new();
    readonly Dictionary<string, (int Count, DateTimeOffset Since)> _failures = [];
    readonly SemaphoreSlim _one = new(1);
    int _waiting;

    public bool HasUsers => !users().IsEmpty;

    /// <summary>Whoever was taken out of the configuration, or given another password or role, is not logged in any more.</summary>
    public Caller? Find(string? cookie)
    {
        if (cookie is null || !_sessions.TryGetValue(Key(cookie), out var session)) return null;
        if (session.Until > time.GetUtcNow() && users().Contains(session.User)) return new Caller(session.User.Name, session.User.Role);
        _sessions.TryRemove(Key(cookie), out _);
        return null;
    }

    public async Task<LoginOutcome> LoginAsync(string name, string password, string from, CancellationToken ct)
    {
        if (password.Length > MostPassword) return Refused(401, "name or password is wrong");
        // From everywhere together a name is tried more often before it is closed: nobody shall lock others out with a few guesses.
        if (IsSlowedDown(from, MostFailures) || IsSlowedDown("name " + name, MostFailuresOfName)) return Refused(429, "too many wrong passwords; wait a minute");
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return Refused(429, "too many logins at once; try again");
        }
        try
        {
            await _one.WaitAsync(ct);
            try
            {
                var user = users().FirstOrDefault(user => user.Name == name);
                // An unknown name takes as long as a wrong password.
                var fits = await Task.Run(() => (user?.Password ?? NobodysPassword).Fits(password), ct);
                if (user is null || !fits)
                {
                    Failed(from);
                    Failed("name " + name);
                    return Refused(401, "name or password is wrong");
                }
                return new LoginOutcome(Begin(user), new Caller(user.Name, user.Role), 200, "");
            }
            finally
            {
                _one.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Logout(string? cookie)
    {
        if (cookie is not null) _sessions.TryRemove(Key(cookie), out _);
    }

    string Begin(ConsoleUser user)
    {
        var now = time.GetUtcNow();
        foreach (var (key, session) in _sessions)
            if (session.Until <= now) _sessions.TryRemove(key, out _);
        if (_sessions.Count >= MostSessions) _sessions.TryRemove(_sessions.MinBy(static session => session.Value.Until).Key, out _);
        var cookie = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        _sessions[Key(cookie)] = (user, now + Lasts);
        return cookie;
    }

    bool IsSlowedDown(string whom, int most)
    {
        lock (_failures) return _failures.TryGetValue(whom, out var failed) && failed.Count >= most && time.GetUtcNow() - failed.Since < Forgets;
    }

    void Failed(string whom)
    {
        lock (_failures)
        {
            var now = time.GetUtcNow();
            foreach (var old in _failures.Where(failed => now - failed.Value.Since >= Forgets).Select(static failed => failed.Key).ToList()) _failures.Remove(old);
            _failures[whom] = _failures.TryGetValue(whom, out var before) ? (before.Count + 1, before.Since) : (1, now);
        }
    }

    // A dump of the memory, or a comparison that takes its time, shows no cookie.
    static string Key(string cookie) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(cookie)));

    static LoginOutcome Refused(int status, string why) => new(null, null, status, why);

    public void Dispose() => _one.Dispose();
}
