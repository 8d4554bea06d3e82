using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Headwater.Wire.MySql;

namespace Headwater.Servers;

/// <summary>
/// The client's side of logging in: greeting, TLS, proof, authentication switch, OK.
/// Source: https://mariadb.com/kb/en/connection/ . Which proof a server takes is its account's plugin, so any round may ask for another.
/// </summary>
sealed class Handshake(PacketStream packets, ServerLogin login, string host, bool isLocal)
{
    const Capabilities Wanted = Capabilities.LongFlag | Capabilities.Protocol41 | Capabilities.Transactions | Capabilities.SecureConnection
        | Capabilities.MultiStatements | Capabilities.MultiResults | Capabilities.PsMultiResults | Capabilities.PluginAuth
        | Capabilities.PluginAuthLenencData | Capabilities.ConnectAttributes | Capabilities.SessionTrack | Capabilities.DeprecateEof;
    const int MaxRounds = 8;
    const uint MaxPacket = 1 << 30;
    readonly PacketWriter _writer = new();
    bool _secured;
    byte[] _scramble = [];
    string _plugin = "";

    public Capabilities Agreed { get; private set; }

    public async Task<Greeting> RunAsync(CancellationToken ct)
    {
        var first = await packets.ReadAsync(ct);
        ThrowIfError(first.Span);
        var greeting = Greeting.Parse(first.Span);
        if ((greeting.Capabilities & Capabilities.Protocol41) == 0) throw Refused("the server does not speak protocol 4.1");
        Agreed = Wanted & greeting.Capabilities;
        if ((greeting.Capabilities & Capabilities.LongPassword) != 0) Agreed |= Capabilities.LongPassword;
        if (login.Schema is not null) Agreed |= Capabilities.ConnectWithDb;
        if (login.Loads) Agreed |= Capabilities.LocalFiles & greeting.Capabilities;
        var sequence = packets.NextSequence;
        if (WantsTls(greeting))
        {
            Agreed |= Capabilities.Ssl;
            _writer.Reset();
            SslRequest.Write(_writer, Agreed, MaxPacket, Collations.Utf8mb4GeneralCi);
            await packets.WriteAsync(_writer, ct);
            await SecureAsync(ct);
            sequence = packets.NextSequence;
        }
        _scramble = greeting.Scramble;
        _plugin = Speaks(greeting.AuthPlugin) ? greeting.AuthPlugin : NativePassword.Name;
        _writer.Reset();
        new LoginRequest
        {
            Capabilities = Agreed,
            MaxPacket = MaxPacket,
            User = login.User,
            Schema = login.Schema,
            AuthPlugin = _plugin,
            AuthResponse = Proof(),
            Attributes = [new("_client_name", "headwater"), new("program_name", "headwater")],
        }.Write(_writer, sequence);
        await packets.WriteAsync(_writer, ct);
        await ProveAsync(ct);
        return greeting;
    }

    async Task ProveAsync(CancellationToken ct)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            var answer = await packets.ReadAsync(ct);
            if (answer.IsEmpty) throw new MalformedPacketException("the server answered a login with an empty packet");
            ThrowIfError(answer.Span);
            switch (answer.Span[0])
            {
                case OkPacket.OkHeader: return;
                case AuthSwitchRequest.Header:
                    var wanted = AuthSwitchRequest.Parse(answer.Span);
                    if (!Speaks(wanted.Plugin))
                        throw Refused($"the account asks for the authentication plugin {wanted.Plugin}; spoken are {NativePassword.Name}, {Ed25519.Name} and {CachingSha2.Name}");
                    _plugin = wanted.Plugin;
                    _scramble = wanted.Data;
                    await SendAsync(Proof(), ct);
                    break;
                case CachingSha2.ExtraDataHeader when _plugin == CachingSha2.Name && answer.Length == 2:
                    if (answer.Span[1] == CachingSha2.FullRequired) await SendWholePasswordAsync(ct);
                    break;
                default: throw new MalformedPacketException($"the server answered a login with a packet that starts with 0x{answer.Span[0]:X2}");
            }
        }
        throw new MalformedPacketException("the server goes on asking for proofs");
    }

    async Task SendWholePasswordAsync(CancellationToken ct)
    {
        if (_secured || isLocal)
        {
            await SendAsync(CachingSha2.Cleartext(login.Password), ct);
            return;
        }
        await SendAsync([CachingSha2.RequestPublicKey], ct);
        var answer = await packets.ReadAsync(ct);
        ThrowIfError(answer.Span);
        if (answer.Length < 2 || answer.Span[0] != CachingSha2.ExtraDataHeader) throw new MalformedPacketException("the server sent no RSA key");
        await SendAsync(CachingSha2.Encrypted(login.Password, _scramble, Encoding.ASCII.GetString(answer.Span[1..])), ct);
    }

    async Task SendAsync(byte[] proof, CancellationToken ct)
    {
        _writer.Reset();
        _writer.Begin(packets.NextSequence);
        _writer.Bytes(proof);
        _writer.End();
        await packets.WriteAsync(_writer, ct);
    }

    byte[] Proof() => _plugin switch
    {
        NativePassword.Name => NativePassword.Response(_scramble, NativePassword.Sha1Of(login.Password)),
        Ed25519.Name => Ed25519.Sign(Encoding.UTF8.GetBytes(login.Password), _scramble),
        _ => CachingSha2.Response(_scramble, login.Password),
    };

    static bool Speaks(string plugin) => plugin is NativePassword.Name or Ed25519.Name or CachingSha2.Name;

    bool WantsTls(Greeting greeting)
    {
        var offered = (greeting.Capabilities & Capabilities.Ssl) != 0;
        return login.Tls switch
        {
            TlsMode.Off => false,
            TlsMode.Preferred => offered && !isLocal,
            _ => offered ? true : throw Refused($"TLS is {login.Tls} and the server offers none"),
        };
    }

    async Task SecureAsync(CancellationToken ct)
    {
        var verified = login.Tls == TlsMode.Verified;
        var secured = new SslStream(packets.Stream, leaveInnerStreamOpen: false);
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = host,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = verified ? null : static (_, _, _, _) => true,
        }, ct);
        packets.Upgrade(secured);
        _secured = true;
    }

    static void ThrowIfError(ReadOnlySpan<byte> payload)
    {
        if (ErrPacket.TryParse(payload, out var error)) throw Errors.Of(error);
    }

    static ServerException Refused(string why) => new(Errors.Handshake, "08S01", why);
}
