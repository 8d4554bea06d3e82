using System.Collections.Immutable;
using System.Net;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Microsoft.Extensions.Logging;

namespace Headwater.Configuration;

/// <summary>What was configured, checked and complete; immutable, replaced whole at a reload. Made by <see cref="ConfigFile"/>.</summary>
sealed record HeadwaterConfig
{
    public required string Cluster { get; init; }
    public required string StateDirectory { get; init; }
    public int Threads { get; init; }
    public TimeSpan Drain { get; init; }
    public required ImmutableArray<ServerConfig> Servers { get; init; }
    public required MonitorConfig Monitor { get; init; }
    public required ImmutableArray<ListenerConfig> Listeners { get; init; }
    public required ImmutableArray<UserConfig> Users { get; init; }
    public required ReadsConfig Reads { get; init; }
    public TimeSpan WriteHold { get; init; }
    public bool TrustHints { get; init; }
    public required LimitsConfig Limits { get; init; }

    /// <summary>Null: an own certificate, kept in the state directory.</summary>
    public CertificateConfig? Certificate { get; init; }
    public BackendTls BackendTls { get; init; }
    public string? BackendCa { get; init; }
    public ListenAddress? Http { get; init; }
    public required LogConfig Log { get; init; }
    public TracingConfig? Tracing { get; init; }
}

sealed record ServerConfig(ServerId Id, ServerAddress Address, ServerTags Tags, double Weight, string Zone);

sealed record MonitorConfig(string User, string Password, BackendTls Tls, bool Discover, TimeSpan SampleEvery, TimeSpan ProbeEvery, TimeSpan DeadAfter)
{
    public override string ToString() => User;
}

sealed record ListenerConfig(ListenAddress? Address, string? Socket, ClientTls Tls, Level? Level, ServerTags? Tag, ImmutableArray<IPNetwork> ProxyProtocol);

sealed record UserConfig(string Name, Level? Level, ServerTags? Tag, int? MaxSessions, string? Password)
{
    public override string ToString() => Name;
}

sealed record ReadsConfig(Level Level, TimeSpan Wait, TimeSpan? MaxLag, string? Zone);

sealed record LimitsConfig(int Sessions, int BackendsPerServer, int Queue, TimeSpan QueueTimeout, TimeSpan? StatementTimeout, TimeSpan? IdleTimeout,
    TimeSpan LoginTimeout, long ResultBufferBytes, long PacketBytes, long PreparedStatementBytes, long StatementFactsBytes);

sealed record CertificateConfig(string CertificatePath, string KeyPath);

sealed record LogConfig(LogLevel Level, LogFormat Format, TimeSpan? Slow);

sealed record TracingConfig(Uri Otlp, double Ratio);
