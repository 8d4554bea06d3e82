using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Headwater.Core.Failover;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Streams.Sinks;
using Headwater.Tls;

namespace Headwater.Configuration;

/// <summary>What must hold between keys, and the paths and secrets that a single value cannot judge.</summary>
sealed class ConfigRules(ConfigReader reader, ConfigValues values, string directory)
{
    readonly Dictionary<string, string> _secrets = [];

    /// <summary>The configured certificate; null when there is none.</summary>
    public X509Certificate2? Certificate { get; private set; }

    public X509Certificate2Collection? BackendAuthorities { get; private set; }

    /// <summary>Headwater's own for etcd, and etcd's authorities; null where none are configured.</summary>
    public X509Certificate2? EtcdCertificate { get; private set; }

    public X509Certificate2Collection? EtcdAuthorities { get; private set; }

    public void Check()
    {
        CheckServers();
        CheckListeners();
        CheckUsers();
        CheckHttpUsers();
        CheckSecret(values, "monitor.", Keys.MonitorPassword, Keys.MonitorPasswordFile);
        CheckSecret(values, "control.", Keys.ControlReplicationPassword, Keys.ControlReplicationPasswordFile);
        CheckSecret(values, "control.", Keys.ControlRecoveryPassword, Keys.ControlRecoveryPasswordFile);
        CheckSecret(values, "feed.", Keys.FeedPassword, Keys.FeedPasswordFile);
        CheckSecret(values, "control.etcd.", Keys.EtcdPassword, Keys.EtcdPasswordFile);
        CheckCertificates();
        CheckShape();
        if (values.Get(Keys.CacheEnabled) && !values.Get(Keys.FeedEnabled))
            reader.Problem(values.MarkOf(Keys.CacheEnabled), Keys.CacheEnabled.Path, $"found true where {Keys.FeedEnabled.Path} is false; needed: {Keys.FeedEnabled.Path}: true, as only the log tells when a result is no longer true");
        CheckSinks();
        CheckEtcd();
        if (values.Get(Keys.DeadAfter) <= values.Get(Keys.ProbeEvery))
            reader.Problem(values.Has(Keys.DeadAfter) ? values.MarkOf(Keys.DeadAfter) : values.MarkOf(Keys.ProbeEvery), Keys.DeadAfter.Path,
                $"found {Notations.Show(values.Get(Keys.DeadAfter))} where {Keys.ProbeEvery.Path} is {Notations.Show(values.Get(Keys.ProbeEvery))}; allowed: more than that, or a server would be dead before it is asked");
    }

    public string PathOf(string written) => Path.GetFullPath(written, directory);

    public WatchedServer Server(ConfigValues server)
    {
        var socket = server.Find(Keys.ServerSocket);
        // A server reached by socket only still needs a host for people and for replicas that name it.
        var address = server.Find(Keys.ServerAddress) ?? new ServerAddress("localhost", 3306);
        if (socket is not null) address = address with { Socket = PathOf(socket) };
        var tags = server.Get(Keys.ServerTags).Aggregate(ServerTags.None, static (all, tag) => all | tag);
        return new WatchedServer(new ServerId(NameOf(server)), address) { Tags = tags, Weight = server.Get(Keys.ServerWeight), Zone = server.Find(Keys.ServerZone) ?? "" };
    }

    /// <summary>One entry with an address and a socket is two listeners with the same settings.</summary>
    public IEnumerable<ListenerOptions> Listener(ConfigValues written)
    {
        var settings = new ListenerOptions
        {
            Tls = written.Get(Keys.ListenerTls),
            Level = written.Get(Keys.ListenerLevel),
            Tag = written.Get(Keys.ListenerTag) ?? ServerTags.None,
            ProxyProtocolFrom = written.Get(Keys.ListenerProxyProtocol),
        };
        if (written.Find(Keys.ListenerAddress) is { } address)
            yield return settings with { Address = IPAddress.Parse(address.Host), Port = address.Port };
        if (written.Find(Keys.ListenerSocket) is { } socket)
            yield return settings with { Socket = PathOf(socket) };
    }

    public UserRule User(ConfigValues user) => new()
    {
        Name = user.Find(Keys.UserName)!,
        Level = user.Get(Keys.UserLevel),
        Tag = user.Get(Keys.UserTag) ?? ServerTags.None,
        MaxSessions = user.Get(Keys.UserMaxSessions) ?? 0,
        Password = Secret(user, Keys.UserPassword, Keys.UserPasswordFile),
    };

    public string? Secret(ConfigValues from, Key<string> byValue, Key<string> byFile) =>
        from.Find(byValue) ?? (from.Find(byFile) is { } path ? _secrets.GetValueOrDefault(PathOf(path)) : null);

    public static string NameOf(ConfigValues server) => server.Find(Keys.ServerName)
        ?? server.Find(Keys.ServerAddress)?.ToString() ?? server.Find(Keys.ServerSocket) ?? "";

    void CheckServers()
    {
        var names = new Dictionary<string, long>();
        foreach (var (server, number) in values.Items(Keys.Servers).Select(static (server, index) => (server, index + 1)))
        {
            var shown = $"servers[{number}]";
            if (!server.Has(Keys.ServerAddress) && !server.Has(Keys.ServerSocket))
            {
                if (!AlreadyNoted(shown))
                    reader.Problem(server.Start, shown, "found neither address nor socket; needed: where the server listens, such as address: 10.0.0.1:3306");
            }
            else if (!names.TryAdd(NameOf(server), server.Start.Line))
                reader.Problem(server.Start, shown, $"found a second server named \"{NameOf(server)}\" (the first is on line {names[NameOf(server)]}); allowed: each name and address once");
        }
    }

    void CheckListeners()
    {
        var endpoints = new Dictionary<string, long>();
        foreach (var (listener, number) in values.Items(Keys.Listeners).Select(static (listener, index) => (listener, index + 1)))
        {
            var shown = $"listeners[{number}]";
            var address = listener.Find(Keys.ListenerAddress);
            var socket = listener.Find(Keys.ListenerSocket) is { } path ? PathOf(path) : null;
            if (address is null && socket is null && !AlreadyNoted(shown))
                reader.Problem(listener.Start, shown, "found neither address nor socket; needed: where to listen, such as address: 0.0.0.0:4406");
            foreach (var endpoint in new[] { address is { Port: not 0 } ? address.ToString() : null, socket })
                if (endpoint is not null && !endpoints.TryAdd(endpoint, listener.Start.Line))
                    reader.Problem(listener.Start, shown, $"found {endpoint} a second time (first on line {endpoints[endpoint]}); allowed: each address and socket once");
            if (values.Get(Keys.HttpAddress) is { Port: not 0 } http && address is not null && http == address)
                reader.Problem(listener.MarkOf(Keys.ListenerAddress), $"{shown}.address", $"found {address}, which is also http.address; allowed: an address of its own");
        }
    }

    void CheckUsers()
    {
        var names = new Dictionary<string, long>();
        foreach (var (user, number) in values.Items(Keys.Users).Select(static (user, index) => (user, index + 1)))
        {
            if (user.Find(Keys.UserName) is { } name && !names.TryAdd(name, user.Start.Line))
                reader.Problem(user.MarkOf(Keys.UserName), $"users[{number}].name", $"found \"{name}\" a second time (first on line {names[name]}); allowed: one entry for each user");
            CheckSecret(user, $"users[{number}].", Keys.UserPassword, Keys.UserPasswordFile);
        }
    }

    void CheckHttpUsers()
    {
        var names = new HashSet<string>();
        foreach (var (user, number) in values.Items(Keys.HttpUsers).Select(static (user, index) => (user, index + 1)))
            if (user.Find(Keys.HttpUserName) is { } name && !names.Add(name))
                reader.Problem(user.MarkOf(Keys.HttpUserName), $"http.users[{number}].name", $"found \"{name}\" a second time; allowed: each name once");
    }

    void CheckSinks()
    {
        var names = new HashSet<string>();
        foreach (var (sink, number) in values.Items(Keys.FeedSinks).Select(static (sink, index) => (sink, index + 1)))
        {
            var shown = $"feed.sinks[{number}]";
            if (!values.Get(Keys.FeedEnabled)) reader.Problem(sink.Start, shown, $"found where {Keys.FeedEnabled.Path} is false; needed: {Keys.FeedEnabled.Path}: true");
            if (sink.Find(Keys.SinkName) is { } name && !names.Add(name)) reader.Problem(sink.MarkOf(Keys.SinkName), $"{shown}.name", $"found \"{name}\" a second time; allowed: each name once");
            if (sink.Find(Keys.SinkUrl) is not { } url) continue;
            string[] schemes = sink.Get(Keys.SinkKindKey) == SinkKind.Rabbitmq ? ["amqp", "amqps"] : ["http", "https"];
            if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || !schemes.Contains(uri.Scheme))
                reader.Problem(sink.MarkOf(Keys.SinkUrl), $"{shown}.url", $"found a text that is not shown; needed: a URL that starts with {schemes[0]}:// or {schemes[1]}://");
        }
    }

    void CheckSecret(ConfigValues from, string prefix, Key<string> byValue, Key<string> byFile)
    {
        if (from.Find(byFile) is not { } written) return;
        var mark = from.MarkOf(byFile);
        if (from.Has(byValue))
        {
            reader.Problem(mark, prefix + byFile.Name, $"found beside {byValue.Name}; allowed: one of the two");
            return;
        }
        var path = PathOf(written);
        try
        {
            var secret = File.ReadLines(path).FirstOrDefault() ?? "";
            if (secret.Length == 0) reader.Problem(mark, prefix + byFile.Name, $"found \"{written}\", whose first line is empty; needed: the password on its first line");
            _secrets[path] = secret;
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            reader.Problem(mark, prefix + byFile.Name, $"found \"{written}\", which cannot be read: {ConfigFile.Why(trouble)}");
        }
    }

    void CheckCertificates()
    {
        Certificate = Pair(Keys.TlsCertificate, Keys.TlsKey);
        BackendAuthorities = Authorities(Keys.BackendCa);
        EtcdCertificate = Pair(Keys.EtcdCertificate, Keys.EtcdKey);
        EtcdAuthorities = Authorities(Keys.EtcdCa);
    }

    void CheckShape()
    {
        if (values.Get(Keys.ControlShapeKey) == ControlShape.Ring && values.Get(Keys.ControlRpo) != LossPromise.BestEffort)
            reader.Problem(values.MarkOf(Keys.ControlShapeKey), Keys.ControlShapeKey.Path, $"found ring where {Keys.ControlRpo.Path} is {Notations.NameOf(values.Get(Keys.ControlRpo))}; needed: {Keys.ControlRpo.Name}: best-effort, as what a member writes reaches one other member directly, and the rest only by way of that");
    }

    void CheckEtcd()
    {
        if (values.Get(Keys.ControlLeaseKey) == ControlLease.File) return;
        var mark = values.MarkOf(Keys.ControlLeaseKey);
        if (values.Get(Keys.ControlModeKey) == ControlMode.Off)
            reader.Problem(mark, Keys.ControlLeaseKey.Path, $"found etcd where {Keys.ControlModeKey.Path} is off; needed: mode: act, or nobody here could ever hold the lease");
        if (values.Get(Keys.EtcdEndpoints).IsDefaultOrEmpty)
            reader.Problem(mark, Keys.EtcdEndpoints.Path, "missing; needed with lease: etcd: the client URLs of etcd's members, such as [http://10.0.0.1:2379]");
    }

    X509Certificate2? Pair(Key<string> certificate, Key<string> key)
    {
        if (values.Has(certificate) != values.Has(key))
        {
            var (given, missing) = values.Has(certificate) ? (certificate, key) : (key, certificate);
            reader.Problem(values.MarkOf(given), given.Path, $"found without {missing.Path}; allowed: both or neither");
            return null;
        }
        return values.Find(certificate) is { } path && IsReadable(certificate) && IsReadable(key)
            ? Load(certificate, "a certificate and the key that belongs to it", () => Certificates.Load(PathOf(path), PathOf(values.Find(key)!))) : null;
    }

    X509Certificate2Collection? Authorities(Key<string> key) => values.Find(key) is { } path && IsReadable(key)
        ? Load(key, "one or more certificates", () => Certificates.LoadAuthorities(PathOf(path))) : null;

    T? Load<T>(Key<string> key, string needed, Func<T> load) where T : class
    {
        try
        {
            return load();
        }
        catch (Exception malformed) when (malformed is CryptographicException or ArgumentException)
        {
            reader.Problem(values.MarkOf(key), key.Path, $"found \"{values.Find(key)}\", which is not usable: {malformed.Message.TrimEnd('.')}; needed: {needed}, as PEM");
            return null;
        }
    }

    bool IsReadable(Key<string> key)
    {
        try
        {
            using var readable = File.OpenRead(PathOf(values.Find(key)!));
            return true;
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            reader.Problem(values.MarkOf(key), key.Path, $"found \"{values.Find(key)}\", which cannot be read: {ConfigFile.Why(trouble)}");
            return false;
        }
    }

    bool AlreadyNoted(string shown) => reader.Problems.Any(problem => problem.Key == shown || problem.Key.StartsWith(shown + ".", StringComparison.Ordinal));
}
