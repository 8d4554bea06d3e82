using System.Collections.Immutable;
using Headwater.Alerting;
using Headwater.Control;
using Headwater.Gateway;
using Headwater.Streams;
using Headwater.Streams.Witness;
using Headwater.WebConsole;

namespace Headwater.Configuration;

/// <summary>
/// What was configured, checked and complete; immutable, replaced whole at a reload. Made by <see cref="ConfigFile"/>.
/// What is for one part of the program is already that part's own options: there are no twins to map between.
/// </summary>
sealed record HeadwaterConfig
{
    public required string StateDirectory { get; init; }

    /// <summary>At a stop, how long running transactions have to end.</summary>
    public TimeSpan Drain { get; init; }

    /// <summary>After another process has taken over, how long sessions may stay with this one.</summary>
    public TimeSpan UpgradeDrain { get; init; }

    /// <summary>Which servers are watched, as whom and how often.</summary>
    public required WatchOptions Watch { get; init; }

    /// <summary>Complete but for the certificate where none is configured: then it is the gateway's own, kept in the state directory.</summary>
    public required GatewayOptions Gateway { get; init; }

    /// <summary>Null: the log is not followed.</summary>
    public FeedOptions? Feed { get; init; }

    /// <summary>What headwater witness goes by.</summary>
    public required WitnessOptions Witness { get; init; }

    /// <summary>Null: no HTTP.</summary>
    public ListenAddress? Http { get; init; }

    /// <summary>The console may play the lab, which starts database servers on this machine.</summary>
    public bool Lab { get; init; }
    public required AlertConfig Alerts { get; init; }

    /// <summary>Who may log in to it; none: nobody has to.</summary>
    public ImmutableArray<ConsoleUser> ConsoleUsers { get; init; } = [];
    public required LogConfig Log { get; init; }

    /// <summary>Null: nothing is traced.</summary>
    public TracingConfig? Tracing { get; init; }
}

enum LogFormat { Text, Json }

enum ControlMode { Off, Act }

enum ControlShape { Tree, Ring }

enum ControlLease { File, Etcd }

sealed record LogConfig(LogLevel Level, LogFormat Format);

sealed record TracingConfig(Uri Otlp, double Ratio);
