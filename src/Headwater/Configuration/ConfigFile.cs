using System.Collections.Immutable;
using System.Net;
using System.Text;
using Headwater.Alerting;
using Headwater.Control;
using Headwater.Control.Failover;
using Headwater.Control.Lease;
using Headwater.Control.Rebuild;
using Headwater.Control.Recovery;
using Headwater.Core.Failover;
using Headwater.Core.Routing;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Gateway.Caching;
using Headwater.Logging;
using Headwater.Servers;
using Headwater.Streams;
using Headwater.Streams.Follow;
using Headwater.Streams.Sinks;
using Headwater.Streams.Store;
using Headwater.Streams.Witness;
using Headwater.WebConsole;

namespace Headwater.Configuration;

/// <summary>What reading a file came to: a configuration, or what is wrong with the file.</summary>
sealed record ConfigReading(string File, HeadwaterConfig? Config, ConfigValues Values, ImmutableArray<ConfigProblem> Problems);

static class ConfigFile
{
    /// <summary>Reads and checks a file. Trouble with the file itself is a problem like any other; nothing is thrown.</summary>
    public static ConfigReading Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException or DecoderFallbackException or NotSupportedException)
        {
            var sentence = trouble is DecoderFallbackException ? "not readable as UTF-8 text" : $"cannot be read: {Why(trouble)}";
            return new ConfigReading(path, null, new ConfigValues(default), [new ConfigProblem(path, 0, 0, "", sentence)]);
        }
        return Parse(text, path, Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Reads and checks a text; <paramref name="directory"/> is where its relative paths begin.</summary>
    public static ConfigReading Parse(string text, string file, string directory)
    {
        var reader = new ConfigReader(file);
        var values = reader.Read(text);
        var rules = new ConfigRules(reader, values, directory);
        rules.Check();
        var problems = reader.Problems.OrderBy(static problem => problem.Line).ThenBy(static problem => problem.Column).ToImmutableArray();
        return new ConfigReading(file, problems.IsEmpty ? Build(values, rules) : null, values, problems);
    }

    static HeadwaterConfig Build(ConfigValues values, ConfigRules rules)
    {
        var state = rules.PathOf(values.Get(Keys.StateDirectory));
        return new HeadwaterConfig
        {
            StateDirectory = state,
            Drain = values.Get(Keys.Drain),
            UpgradeDrain = values.Get(Keys.UpgradeDrain),
            Watch = Watch(values, rules) with { Control = values.Get(Keys.ControlModeKey) == ControlMode.Off ? null : Control(values, rules, state) },
            Gateway = Gateway(values, rules, state),
            Http = values.Get(Keys.HttpAddress),
            Lab = values.Get(Keys.HttpLab),
            Alerts = AlertConfig.Of(values),
            ConsoleUsers = [.. values.Items(Keys.HttpUsers).Select(static user => new ConsoleUser(user.Find(Keys.HttpUserName)!, user.Get(Keys.HttpUserRole), user.Find(Keys.HttpUserPassword)!))],
            Log = new LogConfig(values.Get(Keys.LogLevelKey), values.Get(Keys.LogFormatKey)),
            Witness = Witness(values, rules, state),
            Feed = values.Get(Keys.FeedEnabled) ? Feed(values, rules, state) : null,
            Tracing = values.Get(Keys.TracingOtlp) is { } otlp ? new TracingConfig(otlp, values.Get(Keys.TracingRatio)) : null,
        };
    }

    static WatchOptions Watch(ConfigValues values, ConfigRules rules) => new()
    {
        Cluster = values.Get(Keys.Cluster),
        Servers = [.. values.Items(Keys.Servers).Select(rules.Server)],
        Monitor = MonitorOf(values, rules),
        SampleEvery = values.Get(Keys.SampleEvery),
        SampleIdleEvery = values.Get(Keys.SampleIdleEvery),
        ProbeEvery = values.Get(Keys.ProbeEvery),
        DeadAfter = values.Get(Keys.DeadAfter),
        AccountsEvery = values.Get(Keys.AccountsEvery),
        CatalogueEvery = values.Get(Keys.CatalogueEvery),
        Zone = values.Get(Keys.ReadsZone) ?? "",
        IsRing = values.Get(Keys.ControlShapeKey) == ControlShape.Ring ? true : values.Get(Keys.ControlModeKey) == ControlMode.Act ? false : null,
        // A place in a ring is given by name.
        JoinFound = values.Get(Keys.MonitorDiscover) && values.Get(Keys.ControlShapeKey) == ControlShape.Tree,
    };

    static ControlOptions Control(ConfigValues values, ConfigRules rules, string state)
    {
        var recoverer = values.Find(Keys.ControlRecoveryUser) is { } recovers
            ? new ServerLogin(recovers, rules.Secret(values, Keys.ControlRecoveryPassword, Keys.ControlRecoveryPasswordFile) ?? "")
            : MonitorOf(values, rules);
        var promotions = values.Items(Keys.Servers).ToDictionary(static server => new ServerId(ConfigRules.NameOf(server)), static server => server.Get(Keys.ServerPromotion));
        return new ControlOptions
        {
            Directory = state,
            Etcd = values.Get(Keys.ControlLeaseKey) == ControlLease.File ? null : Etcd(values, rules),
            Policy = new ControlPolicy
            {
                Promise = values.Get(Keys.ControlRpo),
                IsRing = values.Get(Keys.ControlShapeKey) == ControlShape.Ring,
                LossBound = values.Get(Keys.ControlRpoBound),
                ReplaceAfter = values.Get(Keys.ControlReplaceAfter),
                ReplaceSilentAfter = values.Get(Keys.ControlReplaceSilentAfter),
                ReplaceStalledAfter = values.Get(Keys.ControlReplaceStalledAfter),
                Zone = values.Get(Keys.ReadsZone) ?? "",
                RuleOf = id => promotions.GetValueOrDefault(id),
            },
            Replication = values.Find(Keys.ControlReplicationUser) is { } user
                ? new ServerLogin(user, rules.Secret(values, Keys.ControlReplicationPassword, Keys.ControlReplicationPasswordFile) ?? "") : null,
            Recovery = new RecoveryOptions
            {
                Mode = values.Get(Keys.ControlRecover),
                Directory = Path.Combine(state, "tails"),
                Login = recoverer,
            },
            Rebuild = new RebuildOptions { Mode = values.Get(Keys.ControlRebuild), Login = recoverer },
        };
    }

    static FeedOptions Feed(ConfigValues values, ConfigRules rules, string state)
    {
        var monitor = MonitorOf(values, rules);
        var login = values.Find(Keys.FeedUser) is { } own ? new ServerLogin(own, rules.Secret(values, Keys.FeedPassword, Keys.FeedPasswordFile) ?? "", Tls: monitor.Tls)
            : values.Find(Keys.ControlReplicationUser) is { } replication ? new ServerLogin(replication, rules.Secret(values, Keys.ControlReplicationPassword, Keys.ControlReplicationPasswordFile) ?? "", Tls: monitor.Tls)
            : monitor;
        var store = new LogStoreOptions
        {
            Directory = values.Find(Keys.FeedDirectory) is { } directory ? rules.PathOf(directory) : Path.Combine(state, "feed"),
            SegmentBytes = values.Get(Keys.FeedSegment),
            RetainBytes = values.Get(Keys.FeedRetain),
            RetainFor = values.Get(Keys.FeedRetainFor),
            Sync = values.Get(Keys.FeedSync),
        };
        return new FeedOptions(store, new FollowerOptions { Login = login, ReaderId = (uint?)values.Get(Keys.FeedServerId) ?? ReaderId.Of(MachineId.Read(), store.Directory) })
        {
            Copier = values.Find(Keys.FeedUser) is not null ? login
                : values.Find(Keys.ControlRecoveryUser) is { } recovers ? new ServerLogin(recovers, rules.Secret(values, Keys.ControlRecoveryPassword, Keys.ControlRecoveryPasswordFile) ?? "", Tls: monitor.Tls)
                : monitor,
            Sinks = [.. values.Items(Keys.FeedSinks).Select(Sink)],
        };
    }

    static SinkOptions Sink(ConfigValues sink) => new()
    {
        Name = sink.Find(Keys.SinkName)!,
        Kind = sink.Get(Keys.SinkKindKey),
        Url = new Uri(sink.Find(Keys.SinkUrl)!),
        From = sink.Get(Keys.SinkFrom),
        Tables = sink.Get(Keys.SinkTables),
        Exchange = sink.Get(Keys.SinkExchange),
        Queue = sink.Find(Keys.SinkQueue),
        QueueKind = sink.Get(Keys.SinkQueueKind),
        Format = sink.Get(Keys.SinkFormat),
        Batch = sink.Get(Keys.SinkBatch),
    };

    static WitnessOptions Witness(ConfigValues values, ConfigRules rules, string state)
    {
        var (address, monitor) = (values.Get(Keys.WitnessAddress), MonitorOf(values, rules));
        var accounts = new List<WitnessAccount> { new(monitor.User, monitor.Password) };
        if (values.Find(Keys.ControlReplicationUser) is { } user) accounts.Add(new WitnessAccount(user, rules.Secret(values, Keys.ControlReplicationPassword, Keys.ControlReplicationPasswordFile) ?? ""));
        var store = new LogStoreOptions
        {
            Directory = values.Find(Keys.WitnessDirectory) is { } directory ? rules.PathOf(directory) : Path.Combine(state, "witness"),
            SegmentBytes = values.Get(Keys.FeedSegment),
            // It may hold the only copy of what it acknowledged: nothing goes unless somebody has said so.
            RetainBytes = values.Has(Keys.FeedRetain) ? values.Get(Keys.FeedRetain) : long.MaxValue,
            RetainFor = values.Get(Keys.FeedRetainFor),
        };
        return new WitnessOptions
        {
            Listen = new IPEndPoint(IPAddress.Parse(address.Host), address.Port),
            ReportHost = values.Find(Keys.WitnessReportHost) ?? "",
            ServerId = (uint?)values.Get(Keys.WitnessServerId) ?? ReaderId.Of(MachineId.Read(), store.Directory),
            Store = store,
            Accounts = accounts,
        };
    }

    static ServerLogin MonitorOf(ConfigValues values, ConfigRules rules) =>
        new(values.Find(Keys.MonitorUser)!, rules.Secret(values, Keys.MonitorPassword, Keys.MonitorPasswordFile) ?? "", Tls: values.Get(Keys.MonitorTls) ?? LikeBackends(values.Get(Keys.BackendTls)));

    static EtcdOptions Etcd(ConfigValues values, ConfigRules rules) => new()
    {
        Endpoints = values.Get(Keys.EtcdEndpoints),
        Prefix = $"{values.Get(Keys.EtcdPrefix).TrimEnd('/')}/{values.Get(Keys.Cluster)}/",
        Ttl = TimeSpan.FromSeconds(Math.Ceiling(values.Get(Keys.ControlLeaseTtl).TotalSeconds)),
        Name = $"{Environment.MachineName}/{Environment.ProcessId}",
        Http = values.Get(Keys.HttpAddress)?.ToString() ?? "",
        User = values.Find(Keys.EtcdUser),
        Password = rules.Secret(values, Keys.EtcdPassword, Keys.EtcdPasswordFile) ?? "",
        Authorities = rules.EtcdAuthorities,
        Certificate = rules.EtcdCertificate,
    };

    static TlsMode LikeBackends(BackendTls tls) => tls switch
    {
        BackendTls.Off => TlsMode.Off,
        BackendTls.Preferred => TlsMode.Preferred,
        BackendTls.Required => TlsMode.Required,
        BackendTls.Verified => TlsMode.Verified,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    static GatewayOptions Gateway(ConfigValues values, ConfigRules rules, string state) => new()
    {
        Listeners = values.Items(Keys.Listeners) is { Count: > 0 } listeners ? [.. listeners.SelectMany(rules.Listener)] :
        [
            new ListenerOptions { Address = IPAddress.Loopback, Port = 4406 },
            new ListenerOptions { Socket = Path.Combine(state, "headwater.sock") },
        ],
        DefaultLevel = values.Get(Keys.ReadsLevel),
        Routing = new RoutingPolicy
        {
            ReadWait = values.Get(Keys.ReadsWait),
            WriteHold = values.Get(Keys.WritesHold),
            MaxLag = values.Get(Keys.ReadsMaxLag),
            Zone = values.Get(Keys.ReadsZone) ?? "",
        },
        MaxSessions = values.Get(Keys.LimitsSessions),
        MaxBackendsPerServer = values.Get(Keys.LimitsBackends),
        MaxQueued = values.Get(Keys.LimitsQueue),
        QueueTimeout = values.Get(Keys.LimitsQueueTimeout),
        StatementTimeout = values.Get(Keys.LimitsStatementTimeout) ?? TimeSpan.Zero,
        LoginTimeout = values.Get(Keys.LimitsLoginTimeout),
        MaxPacketBytes = (int)values.Get(Keys.LimitsPacket),
        FactsBudgetBytes = values.Get(Keys.LimitsFactsBytes),
        MaxStatementsPerBackend = values.Get(Keys.LimitsStatementsPerBackend),
        BackendIdleTimeout = values.Get(Keys.LimitsBackendIdle),
        SlowStatement = values.Get(Keys.LogSlow) ?? TimeSpan.Zero,
        TrustHints = values.Get(Keys.TrustHints),
        Users = [.. values.Items(Keys.Users).Select(rules.User)],
        Certificate = rules.Certificate,
        BackendTls = values.Get(Keys.BackendTls),
        BackendAuthorities = rules.BackendAuthorities,
        Cache = values.Get(Keys.CacheEnabled) ? Cache(values) : null,
        AuditedReadsPerSecond = values.Get(Keys.AuditReadsPerSecond),
        Threads = values.Get(Keys.Threads) ?? 0,
    };

    static CacheOptions Cache(ConfigValues values) => new()
    {
        MemoryBytes = values.Get(Keys.CacheMemory),
        LongestAnswer = (int)values.Get(Keys.CacheLongest),
        Eviction = values.Get(Keys.CacheEviction),
        Rules = [.. values.Items(Keys.CacheRules).Select(static rule => new CacheRule
        {
            Listener = rule.Find(Keys.CacheRuleListener),
            User = rule.Find(Keys.CacheRuleUser),
            Digest = rule.Find(Keys.CacheRuleDigest),
            Table = rule.Find(Keys.CacheRuleTable),
            Keep = rule.Get(Keys.CacheRuleKeep),
        })],
    };

    public static string Why(Exception trouble) => trouble switch
    {
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        UnauthorizedAccessException => "this process may not read it (or it is a directory)",
        _ => trouble.Message,
    };
}
