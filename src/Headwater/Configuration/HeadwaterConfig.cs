using System.Collections.Immutable;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Servers;

namespace Headwater.Configuration;

/// <summary>
/// What was configured, checked and complete; immutable, replaced whole at a reload. Made by <see cref="ConfigFile"/>.
/// What is for one part of the program is already that part's own options: there are no twins to map between.
/// </summary>
sealed record HeadwaterConfig
{
    public required string Cluster { get; init; }
    public required string StateDirectory { get; init; }

    /// <summary>At a stop, how long running transactions have to end.</summary>
    public TimeSpan Drain { get; init; }
    public required ImmutableArray<ServerConfig> Servers { get; init; }
    public required MonitorConfig Monitor { get; init; }

    /// <summary>Complete but for the certificate where none is configured: then it is the gateway's own, kept in the state directory.</summary>
    public required GatewayOptions Gateway { get; init; }

    /// <summary>Null: no HTTP.</summary>
    public ListenAddress? Http { get; init; }
    public required LogConfig Log { get; init; }

    /// <summary>Null: nothing is traced.</summary>
    public TracingConfig? Tracing { get; init; }
}

sealed record ServerConfig(ServerId Id, ServerAddress Address, ServerTags Tags, double Weight, string Zone);

sealed record MonitorConfig(string User, string Password, TlsMode Tls, bool Discover, TimeSpan SampleEvery, TimeSpan ProbeEvery, TimeSpan DeadAfter)
{
    public override string ToString() => User;
}

enum LogFormat { Text, Json }

sealed record LogConfig(LogLevel Level, LogFormat Format);

sealed record TracingConfig(Uri Otlp, double Ratio);
