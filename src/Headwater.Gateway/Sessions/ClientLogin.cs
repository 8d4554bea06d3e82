using System.Security.Cryptography;
using System.Text;
using Headwater.Core.Topology;
using Headwater.Gateway.Backends;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Transport;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Sessions;

/// <summary>What a login established.</summary>
internal sealed record LoggedIn(Identity Identity, Capabilities Capabilities, byte Collation, string? Schema, Endpoint Endpoint, PacketInput Input, byte NextSequence, LoginRequest Request);

/// <summary>
/// The server's side of the handshake. A client of mysql_native_password is checked against the hash that the servers hold, and its own
/// proof yields what the gateway logs in with behind: no password stands in the configuration.
/// </summary>
internal sealed class ClientLogin(GatewayThread on, ListenerOptions listener, string clientHost, uint threadId)
{
    /// <summary>Told when the connection goes on inside TLS: from then on only that endpoint is to be used, closed and timed.</summary>
    public Action<Endpoint, PacketInput>? Secured { get; init; }

    const Capabilities Offered =
        Capabilities.FoundRows | Capabilities.LongFlag | Capabilities.ConnectWithDb | Capabilities.NoSchema | Capabilities.Odbc | Capabilities.LocalFiles
        | Capabilities.IgnoreSpace | Capabilities.Protocol41 | Capabilities.Interactive | Capabilities.IgnoreSigpipe | Capabilities.Transactions | Capabilities.Reserved
        | Capabilities.SecureConnection | Capabilities.MultiStatements | Capabilities.MultiResults | Capabilities.PsMultiResults | Capabilities.PluginAuth
        | Capabilities.ConnectAttributes | Capabilities.PluginAuthLenencData | Capabilities.CanHandleExpiredPasswords | Capabilities.SessionTrack
        | Capabilities.DeprecateEof | Capabilities.Compress | Capabilities.MariaDbStmtBulk | Capabilities.MariaDbExtendedMetadata;

    readonly byte[] _scramble = NewScramble(Greeting.ScrambleLength);

    /// <summary>Printable and never zero: the scramble travels as a zero-terminated string.</summary>
    static byte[] NewScramble(int length)
    {
        var scramble = RandomNumberGenerator.GetBytes(length);
        for (var i = 0; i < length; i++) scramble[i] = (byte)(33 + scramble[i] % 94);
        return scramble;
    }

    /// <summary>Null: refused or gone; the client has been told.</summary>
    public async ValueTask<LoggedIn?> RunAsync(Endpoint endpoint, PacketInput input)
    {
        var offered = Offered;
        if (on.View.Primary?.Capabilities is { ProtocolCapabilities: not 0 } server)
            offered &= (Capabilities)server.ProtocolCapabilities | Capabilities.Compress | Capabilities.ConnectAttributes | Capabilities.PluginAuthLenencData;
        offered &= ~Capabilities.Ssl;
        if (listener.Tls != ClientTls.Off && on.Options.Certificate is not null) offered |= Capabilities.Ssl;
        var greeting = new Greeting
        {
            ServerVersion = on.Server.VersionShown,
            ThreadId = threadId,
            Scramble = _scramble,
            Capabilities = offered,
        };
        Send(endpoint, greeting.Write);
        input.ExpectedSequence = 1;
        var message = await input.NextAsync();
        if (message.IsEnd) return null;
        if (LoginRequest.IsSslRequest(message.Payload))
        {
            if ((offered & Capabilities.Ssl) == 0 || endpoint is not PlainEndpoint plain) return null;
            // A client begins the handshake without waiting, so its first bytes may have come along; they can be nothing but TLS.
            var secure = SecureEndpoint.AsServer(plain, on.Options.Certificate!, input.TakeRest());
            endpoint = secure;
            input = new PacketInput(endpoint) { Limit = input.Limit, ExpectedSequence = 2 };
            Secured?.Invoke(endpoint, input);
            if (!await secure.AuthenticatedAsync(on.Options.LoginTimeout))
            {
                on.Server.TlsFailed(clientHost, secure.Fault);
                return null;
            }
            message = await input.NextAsync();
            if (message.IsEnd) return null;
        }
        var request = LoginRequest.Parse(message.Payload);
        var next = (byte)(message.Sequence + 1);
        if (listener.Tls == ClientTls.Required && endpoint is not SecureEndpoint && clientHost != "unix")
        {
            Refuse(endpoint, next, 3159, "HY000", "Connections using insecure transport are prohibited here: this listener requires TLS");
            return null;
        }
        var (identity, sequence) = await AuthenticateAsync(endpoint, input, request.User, request.AuthPlugin, request.AuthResponse, _scramble, next);
        if (identity is null) return null;
        input.ExpectedSequence = 0;
        return new LoggedIn(identity, request.Capabilities & offered, request.Collation, request.Schema, endpoint, input, sequence, request);
    }

    /// <summary>Checks who it is, switching to the account's own scheme where the client began with another. Null: refused, and told so.</summary>
    public async ValueTask<(Identity? Identity, byte NextSequence)> AuthenticateAsync(
        Endpoint endpoint, PacketInput input, string user, string plugin, byte[] response, byte[] scramble, byte next)
    {
        // Before any account was learnt nobody can be told from anybody: who comes that early waits, within the time that a login has.
        var asked = EventLoop.Now;
        while (!on.Server.AccountsAreKnown && EventLoop.Now - asked < on.Options.LoginTimeout / 2 && !endpoint.IsHungUp)
        {
            var soon = new Signal<bool>().Within(on.Loop, TimeSpan.FromMilliseconds(10));
            await soon;
        }
        var account = on.Server.FindAccount(user, clientHost);
        var rule = on.Options.RuleOf(user);
        var scheme = account?.Plugin switch
        {
            null => NativePassword.Name,
            Ed25519.ServerName => Ed25519.Name,
            var other => other,
        };
        if (rule?.Password is not null && account is null) scheme = NativePassword.Name;
        if (plugin != scheme && scheme is NativePassword.Name or Ed25519.Name or CachingSha2.Name && (plugin != scheme))
        {
            scramble = NewScramble(scheme == Ed25519.Name ? Ed25519.ScrambleLength : Greeting.ScrambleLength);
            var ask = new AuthSwitchRequest { Plugin = scheme, Data = scramble };
            Send(endpoint, w => ask.Write(w, next));
            input.ExpectedSequence = (byte)(next + 1);
            var message = await input.NextAsync();
            if (message.IsEnd) return (null, 0);
            response = message.Payload.ToArray();
            next = (byte)(message.Sequence + 1);
        }
        Identity? identity = null;
        string? why = null;
        switch (scheme)
        {
            case NativePassword.Name:
                if (account is not null && NativePassword.TryRecover(response, scramble, account.Authentication.AsSpan(), out var sha1)) identity = new Identity(user, sha1, rule?.Password);
                break;
            case Ed25519.Name when rule?.Password is { } password:
                if (Ed25519.Verify(Ed25519.PublicKey(Encoding.UTF8.GetBytes(password)), scramble, response)) identity = new Identity(user, NativePassword.Sha1Of(password), password);
                break;
            case CachingSha2.Name when rule?.Password is { } password:
                if (!CachingSha2.Verify(response, scramble, password)) break;
                identity = new Identity(user, NativePassword.Sha1Of(password), password);
                var ok = next++;
                Send(endpoint, w =>
                {
                    w.Begin(ok);
                    w.UInt8(CachingSha2.ExtraDataHeader);
                    w.UInt8(CachingSha2.FastSuccess);
                    w.End();
                });
                break;
            default:
                why = $" (the account uses {account!.Plugin}: give the gateway its password under users in the configuration)";
                break;
        }
        // The servers ask it of the gateway's connection to them, which says nothing of the client's: so it is asked here, of every way in, as they do.
        if (identity is not null && account is { Tls: not AccountTls.None } && (account.Tls == AccountTls.Certificate || !endpoint.IsSecure))
        {
            identity = null;
            if (account.Tls == AccountTls.Certificate) why = " (the account requires a client's certificate, which the gateway cannot show to the servers: connect to a server, or let the account REQUIRE SSL)";
        }
        if (identity is null)
        {
            on.Statistics.LoginsFailed++;
            on.Server.AccountMissing(user);
            var shownHost = clientHost == "unix" ? "localhost" : clientHost;
            Refuse(endpoint, next, 1045, "28000", $"Access denied for user '{user}'@'{shownHost}' (using password: {(response.Length > 0 ? "YES" : "NO")}){why}");
            return (null, 0);
        }
        return (identity, next);
    }

    public void Send(Endpoint endpoint, Action<PacketWriter> write)
    {
        on.Writer.Reset();
        write(on.Writer);
        endpoint.Send(on.Writer.Written);
    }

    public void Refuse(Endpoint endpoint, byte sequence, ushort code, string state, string message) =>
        Send(endpoint, w => ErrPacket.Write(w, sequence, code, state, message));
}

/// <summary>Finds the account that a server would choose: the most specific host that matches. Source: https://mariadb.com/kb/en/create-user/#account-names .</summary>
internal static class AccountMatch
{
    public static Account? Find(Accounts accounts, string user, string clientHost)
    {
        Account? best = null;
        var bestRank = -1;
        foreach (var account in accounts.All)
        {
            if (account.User != user) continue;
            var rank = Rank(account.Host, clientHost);
            if (rank <= bestRank) continue;
            best = account;
            bestRank = rank;
        }
        // The most specific account decides, also when it is locked; several ways to prove oneself share one host.
        return best is { Locked: true } ? accounts.All.FirstOrDefault(a => a.User == user && a.Host == best.Host && !a.Locked) : best;
    }

    /// <summary>How specifically a host pattern fits; -1 when it does not.</summary>
    static int Rank(string pattern, string host)
    {
        var local = host is "unix" or "127.0.0.1" or "::1";
        if (pattern.Length == 0 || pattern == "%") return 0;
        if (pattern == host) return 1000;
        if (local && pattern == "localhost") return 1000;
        var slash = pattern.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && System.Net.IPAddress.TryParse(pattern.AsSpan(0, slash), out var network) && System.Net.IPAddress.TryParse(pattern.AsSpan(slash + 1), out var mask) && System.Net.IPAddress.TryParse(host, out var address))
        {
            var (a, n, m) = (address.GetAddressBytes(), network.GetAddressBytes(), mask.GetAddressBytes());
            if (a.Length != n.Length || a.Length != m.Length) return -1;
            for (var i = 0; i < a.Length; i++)
                if ((a[i] & m[i]) != n[i]) return -1;
            return 500;
        }
        if (pattern.AsSpan().IndexOfAny('%', '_') < 0) return -1;
        return Like(pattern, host) ? 1 + pattern.IndexOfAny(['%', '_']) : -1;
    }

    /// <summary>SQL LIKE over a host name: iterative with one backtrack point, so no pattern is slow.</summary>
    static bool Like(string pattern, string text)
    {
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '%')
            {
                star = p++;
                mark = t;
            }
            else if (p < pattern.Length && (pattern[p] == '_' || char.ToLowerInvariant(pattern[p]) == char.ToLowerInvariant(text[t])))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++mark;
            }
            else return false;
        }
        while (p < pattern.Length && pattern[p] == '%') p++;
        return p == pattern.Length;
    }
}
