using System.Security.Cryptography.X509Certificates;
using System.Text;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Sessions;
using Headwater.Gateway.Transport;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Backends;

/// <summary>Why a backend could not be had. A refusal is the server's own word and goes to the client as it is.</summary>
internal sealed record LoginFailure(bool Refused, ushort Code, string SqlState, string Message)
{
    public static LoginFailure Lost(string why) => new(false, ServerErrors.ConnectionLost, "08S01", why);
}

/// <summary>Connects and logs in to a server on the reactor, as the client's user.</summary>
internal static class BackendLogin
{
    /// <summary>Every backend tracks all session variables: that is how the gateway knows what a session stands at and what it committed.</summary>
    public const string TrackEverything = "SET @@session.session_track_system_variables='*', @@session.session_track_schema=1";
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    public static async ValueTask<(Backend?, LoginFailure?)> OpenAsync(ServerPool pool, BackendProfile profile, string? schema)
    {
        if (pool.Address is not { } address) return (null, LoginFailure.Lost($"the address of {pool.Server} does not resolve"));
        var loop = pool.On.Loop;
        var server = pool.View.State;
        var epoch = pool.On.View.Epoch;
        var highest = server.Threads.Highest;
        var connected = new Signal<int>().Within(loop, Limit);
        Endpoint endpoint = PlainEndpoint.Connect(loop, address, (_, error) => connected.Set(error));
        var errno = await connected;
        if (connected.TimedOut || errno != 0)
        {
            endpoint.Close();
            return (null, LoginFailure.Lost(connected.TimedOut ? $"no connection to {pool.Server} within {Limit.TotalSeconds:0} s" : $"no connection to {pool.Server}: {Native.Message(errno)}"));
        }
        var input = new PacketInput(endpoint) { Limit = 1 << 30 };
        var watchdog = loop.After(Limit, input.Abort);
        try
        {
            var message = await input.NextAsync();
            if (message.IsEnd) return Failed(endpoint, input, "the server closed before its greeting");
            if (message.Payload is [0xFF, ..]) return Refused(endpoint, input, message.Payload);
            var greeting = Greeting.Parse(message.Payload);
            if (!server.Threads.Accepts(greeting.ThreadId, highest, EventLoop.Now))
            {
                pool.On.Server.ServerSuspected(pool.Server);
                return Failed(endpoint, input, $"{pool.Server} has restarted, or another server answers there; nothing runs there until it has been looked at");
            }
            var capabilities = Wanted(profile, greeting.Capabilities);
            byte sequence = 1;
            if (Secures(pool.On.Options.BackendTls, greeting, address, out var missing))
            {
                var writer = pool.On.Writer;
                writer.Reset();
                SslRequest.Write(writer, capabilities | Capabilities.Ssl, 1 << 30, profile.Collation);
                endpoint.Send(writer.Written);
                capabilities |= Capabilities.Ssl;
                sequence = 2;
                var secure = SecureEndpoint.AsClient((PlainEndpoint)endpoint, pool.View.Address.Host, pool.On.Options);
                if (!await secure.AuthenticatedAsync(Limit)) return Failed(secure, input, $"TLS with {pool.Server} failed: {secure.Fault}");
                input.Release();
                endpoint = secure;
                watchdog.Cancel();
                input = new PacketInput(endpoint) { Limit = 1 << 30 };
                watchdog = loop.After(Limit, input.Abort);
            }
            else if (missing is not null) return Failed(endpoint, input, missing);

            var request = new LoginRequest
            {
                Capabilities = capabilities | (schema is null ? 0 : Capabilities.ConnectWithDb),
                Collation = profile.Collation,
                User = profile.Identity.User,
                AuthResponse = Answer(profile.Identity, greeting.AuthPlugin, greeting.Scramble) ?? [],
                Schema = schema,
                AuthPlugin = greeting.AuthPlugin,
            };
            Send(pool, endpoint, w => request.Write(w, sequence));
            while (true)
            {
                message = await input.NextAsync();
                if (message.IsEnd) return Failed(endpoint, input, "the server closed during login");
                var payload = message.Payload;
                if (payload.IsEmpty) return Failed(endpoint, input, "an empty packet during login");
                if (payload[0] == 0x00) break;
                if (payload[0] == 0xFF) return Refused(endpoint, input, payload);
                var next = (byte)(message.Sequence + 1);
                byte[]? answer;
                if (payload[0] == 0xFE)
                {
                    var ask = AuthSwitchRequest.Parse(payload);
                    answer = Answer(profile.Identity, ask.Plugin, ask.Data);
                    if (answer is null) return Failed(endpoint, input, $"{pool.Server} asks for {ask.Plugin}, for which the gateway needs the password of '{profile.Identity.User}' in its configuration");
                }
                else if (payload is [CachingSha2.ExtraDataHeader, CachingSha2.FastSuccess, ..]) continue;
                else if (payload is [CachingSha2.ExtraDataHeader, CachingSha2.FullRequired, ..] && profile.Identity.Password is { } password)
                {
                    if (!MaySendPassword(pool.On.Options.BackendTls, endpoint.IsSecure))
                        return Failed(endpoint, input, $"{pool.Server} asks for the password of '{profile.Identity.User}' itself, which is sent only through TLS with a verified certificate (backend.tls: verified)");
                    answer = CachingSha2.Cleartext(password);
                }
                else return Failed(endpoint, input, $"{pool.Server} asks for a login step that is not spoken here");
                var bytes = answer;
                Send(pool, endpoint, w =>
                {
                    w.Begin(next);
                    w.Bytes(bytes);
                    w.End();
                });
            }
            var settings = pool.On.Interner.Intern(new SessionSettings(schema, []));
            var backend = new Backend(pool, server, epoch, profile, endpoint, input, greeting.ThreadId, settings);
            if (await backend.RunAsync(TrackEverything) is not { Failed: false }) return Failed(endpoint, input, "session tracking could not be switched on");
            return (backend, null);
        }
        catch (MalformedPacketException malformed)
        {
            return Failed(endpoint, input, malformed.Message);
        }
        finally
        {
            watchdog.Cancel();
        }
    }

    /// <summary>A password itself goes only to who has proven to be the server: TLS that is not verified may end at anybody.</summary>
    internal static bool MaySendPassword(BackendTls tls, bool isSecure) => isSecure && tls == BackendTls.Verified;

    /// <summary>The profile's bits, as far as the server offers them.</summary>
    static Capabilities Wanted(BackendProfile profile, Capabilities offered) => (profile.Capabilities | BackendProfile.Always) & (offered | Capabilities.PluginAuthLenencData | Capabilities.MultiResults);

    static bool Secures(BackendTls wanted, Greeting greeting, SocketAddress address, out string? missing)
    {
        missing = null;
        // A Unix socket does not leave the machine.
        if (wanted == BackendTls.Off || address.Family == Native.AfUnix) return false;
        if ((greeting.Capabilities & Capabilities.Ssl) != 0) return true;
        if (wanted != BackendTls.Preferred) missing = "the server offers no TLS and backend.tls requires it";
        return false;
    }

    static byte[]? Answer(Identity identity, string plugin, byte[] scramble) =>
        plugin switch
        {
            NativePassword.Name => NativePassword.Response(scramble, identity.PasswordSha1),
            Ed25519.Name when identity.Password is { } password => Ed25519.Sign(Encoding.UTF8.GetBytes(password), scramble),
            CachingSha2.Name when identity.Password is { } password => CachingSha2.Response(scramble, password),
            _ => null,
        };

    static void Send(ServerPool pool, Endpoint endpoint, Action<PacketWriter> write)
    {
        var writer = pool.On.Writer;
        writer.Reset();
        write(writer);
        endpoint.Send(writer.Written);
    }

    static (Backend?, LoginFailure?) Failed(Endpoint endpoint, PacketInput input, string why)
    {
        input.Release();
        endpoint.Close();
        return (null, LoginFailure.Lost(why));
    }

    static bool TryError(ReadOnlySpan<byte> payload, out ErrPacket error)
    {
        error = default;
        try
        {
            return ErrPacket.TryParse(payload, out error);
        }
        catch (MalformedPacketException)
        {
            return false;
        }
    }

    static (Backend?, LoginFailure?) Refused(Endpoint endpoint, PacketInput input, ReadOnlySpan<byte> payload)
    {
        if (!TryError(payload, out var error)) return Failed(endpoint, input, "the server refused with an error that cannot be read");
        var failure = new LoginFailure(true, error.Code, Encoding.ASCII.GetString(error.SqlState), Encoding.UTF8.GetString(error.Message));
        input.Release();
        endpoint.Close();
        return (null, failure);
    }
}
