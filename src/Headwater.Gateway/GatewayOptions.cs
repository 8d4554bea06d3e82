using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Topology;
using Headwater.Gateway.Caching;

namespace Headwater.Gateway;

public enum ClientTls : byte
{
    Off,
    Optional,
    Required,
}

public enum BackendTls : byte
{
    Off,
    Preferred,
    Required,
    Verified,
}

/// <summary>An address that clients connect to, and what it is bound to.</summary>
public sealed record ListenerOptions
{
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>TCP port; 0 lets the system choose.</summary>
    public int Port { get; init; }

    /// <summary>Path of a Unix socket instead of address and port.</summary>
    public string? Socket { get; init; }
    public Level? Level { get; init; }
    public ServerTags Tag { get; init; }
    public ClientTls Tls { get; init; } = ClientTls.Optional;

    /// <summary>Networks whose connections begin with a PROXY protocol header.</summary>
    public ImmutableArray<IPNetwork> ProxyProtocolFrom { get; init; } = [];

    internal bool ExpectsProxyHeader(string host)
    {
        if (ProxyProtocolFrom.IsDefaultOrEmpty || !IPAddress.TryParse(host, out var address)) return false;
        foreach (var network in ProxyProtocolFrom)
            if (network.Contains(address)) return true;
        return false;
    }
}

/// <summary>What differs for one user.</summary>
public sealed record UserRule
{
    public required string Name { get; init; }
    public Level? Level { get; init; }
    public ServerTags Tag { get; init; }

    /// <summary>Most sessions of this user at once; 0: no own limit.</summary>
    public int MaxSessions { get; init; }

    /// <summary>Needed only where the servers do not hold what a challenge can be checked with (client_ed25519, caching_sha2_password).</summary>
    public string? Password { get; init; }

    public override string ToString() => Name;
}

/// <summary>All that the gateway is told. Immutable; a changed configuration is applied as a whole.</summary>
public sealed record GatewayOptions
{
    public ImmutableArray<ListenerOptions> Listeners { get; init; } = [];
    public Level DefaultLevel { get; init; } = Level.Session;
    public RoutingPolicy Routing { get; init; } = new();

    /// <summary>How many reads a second are looked at again; 0: none. Not while the log is not followed.</summary>
    public double AuditedReadsPerSecond { get; init; } = 1;

    public int MaxSessions { get; init; } = 20_000;
    public int MaxBackendsPerServer { get; init; } = 200;

    /// <summary>Statements that may wait for a backend, per server; one more is refused at once.</summary>
    public int MaxQueued { get; init; } = 1_000;
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest run of a statement; zero: no limit.</summary>
    public TimeSpan StatementTimeout { get; init; }

    /// <summary>
    /// How long the gateway's own statements on a backend may take (settings, what a session left there). They are short, so what takes longer is lost:
    /// the view notices a hung server sooner, but not one connection to it whose packets go nowhere.
    /// </summary>
    internal TimeSpan OwnStatementTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The same for what may rightly take long: preparing waits for who alters the table, a reset for what it rolls back.</summary>
    internal TimeSpan OwnLongStatementTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a client may take to log in.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest command taken from a client, bytes.</summary>
    public int MaxPacketBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Memory for what is known of statements' texts, per reactor, bytes.</summary>
    public long FactsBudgetBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Prepared statements that one backend keeps; the least recently used is closed beyond it.</summary>
    public int MaxStatementsPerBackend { get; init; } = 500;
    public TimeSpan BackendIdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Statements slower than this are logged; zero: none.</summary>
    public TimeSpan SlowStatement { get; init; } = TimeSpan.FromSeconds(1);
    public bool TrustHints { get; init; }

    /// <summary>Which results are kept; null: none. Needs the log.</summary>
    public CacheOptions? Cache { get; init; }
    public ImmutableArray<UserRule> Users { get; init; } = [];
    public X509Certificate2? Certificate { get; init; }
    public BackendTls BackendTls { get; init; } = BackendTls.Preferred;

    /// <summary>Certificate authorities that backends' certificates are checked against when verified; null: the system's.</summary>
    public X509Certificate2Collection? BackendAuthorities { get; init; }

    /// <summary>Reactor threads; 0: half the processors, at least one.</summary>
    public int Threads { get; init; }

    public UserRule? RuleOf(string user)
    {
        foreach (var rule in Users)
            if (rule.Name == user) return rule;
        return null;
    }
}
